import { describe, expect, it } from "vitest";
import { wordsOf } from "../../lsp/vscode/src/command-line.ts";

describe("a command line in words", () => {
  it.each([
    ["npx my-server", ["npx", "my-server"]],
    ["  a   b  ", ["a", "b"]],
    ["a 'b c' \"d e\"", ["a", "b c", "d e"]],
    ["a '' b", ["a", "", "b"]],
    ['a "x\\"y" \'x\\y\' x\\ y', ["a", 'x"y', "x\\y", "x y"]],
    ["a $HOME; rm *", ["a", "$HOME;", "rm", "*"]],
    ["", []],
  ])("%s", (line, words) => {
    expect(wordsOf(line)).toEqual(words);
  });
});

import type { IToken } from "chevrotain";
import { expect, it } from "vitest";
import { BadRegex, LineComment, lex, PlainRegex } from "../../language/tokens.ts";

it("walks no comments back at a comment", () => {
  let reads = 0;
  const matched = new Proxy(lex("allow a\n// one\n// two\n"), {
    get: (tokens, key, receiver) => {
      reads++;
      return Reflect.get(tokens, key, receiver);
    },
  });
  for (const { PATTERN } of [PlainRegex, BadRegex]) {
    const { exec } = PATTERN as {
      exec: (text: string, offset: number, matched: IToken[]) => unknown;
    };
    expect(exec("// three", 0, matched)).toBeNull();
    expect(exec("/* three */", 0, matched)).toBeNull();
  }
  expect(reads).toBe(0);
});

it("reads a regex behind comments", () => {
  const types = lex("args.x matches // why\n/a.b/i").map(({ tokenType }) => tokenType);
  expect(types.slice(-2)).toEqual([LineComment, PlainRegex]);
});

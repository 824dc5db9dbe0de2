import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readToolList, toolSpans } from "../../../compiler/index.ts";
import { Source } from "../../../language/index.ts";

function read(text: string) {
  const source = new Source("tools.json", text);
  const { list, diagnostics } = readToolList(source);
  return {
    list,
    codes: diagnostics.map(({ code, severity }) => `${code} ${severity}`),
    messages: diagnostics.map(({ message }) => message),
    places: diagnostics.map(({ span }) => source.slice(span)),
  };
}

describe("readToolList", () => {
  it.each([
    ["a saved list", '{"server":{"name":"s","version":"1"},"tools":[{"name":"a"}]}'],
    ["a tools/list result", '{"tools":[{"name":"a"}]}'],
    ["a JSON-RPC answer", '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}]}}'],
    ["a byte order mark", '\ufeff{"tools":[{"name":"a"}]}'],
  ])("reads %s", (_, text) => {
    const { list, codes } = read(text);
    expect(codes).toEqual([]);
    expect(list?.tools).toEqual([{ name: "a" }]);
  });

  it("keeps fields that it does not know", () => {
    const text = '{"note":1,"tools":[{"name":"a","x-own":{"b":[1]},"__proto__":{"c":1}}]}';
    const { list } = read(text);
    expect(JSON.stringify(list)).toBe(text);
  });

  it("takes a server's name alone", () => {
    expect(read('{"server":"s","tools":[]}').list?.server).toEqual({ name: "s" });
  });

  it.each([
    ['{"tools":[{"name":"a",}]}', "MCPP300 error", "}"],
    ['{"tools":[{"name":"a"}', "MCPP300 error", ""],
    ['{"tools":[{"name":"a\n"}]}', "MCPP300 error", '"a'],
    ["{'tools':[]}", "MCPP300 error", "'"],
    ['{"tools":[]}\n{}', "MCPP300 error", "{}"],
    ['{"tools":[01]}', "MCPP300 error", "01"],
    ['{"a":"\\x"}', "MCPP300 error", "\\x"],
    ["", "MCPP300 error", ""],
    [`${"[".repeat(600)}${"]".repeat(600)}`, "MCPP300 error", "["],
    ["[]", "MCPP301 error", "["],
    ["null", "MCPP301 error", "n"],
    ['{"tool":[]}', "MCPP301 error", "{"],
    ['{"tools":{}}', "MCPP301 error", "{}"],
    ['{"error":{"code":1}}', "MCPP301 error", "{"],
    ['{"tools":[3]}', "MCPP302 error", "3"],
    ['{"tools":[{"title":"a"}]}', "MCPP302 error", "{"],
    ['{"tools":[{"name":"a","inputSchema":true}]}', "MCPP302 error", "true"],
    ['{"tools":[{"name":"a","inputSchema":[]}]}', "MCPP302 error", "[]"],
    ['{"tools":[{"name":"a","risk":"harmless"}]}', "MCPP302 error", '"harmless"'],
    ['{"tools":[{"name":"a"},{"name":"a","x":1}]}', "MCPP303 error", '"a"'],
    ['{"tools":[{"name":"a"},{"name":"a"}]}', "MCPP303 warning", '"a"'],
    ['{"tools":[],"resources":{}}', "MCPP301 error", "{}"],
    ['{"tools":[],"capabilities":3}', "MCPP301 error", "3"],
    ['{"tools":[],"resources":[{"uri":"a:b"},{"uri":3}]}', "MCPP302 error", '{"uri":3}'],
    ['{"result":{"tools":[],"prompts":[null,7]}}', "MCPP302 error", "null"],
    ['{"tools":[],"nextCursor":"2"}', "MCPP304 warning", "[]"],
  ])("reports %s", (text, code, place) => {
    const { codes, places } = read(text);
    expect(codes).toEqual([code]);
    expect(places).toEqual([place]);
  });

  it("says what stands where something else should", () => {
    expect(read('{"tools":[{"name":"a",}]}').messages).toEqual([
      "Here stands `}` where a property name in double quotes should stand.",
    ]);
    expect(read('{"tools":[').messages).toEqual(["The text ends where a value should stand."]);
  });

  it("keeps the sound tools beside a broken one, and drops a broken schema", () => {
    const { list } = read('{"tools":[{"name":"a"},7,{"name":"b","inputSchema":1}]}');
    expect(list?.tools).toEqual([{ name: "a" }, { name: "b" }]);
  });

  it("never throws, and every place lies in the text", () => {
    const soup = fc.array(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"tools"',
        '"name"',
        '"a"',
        "1",
        "null",
        " ",
        "\\",
        '"',
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          soup.map((parts) => parts.join("")),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          const { diagnostics, list } = readToolList(new Source("x", text));
          expect(list !== undefined || diagnostics.length > 0).toBe(true);
          for (const { span } of diagnostics) {
            expect(span.start).toBeGreaterThanOrEqual(0);
            expect(span.end).toBeLessThanOrEqual(text.length);
            expect(span.start).toBeLessThanOrEqual(span.end);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("toolSpans", () => {
  it("finds each tool's entry", () => {
    const source = new Source(
      "x",
      '{"tools": [\n  {"name": "a"},\n  {"x": [{"name": "c"}], "name": "b\\u0041"}\n]}',
    );
    const spans = toolSpans(source);
    expect([...spans].map(([name, span]) => [name, source.slice(span)])).toEqual([
      ["a", '{"name": "a"}'],
      ["bA", '{"x": [{"name": "c"}], "name": "b\\u0041"}'],
    ]);
    expect(source.positionAt(spans.get("bA")?.start ?? 0).line).toBe(3);
  });

  it("finds none in what is no tool list", () => {
    expect(toolSpans(new Source("x", '{"tools": [')).size).toBe(0);
    expect(toolSpans(new Source("x", "[1]")).size).toBe(0);
  });
});

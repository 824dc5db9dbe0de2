import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scan } from "../../../runtime/proxy/scan.ts";
import { write } from "../../../runtime/proxy/write.ts";
import { mutated } from "./mutated-messages.ts";

// A message that is plain is forwarded by its text. The law: writing it anew would give the very same text.

function isPlain(text: string): boolean {
  const scanned = scan(text);
  if (!scanned.ok || !scanned.plain) return false;
  expect(write(scanned.value, scanned.numbers)).toBe(text);
  return true;
}

describe("a plain text is what would be written", () => {
  it("of messages mutated in every way", () => {
    let plain = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        if (isPlain(text)) plain++;
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });

  it("of any JSON", () => {
    const anything = fc.oneof(
      fc.json({ maxDepth: 6, stringUnit: "binary" }),
      fc.json({ maxDepth: 3 }).map((text) => text.replaceAll("\\", "")),
      fc.jsonValue().map((value) => JSON.stringify(value, null, 1)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        isPlain(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"a":[1,-0.5,"é\u2028\u{1f600}\u007f",null,true,false,{},[]]}',
    '{"__proto__":{"constructor":1}}',
    "[12345678901234567890,1.0,-0,1E5]",
    "1",
  ])("%s is plain", (text) => {
    expect(isPlain(text)).toBe(true);
  });

  it.each([
    ["a space", '{"a": 1}'],
    ["a space before", " 1"],
    ["a space behind", "1 "],
    ["a tab", "[1,\t2]"],
    ["a space in an empty list", "[ ]"],
    ["a space in an empty object", "{ }"],
    ["an escape", '{"a":"\\u0061"}'],
    ["an escape that is needed", '["\\n"]'],
    ["an escaped solidus", '["\\/"]'],
    ["an escape in a key", '{"\\u0061":1}'],
    ["half a character", '["\\ud800"]'],
    ["keys that an object sorts", '{"b":1,"1":0}'],
    ["a key that is a number", '{"0":1}'],
  ])("%s is not", (_, text) => {
    expect(scan(text)).toMatchObject({ ok: true, plain: false });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MESSAGE_LIMITS, scan } from "../../../runtime/proxy/scan.ts";
import { scanPlain } from "../../../runtime/proxy/scan-plain.ts";
import { write } from "../../../runtime/proxy/write.ts";
import { mutated } from "./mutated-messages.ts";

const levels = (count: number): string => `${"[".repeat(count)}${"]".repeat(count)}`;

describe("what is read as plain", () => {
  /** The law: whatever is plain, the scan takes too, finds the same in it, and writes it the same. */
  function agrees(text: string): boolean {
    const plain = scanPlain(text);
    if (plain === undefined) return false;
    const scanned = scan(text);
    if (!scanned.ok) throw new Error(`The scan refuses what is plain: ${scanned.message}`);
    expect(scanned.numbers.size).toBe(0);
    expect(write(scanned.value, scanned.numbers)).toBe(text);
    expect(JSON.stringify(plain)).toBe(text);
    return true;
  }

  it("is what the scan reads, of messages mutated in every way", () => {
    let plain = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        if (agrees(text)) plain++;
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });

  it("is what the scan reads, of any JSON", () => {
    const anything = fc.oneof(
      fc.json({ maxDepth: 6, stringUnit: "binary" }),
      fc.json({ maxDepth: 3 }).map((text) => text.replaceAll("\\u", "\\U")),
      fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.stringify(value, null, 1)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        agrees(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"a":[1,-0.5,1e+22,"é\\n\\"",null,true,{}]}',
    '{"1":0,"b":1}',
    '"\\ud800"',
    levels(64),
  ])("includes %s", (text) => {
    expect(agrees(text)).toBe(true);
  });

  it.each([
    ["white space", '{"a": 1}'],
    ["a key that stands twice", '{"a":1,"a":1}'],
    ["a key that stands twice, escaped", '{"a":1,"\\u0061":2}'],
    ["an escape that none needs", '{"a":"\\u0061"}'],
    ["a solidus that is escaped", '{"a":"\\/"}'],
    ["a number with digits that are lost", "[12345678901234567890]"],
    ["a number written otherwise", "[1.0]"],
    ["a negative zero", "[-0]"],
    ["a number without end", "[1e400]"],
    ["keys that an object sorts", '{"b":1,"1":0}'],
    ["a prototype", '{"__proto__":{"a":1}}'],
    ["a prototype in a string, to be sure", '["__proto__"]'],
    ["a prototype that is escaped", '{"\\u005f_proto__":1}'],
    ["65 levels", levels(65)],
    ["openings in strings, to be sure", JSON.stringify("{".repeat(65))],
    ["a long text", JSON.stringify("x".repeat(MESSAGE_LIMITS.values))],
    ["too many values", `[${"0,".repeat(MESSAGE_LIMITS.values)}0]`],
    ["no JSON", "{"],
    ["nothing", ""],
    ["two values", "1 2"],
    ["a byte order mark", "\ufeff1"],
  ])("does not include %s", (_, text) => {
    expect(scanPlain(text)).toBeUndefined();
  });
});

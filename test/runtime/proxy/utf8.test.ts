import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Text } from "../../../runtime/proxy/utf8.ts";

/** Bytes that are nearly UTF-8: text, with a few bytes put in, and cut anywhere. */
const nearly = fc
  .tuple(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 4 }), fc.nat(), fc.nat())
  .map(([text, more, at, end]) => {
    const bytes = Buffer.from(text);
    const place = at % (bytes.length + 1);
    const all = Buffer.concat([bytes.subarray(0, place), more, bytes.subarray(place)]);
    return all.subarray(0, all.length - (end % 3));
  });

describe("the text of bytes", () => {
  it("is there exactly where they are UTF-8, and is what they say", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), nearly), (bytes) => {
        const text = utf8Text(bytes);
        expect(text !== undefined).toBe(isUtf8(bytes));
        if (text !== undefined) expect(Buffer.from(text).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["a lone surrogate", [0xed, 0xa0, 0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a character that is cut off", [0x61, 0xe2, 0x82]],
    ["a replacement character beside a byte that is none", [0xef, 0xbf, 0xbd, 0xff]],
  ])("is not there for %s", (_, bytes) => {
    expect(utf8Text(Uint8Array.from(bytes))).toBeUndefined();
  });

  it("may hold a replacement character", () => {
    expect(utf8Text(Buffer.from("a\ufffdb"))).toBe("a\ufffdb");
  });

  it("keeps a byte order mark", () => {
    expect(utf8Text(Buffer.from("\ufeffa"))).toBe("\ufeffa");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEPT, LineSplitter, type OversizedLine } from "../../../runtime/transport/framing.ts";

function collect(max = 1_000) {
  const lines: string[] = [];
  const oversized: OversizedLine[] = [];
  const splitter = new LineSplitter(max, {
    line: (bytes) => lines.push(bytes.toString("utf8")),
    oversized: (line) => oversized.push(line),
  });
  return { lines, oversized, splitter };
}

describe("lines", () => {
  it.each([
    ["LF", "a\nb\n", ["a", "b"]],
    ["CRLF", "a\r\nb\r\n", ["a", "b"]],
    ["empty lines are nothing", "\n\r\na\n\n\nb\n", ["a", "b"]],
    ["a last line without a line break", "a\nb", ["a", "b"]],
    ["only the last CR belongs to the line break", "a\r\r\n", ["a\r"]],
    ["white space is kept", " a \n", [" a "]],
    ["nothing", "", []],
  ])("%s", (_, text, expected) => {
    const { lines, splitter } = collect();
    splitter.push(Buffer.from(text));
    splitter.end();
    expect(lines).toEqual(expected);
  });

  it("are the same however the bytes are cut", () => {
    const texts = fc.array(
      fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "\r", "x".repeat(30))),
    );
    fc.assert(
      fc.property(
        texts,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (parts, sizes) => {
          const bytes = Buffer.from(parts.join("\n"));
          const whole = collect(20);
          whole.splitter.push(bytes);
          whole.splitter.end();
          const cut = collect(20);
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length] as number;
            cut.splitter.push(bytes.subarray(at, at + size));
            at += size;
          }
          cut.splitter.end();
          expect(cut.lines).toEqual(whole.lines);
          expect(cut.oversized).toEqual(whole.oversized);
          // An independent reading of the same bytes.
          const expected = bytes
            .toString("latin1")
            .split("\n")
            .map((line) => line.replace(/\r$/, ""))
            .filter((line) => line !== "" && line.length <= 20)
            .map((line) => Buffer.from(line, "latin1").toString("utf8"));
          expect(whole.lines).toEqual(expected);
        },
      ),
    );
  });
});

describe("a line over the limit", () => {
  it("is skipped, and the next one arrives", () => {
    const { lines, oversized, splitter } = collect(10);
    splitter.push(Buffer.from("0123456789\n0123456789a\nok\n"));
    expect(lines).toEqual(["0123456789", "ok"]);
    expect(oversized.map((line) => [line.length, line.head.toString()])).toEqual([
      [11, "0123456789a"],
    ]);
  });

  it("may have its CR beyond the limit", () => {
    const { lines, oversized, splitter } = collect(4);
    splitter.push(Buffer.from("0123\r"));
    splitter.push(Buffer.from("\n"));
    expect(lines).toEqual(["0123"]);
    expect(oversized).toEqual([]);
  });

  it("is held in bounded memory, both ends kept", () => {
    const { oversized, splitter } = collect(1_000_000);
    const chunk = Buffer.alloc(65_536, "x");
    splitter.push(Buffer.from("HEAD"));
    let most = 0;
    for (let i = 0; i < 2_000; i++) {
      splitter.push(chunk);
      most = Math.max(most, splitter.held);
    }
    splitter.push(Buffer.from("TAIL\n"));
    expect(most).toBeLessThan(1_000_000 + 65_536 + 2);
    expect(splitter.held).toBe(0);
    const [line] = oversized;
    expect(line?.length).toBe(2_000 * 65_536 + 8);
    expect(line?.head).toHaveLength(KEPT);
    expect(line?.head.toString().startsWith("HEADxx")).toBe(true);
    expect(line?.tail.toString().endsWith("xxTAIL")).toBe(true);
  });

  it("arrives whole when it comes byte by byte", () => {
    const { lines, splitter } = collect(10_000);
    const text = Array.from({ length: 5_000 }, (_, i) => String(i % 10)).join("");
    for (const byte of Buffer.from(`${text}\n`)) splitter.push(Buffer.from([byte]));
    expect(lines).toEqual([text]);
  });

  it("costs no more than its bytes: each byte is searched once", () => {
    let searched = 0;
    const { lines, splitter } = collect(8_000_000);
    const chunk = Buffer.alloc(1_024, "x");
    const plain = chunk.indexOf.bind(chunk) as (byte: number, from?: number) => number;
    chunk.indexOf = ((byte: number, from: number = 0) => {
      searched += chunk.length - from;
      return plain(byte, from);
    }) as Buffer["indexOf"];
    for (let i = 0; i < 4_000; i++) splitter.push(chunk);
    splitter.push(Buffer.from("\n"));
    expect(lines).toHaveLength(1);
    expect(searched).toBe(4_000 * 1_024);
  });
});

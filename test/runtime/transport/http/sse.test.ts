import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatEvent,
  SseBroken,
  type SseEvent,
  SseReader,
} from "../../../../runtime/transport/http/sse.ts";

function read(chunks: readonly Uint8Array[], max = 1_000_000): (SseEvent | string)[] {
  const found: (SseEvent | string)[] = [];
  const reader = new SseReader(max, {
    event: (event) => found.push(event),
    comment: (text) => found.push(text),
  });
  for (const chunk of chunks) reader.push(chunk);
  return found;
}

const whole = (text: string, max?: number) => read([Buffer.from(text)], max);

describe("a stream of events", () => {
  it.each<readonly [string, string, readonly (SseEvent | string)[]]>([
    ["one event", "data: x\n\n", [{ data: "x" }]],
    ["without a space", "data:x\n\n", [{ data: "x" }]],
    ["with two spaces", "data:  x\n\n", [{ data: " x" }]],
    ["lines ended by CRLF", "data: x\r\n\r\ndata: y\r\n\r\n", [{ data: "x" }, { data: "y" }]],
    ["lines ended by CR", "data: x\r\rdata: y\r\r", [{ data: "x" }, { data: "y" }]],
    ["data of several lines", "data: {\ndata: }\n\n", [{ data: "{\n}" }]],
    [
      "all fields",
      "id: 1\nevent: message\nretry: 5\ndata: x\n\n",
      [{ id: "1", event: "message", retry: 5, data: "x" }],
    ],
    ["an id without data", "id: 1\n\n", [{ id: "1" }]],
    ["empty data", "id: 1\ndata:\n\n", [{ id: "1", data: "" }]],
    ["a field without a colon", "data\n\n", [{ data: "" }]],
    ["an id with NUL", "id: a\0b\ndata: x\n\n", [{ data: "x" }]],
    ["a retry that is no number", "retry: 5s\ndata: x\n\n", [{ data: "x" }]],
    ["unknown fields", "foo: 1\ndata: x\n\n", [{ data: "x" }]],
    ["a comment", ": alive\n\ndata: x\n\n", ["alive", { data: "x" }]],
    ["a comment within an event", "data: x\n: alive\ndata: y\n\n", ["alive", { data: "x\ny" }]],
    ["a BOM", "\ufeffdata: x\n\n", [{ data: "x" }]],
    ["an event that has not ended", "data: x\n\ndata: y\n", [{ data: "x" }]],
    ["an event of a name alone", "event: x\n\ndata: y\n\n", [{ data: "y" }]],
  ])("with %s", (_, text, events) => {
    expect(whole(text)).toEqual(events);
  });

  it("is read alike however it is cut", () => {
    const line = fc.constantFrom(
      "data: a",
      "data:ü😀",
      "id: 7",
      ": c",
      "",
      "",
      "event: m",
      "x",
      "retry: 1",
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 20 })
      .map((lines) => Buffer.from(lines.map(([one, end]) => one + end).join("")));
    fc.assert(
      fc.property(text, fc.array(fc.nat(40), { maxLength: 20 }), (bytes, sizes) => {
        const chunks: Buffer[] = [];
        let from = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(from, from + size));
          from += size;
        }
        chunks.push(bytes.subarray(from));
        expect(read(chunks)).toEqual(read([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it("comes back as it was written", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !/[\r\n\0]/.test(value));
    const event = fc.record({
      id: text.map((value) => value.trimStart()),
      data: fc.array(text, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n")),
    });
    fc.assert(
      fc.property(event, (one) => {
        expect(whole(formatEvent(one))).toEqual([one]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["in one piece", [Buffer.from(`data: ${"x".repeat(100)}\n\n`)]],
    ["in pieces", Array.from({ length: 100 }, () => Buffer.from("x"))],
    ["of many lines", Array.from({ length: 100 }, () => Buffer.from("data: x\n"))],
  ])("is broken off at an event that is too large, %s", (_, chunks) => {
    expect(() => read(chunks, 50)).toThrow(SseBroken);
  });

  it("holds any number of small events", () => {
    expect(whole("data: x\n\n".repeat(1_000), 50)).toHaveLength(1_000);
  });

  it("is broken off at bytes that are not UTF-8", () => {
    expect(() => read([Buffer.from([0x64, 0xff])])).toThrow("not UTF-8");
  });
});

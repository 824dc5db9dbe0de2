import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ServeLog, serveLog } from "../../cli/serve-log.ts";
import type { DecisionRecord } from "../../runtime/index.ts";

let output: PassThrough;
let log: ServeLog;

beforeEach(() => {
  vi.useFakeTimers();
  output = new PassThrough({ highWaterMark: 1e7 });
  log = serveLog(output);
});
afterEach(() => vi.useRealTimers());

/** The lines since the last time. */
function lines(): string[] {
  return String(output.read() ?? "")
    .split("\n")
    .slice(0, -1);
}

function record(differs: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: "7F3K2",
    at: 0,
    outcome: "deny",
    enforced: true,
    method: "tools/call",
    name: "pay",
    rule: "/tools/pay/require/0",
    message: "At most 100.",
    ...differs,
  };
}

const LINE = "mcpp: denied tools/call pay: At most 100. [/tools/pay/require/0, 7F3K2]";

describe("lines about decisions", () => {
  it("say what was forbidden, by which rule, and the id of the decision", () => {
    log.record(record());
    log.record(record({ source: "p.mcpp:3:1", enforced: false }));
    log.record(record({ outcome: "hide", rule: "(hidden)", message: "Unknown tool: pay" }));
    log.record(record({ outcome: "allow" }));
    expect(lines()).toEqual([
      LINE,
      "mcpp: would be denied tools/call pay: At most 100. [/tools/pay/require/0, p.mcpp:3:1, 7F3K2]",
      "mcpp: unknown tools/call pay: Unknown tool: pay [(hidden), 7F3K2]",
    ]);
  });

  it("hold no line break and no terminal command, and are not endless", () => {
    log.record(record({ name: "a\nmcpp: allowed\u001b[2J\u202e" }));
    log.record(record({ name: "x".repeat(100_000) }));
    const [first, second, ...more] = lines();
    expect(first).toContain("a\\u{a}mcpp: allowed\\u{1b}[2J\\u{202e}");
    expect(second?.length).toBeLessThan(2_100);
    expect(more).toEqual([]);
  });
});

describe("many lines of one cause", () => {
  function repeat(times: number, differs: (index: number) => Partial<DecisionRecord>): void {
    for (let index = 0; index < times; index++) log.record(record(differs(index)));
  }

  it("are counted after the sixtieth, and the count is told when the minute is over", () => {
    repeat(1_000, () => ({}));
    expect(lines()).toEqual(Array(60).fill(LINE));
    vi.advanceTimersByTime(59_999);
    expect(lines()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines()).toEqual([
      `mcpp: 940 more of this kind within a minute, the last one: ${LINE.slice(6)}`,
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are printed again in the next minute", () => {
    repeat(61, () => ({}));
    vi.advanceTimersByTime(60_000);
    lines();
    repeat(61, () => ({}));
    expect(lines()).toHaveLength(60);
  });

  it("up to sixty are not summed up", () => {
    repeat(60, () => ({}));
    expect(lines()).toHaveLength(60);
    vi.advanceTimersByTime(60_000);
    expect(lines()).toEqual([]);
  });

  it("do not hide lines of another cause", () => {
    repeat(100, () => ({}));
    lines();
    log.record(record({ rule: "/tools/pay/require/1" }));
    log.record(record({ outcome: "refuse", rule: "(refused)" }));
    log.record(record({ enforced: false }));
    log.notice("A counter could not be settled.");
    expect(lines()).toHaveLength(4);
  });

  it("are one cause whatever name and id the client chooses", () => {
    repeat(1_000, (index) => ({
      name: `tool-${index}`,
      id: String(index),
      rule: "(unknown tool)",
    }));
    expect(lines()).toHaveLength(60);
  });

  it("are bounded over all causes", () => {
    repeat(5_000, (index) => ({ rule: `/tools/t${index}/require/0` }));
    expect(lines()).toHaveLength(1_060);
    vi.advanceTimersByTime(60_000);
    expect(lines()).toHaveLength(1);
  });

  it("of notices are told apart by what they say, not by ids in it", () => {
    for (let id = 0; id < 200; id++) {
      log.notice(`An answer of the server to no open request was dropped (id ${id}).`);
      log.notice(`An answer of the client to no open request was dropped (id "x${id}").`);
    }
    expect(lines()).toHaveLength(120);
    log.notice("A batch of the server was not relayed.");
    expect(lines()).toEqual(["mcpp: A batch of the server was not relayed."]);
  });

  it("that were left out are told at the end", () => {
    repeat(70, () => ({}));
    lines();
    log.end();
    expect(lines()).toEqual([expect.stringMatching(/^mcpp: 10 more of this kind/)]);
    log.end();
    expect(lines()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a reader that does not read", () => {
  it("loses lines, and the proxy keeps little", () => {
    const unread = new PassThrough();
    const full = serveLog(unread);
    for (let index = 0; index < 5_000; index++) {
      full.record(record({ rule: `/tools/${index}/require/0`, message: "x".repeat(1_900) }));
    }
    expect(unread.writableLength).toBeLessThan(1_100_000);
  });
});

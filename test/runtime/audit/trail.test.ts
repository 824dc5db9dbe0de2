import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Policy, policyDigest } from "../../../policy/index.ts";
import type { ArgumentMode } from "../../../runtime/audit/arguments.ts";
import type { Destination } from "../../../runtime/audit/destination.ts";
import { AuditUnavailable } from "../../../runtime/audit/files.ts";
import { openLine, sealLine } from "../../../runtime/audit/line.ts";
import { withoutSecrets } from "../../../runtime/audit/secrets.ts";
import { AuditTrail } from "../../../runtime/audit/trail.ts";
import {
  compileEngine,
  type DecisionRecord,
  type Grant,
  Rulebook,
  Seals,
} from "../../../runtime/index.ts";

const NOW = Date.parse("2026-11-27T09:00:00Z");
const GRANT = { id: "g_1", name: "ci", labels: {} };

const POLICY: Policy = {
  version: "1",
  default: "deny",
  tools: {
    pay: {
      require: [
        {
          conditions: [
            { path: "args.amount", op: "lte", value: 100 },
            { path: "args.items.*.sku", op: "neq", value: "x" },
            { path: "args.url", op: "exists", value: true },
          ],
        },
      ],
    },
  },
};
const RULEBOOK = new Rulebook(POLICY, compileEngine(POLICY));

type Line = Record<string, unknown>;

class Kept {
  readonly texts: string[] = [];
  readonly notices: string[] = [];
  readonly trail: AuditTrail;
  now = NOW;
  fails = false;

  constructor(mode: ArgumentMode = "judged", key = new Seals().auditKey) {
    const destination: Destination = {
      write: (line) => {
        if (this.fails) throw new AuditUnavailable("The disk is full.");
        this.texts.push(line);
      },
      close: () => {},
    };
    this.trail = new AuditTrail(
      {
        destination,
        arguments: mode,
        key,
        now: () => this.now,
        notice: (text) => this.notices.push(text),
      },
      { chain: "c" },
    );
  }

  get lines(): Line[] {
    return this.texts.map((text) => JSON.parse(text) as Line);
  }

  get last(): Line {
    return this.lines.at(-1) as Line;
  }

  decide(differs: Partial<DecisionRecord> = {}, grant: Grant = GRANT): void {
    const record: DecisionRecord = {
      id: "7F3K2",
      at: this.now,
      outcome: "allow",
      enforced: true,
      method: "tools/call",
      name: "pay",
      rule: "",
      message: "",
      rulebook: RULEBOOK,
      ...differs,
    };
    void this.trail.decided(record, grant, "shop");
  }
}

const ARGS = {
  amount: 5,
  card: "4242 4242",
  items: [{ sku: "a", note: "n" }, { note: "m" }, 3],
  url: "https://user:pass@shop.example/a?token=secret#x",
};

describe("a record", () => {
  it("says who asked for what, what was decided, and by which policy", () => {
    const kept = new Kept();
    kept.decide({
      outcome: "deny",
      rule: "/tools/pay/require/0",
      message: "At most 100.",
      source: "shop.mcpp:3:1",
      session: "9d0c",
      took: 0.1234,
    });
    expect(kept.last).toMatchObject({
      seq: 2,
      time: "2026-11-27T09:00:00.000Z",
      type: "decision",
      id: "7F3K2",
      grant: { id: "g_1", name: "ci" },
      session: expect.stringMatching(/^[0-9a-f]{16}$/),
      server: "shop",
      method: "tools/call",
      tool: "pay",
      outcome: "deny",
      enforced: true,
      rule: "/tools/pay/require/0",
      message: "At most 100.",
      source: "shop.mcpp:3:1",
      policy: policyDigest(POLICY),
      latency_us: 123,
    });
    expect(JSON.stringify(kept.last)).not.toContain("9d0c");
  });

  it("keeps of arguments what its mode says", () => {
    const of = (mode: ArgumentMode) => {
      const kept = new Kept(mode);
      kept.decide({ args: ARGS });
      return kept.last.arguments as Line | undefined;
    };
    const digest = expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/);
    expect(of("none")).toBeUndefined();
    expect(of("keys")).toEqual({ mode: "keys", keys: ["amount", "card", "items", "url"], digest });
    const url = "https://shop.example/a?…";
    expect(of("judged")).toEqual({
      mode: "judged",
      values: { amount: 5, items: [{ sku: "a" }, {}, null], url },
      cut: ["/url"],
      absent: ["/items/1/sku", "/items/2/sku"],
      partial: ["/items"],
      digest,
    });
    expect(of("full")).toEqual({ mode: "full", values: { ...ARGS, url }, cut: ["/url"], digest });
  });

  it("tells what the policy reads and the call does not have", () => {
    const of = (args: DecisionRecord["args"]) => {
      const kept = new Kept("judged");
      kept.decide({ ...(args === undefined ? {} : { args }) });
      return kept.last.arguments as Line;
    };
    expect(of({ other: 1 })).toMatchObject({ values: {}, absent: ["/amount", "/items", "/url"] });
    expect(of({ amount: null, items: 3, url: "u" })).toMatchObject({
      values: { amount: null, url: "u" },
      absent: ["/items/*"],
    });
    expect(of({ amount: 1, items: [], url: "u" })).not.toHaveProperty("absent");
  });

  it("tells the labels of the grant, the client, and that a call goes on", () => {
    const kept = new Kept();
    kept.decide({ client: { name: "c" }, continued: true });
    expect(kept.last).toMatchObject({ client: { name: "c" }, continued: true });
    expect(kept.last.grant).not.toHaveProperty("labels");
    const labels = { role: "support" };
    kept.decide({}, { ...GRANT, labels });
    expect(kept.last.grant).toEqual({ id: "g_1", name: "ci", labels });
  });

  it("has one digest for the same arguments under one key, and none that another key gives", () => {
    const key = new Seals().auditKey;
    const digestOf = (args: DecisionRecord["args"], under = key): unknown => {
      const kept = new Kept("keys", under);
      kept.decide({ ...(args === undefined ? {} : { args }) });
      return (kept.last.arguments as Line).digest;
    };
    expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1 }));
    expect(digestOf({ a: 1, b: 2 })).not.toBe(digestOf({ a: 1, b: 3 }));
    expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: 1 }, new Seals().auditKey));
  });

  it("is bounded, and one line of plain characters, whatever is in the arguments", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\u001b[2J\u0007",
        "\u202eevil\u2066",
        "<script>alert(1)</script>",
        "\n{}\r\n\u2028\u0085\u009b31m",
        "\ud800",
        "x".repeat(1_000_000),
        `${"https://u:p@h?q ".repeat(60_000)}`,
      ),
    );
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        hostile,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.oneof(hostile, fc.constant("__proto__")), tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    const names = fc.constantFrom<ArgumentMode>("keys", "judged", "full");
    fc.assert(
      fc.property(names, value, hostile, (mode, held, text) => {
        const kept = new Kept(mode);
        const args = { amount: held, items: [{ sku: held }], other: held };
        kept.decide({
          args: args as NonNullable<DecisionRecord["args"]>,
          name: text,
          method: "tools/call",
          message: text,
          session: text,
          outcome: "deny",
        });
        const line = kept.texts.at(-1) as string;
        expect(line.length).toBeLessThan(mode === "full" ? 1_700_000 : 150_000);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(line).not.toContain("u:p@");
        expect(openLine(Buffer.from(line.slice(0, -1))).sound).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("URLs", () => {
  it("lose user info and query, wherever they stand, and nothing else is changed", () => {
    const cases = {
      "https://u:p@h:1/x?a=b#c": "https://h:1/x?…",
      "at <postgres://me:pw@db/x> and file:///a?b": "at <postgres://db/x> and file:///a?…",
      "https://h/a@b": "https://h/a@b",
      "https://a@b@c": "https://c",
      "no :// at all? mail@me": "no :// at all? mail@me",
    };
    for (const [text, clean] of Object.entries(cases)) expect(withoutSecrets(text)).toBe(clean);
  });
});

describe("a flood", () => {
  it("of one cause is 60 records a minute and a summary, by grant, server and rule", () => {
    const kept = new Kept();
    const deny = (index: number, rule: string): void =>
      kept.decide({ id: `A${String(index).padStart(4, "0")}`, outcome: "deny", rule });
    for (let index = 0; index < 100; index++) deny(index, "/a");
    for (let index = 0; index < 10; index++) deny(index, "/b");
    for (let index = 0; index < 100; index++) kept.decide();
    expect(kept.lines.filter(({ rule }) => rule === "/a")).toHaveLength(60);
    expect(kept.lines.filter(({ rule }) => rule === "/b")).toHaveLength(10);
    expect(kept.lines.filter(({ outcome }) => outcome === "allow")).toHaveLength(100);
    kept.now += 59_999;
    kept.trail.tick();
    expect(kept.last.type).toBe("decision");
    kept.now += 1;
    kept.trail.tick();
    expect(kept.last).toMatchObject({
      type: "summary",
      grant: { id: "g_1", name: "ci" },
      server: "shop",
      outcome: "deny",
      rule: "/a",
      count: 40,
      ids: Array.from({ length: 40 }, (_, index) => `A00${index + 60}`),
    });
    deny(0, "/a");
    expect(kept.last).toMatchObject({ type: "decision", rule: "/a" });
  });

  it("of what was forwarded nevertheless is never summarised", () => {
    const kept = new Kept();
    for (let index = 0; index < 200; index++) kept.decide({ outcome: "deny", enforced: false });
    expect(kept.lines.filter(({ type }) => type === "decision")).toHaveLength(200);
  });

  it("of strangers is one record a minute", () => {
    const kept = new Kept();
    for (let index = 0; index < 500; index++) kept.trail.turnedAway(index % 5 ? "token" : "host");
    expect(kept.lines).toHaveLength(1);
    kept.now += 60_000;
    kept.trail.tick();
    kept.trail.tick();
    expect(kept.lines).toHaveLength(2);
    expect(kept.last).toMatchObject({ type: "turned_away", causes: { token: 400, host: 100 } });
  });
});

describe("the end", () => {
  it("tells what was counted so far, and is told once", () => {
    const kept = new Kept();
    for (let index = 0; index < 61; index++) kept.decide({ outcome: "refuse", rule: "(refused)" });
    kept.trail.turnedAway("token");
    kept.trail.end();
    kept.trail.end();
    expect(kept.lines.slice(-3).map(({ type }) => type)).toEqual([
      "summary",
      "turned_away",
      "stop",
    ]);
    expect(kept.last.records).toBe(kept.lines.length);
  });
});

describe("what cannot be written", () => {
  it("is said at once, once a minute, and that it can be again", () => {
    const kept = new Kept();
    kept.fails = true;
    for (let index = 0; index < 3; index++) expect(() => kept.decide()).toThrow(AuditUnavailable);
    kept.trail.happened("reload", {});
    expect(kept.notices).toEqual([
      "ALARM: The disk is full. Calls are denied until it can be written.",
    ]);
    kept.now += 60_000;
    expect(() => kept.decide()).toThrow();
    expect(kept.notices).toHaveLength(2);
    kept.fails = false;
    kept.decide();
    expect(kept.notices.at(-1)).toBe("the audit trail can be written again");
    expect(kept.lines.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

describe("a record that cannot be made", () => {
  it("is an alarm as well", () => {
    const kept = new Kept();
    expect(() => kept.decide({ at: Number.NaN })).toThrow(RangeError);
    expect(kept.notices).toEqual([expect.stringMatching(/^ALARM: Invalid time value/)]);
  });
});

describe("a line", () => {
  it("holds what was put in it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (more) => {
        const record = { seq: 1, time: "t", type: "x", more };
        const { text, hash } = sealLine(record, "0".repeat(64));
        const opened = openLine(Buffer.from(text.slice(0, -1)));
        expect(opened).toMatchObject({ sound: true, hash, computed: hash });
        expect(opened.record).toEqual(
          JSON.parse(JSON.stringify({ ...record, prev: "0".repeat(64), hash })),
        );
      }),
    );
  });
});

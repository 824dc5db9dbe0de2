import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linesIn } from "../../../runtime/audit/lines.ts";
import { BrokenTrail, callsInTrails, type Past, trailFiles } from "../../../runtime/index.ts";
import { folder, onlyFile, writeChain } from "../audit/chains.ts";
import { MemoryTrail } from "./trail.ts";

const NOW = Date.parse("2026-11-27T09:00:00Z");

function read(dir: string, verify = true): { past: Past[]; notes: string[] } {
  const notes: string[] = [];
  const past = callsInTrails(trailFiles([dir]), { verify, note: (text) => notes.push(text) });
  return { past: [...past], notes };
}

describe("lines", () => {
  it("are the same wherever the parts that are read begin", () => {
    const path = join(folder(), "f");
    const long = "é".repeat(900_000);
    writeFileSync(path, `a\n\n${long}\nb\n${long}`);
    const lines = [...linesIn(path)].map(({ bytes, whole }) => [bytes.toString("utf8"), whole]);
    expect(lines).toEqual([
      ["a", true],
      ["", true],
      [long, true],
      ["b", true],
      [long, false],
    ]);
  });
});

describe("a trail", () => {
  it("goes on from file to file, and several writers are one in the order of time", () => {
    const dir = folder();
    writeChain(dir, 30, { segmentBytes: 800 });
    expect(readdirSync(dir).length).toBeGreaterThan(2);
    expect(read(dir).past).toHaveLength(28);
    const [one, two] = ["08:00", "10:00"].map((time) => Date.parse(`2026-11-27T${time}:00Z`));
    const trails = [one, two].map((at) => {
      const trail = new MemoryTrail("full", () => NOW);
      for (const minute of [0, 90]) {
        trail.keep({
          id: `A000${minute}`,
          at: (at ?? 0) + minute * 60_000,
          outcome: "allow",
          enforced: true,
          method: "tools/call",
          name: "pay",
          rule: "",
          message: "",
        });
      }
      trail.end();
      return trail.texts.join("");
    });
    const both = folder();
    for (const [index, text] of trails.entries()) {
      writeFileSync(join(both, `20261127T090000Z-0000000${index}.000001.jsonl`), text);
    }
    expect(read(both).past.map(({ time }) => time.slice(11, 16))).toEqual([
      "08:00",
      "09:30",
      "10:00",
      "11:30",
    ]);
  });

  it("may end in a torn line, and may have lost its oldest files", () => {
    const dir = folder();
    writeChain(dir, 30, { segmentBytes: 800 });
    const [first = "", ...others] = readdirSync(dir).sort();
    renameSync(join(dir, first), join(folder(), first));
    appendFileSync(join(dir, others.at(-1) as string), '{"seq":31,');
    const { past, notes } = read(dir);
    expect(past.length).toBeGreaterThan(10);
    expect(notes).toEqual([
      expect.stringMatching(/begins with record \d+: older files are elsewhere/),
      expect.stringMatching(/last line of `\S+` is torn, and is left out/),
    ]);
  });

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    [
      "a changed byte",
      (lines) => lines.with(3, lines[3]?.replace("tool 4", "tool 5") ?? ""),
      /record 3 of `\S+` is not as it was written/,
    ],
    [
      "a line that is gone",
      (lines) => lines.toSpliced(3, 1),
      /Record 5 of `\S+` does not follow from record 3/,
    ],
    [
      "two lines that were swapped",
      (lines) => lines.with(3, lines[4] ?? "").with(4, lines[3] ?? ""),
      /Record 5 of `\S+` does not follow from record 3/,
    ],
    [
      "a line of something else",
      (lines) => lines.toSpliced(2, 0, "{}"),
      /The line after record 2 of/,
    ],
  ])("is refused with %s, and read without verifying", (_name, change, message) => {
    const dir = folder();
    writeChain(dir, 10);
    const file = onlyFile(dir);
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, change(lines).join("\n"));
    expect(() => read(dir)).toThrow(BrokenTrail);
    expect(() => read(dir)).toThrow(message);
    expect(read(dir, false).past.length).toBeGreaterThan(6);
  });

  it("is refused where a file is missing or torn in between", () => {
    const dir = folder();
    writeChain(dir, 30, { segmentBytes: 800 });
    const [, second = ""] = readdirSync(dir).sort();
    const whole = readFileSync(join(dir, second));
    writeFileSync(join(dir, second), whole.subarray(0, -5));
    expect(() => read(dir)).toThrow(/is torn, and the trail goes on after it/);
    renameSync(join(dir, second), join(folder(), second));
    expect(() => read(dir)).toThrow(/The file `\S+000002\.jsonl` of a trail is not there/);
  });
});

describe("records", () => {
  it("tell who called, with the labels of the grant and the client", () => {
    const trail = new MemoryTrail("full", () => NOW);
    const grant = { id: "g_1", name: "ci", labels: { role: "support" } };
    trail.keep(
      {
        id: "A0001",
        at: NOW + 1,
        outcome: "allow",
        enforced: true,
        method: "tools/call",
        name: "pay",
        rule: "",
        message: "",
        session: "s",
        client: { name: "c", version: "1" },
        continued: true,
        args: { amount: 5 },
      },
      grant,
    );
    expect(trail.past()).toMatchObject([
      {
        id: "A0001",
        now: NOW + 1,
        grant,
        session: expect.stringMatching(/^[0-9a-f]{16}$/),
        client: { name: "c", version: "1" },
        server: "shop",
        tool: "pay",
        continued: true,
        known: { args: { amount: 5 }, whole: true },
      },
    ]);
  });

  it("are calls with what was done, and what only looked on said", () => {
    const trail = new MemoryTrail("full", () => NOW);
    const call = { at: NOW, method: "tools/call", name: "pay", rule: "", message: "" } as const;
    const keep = trail.keep.bind(trail);
    keep({ ...call, id: "A0001", outcome: "allow", enforced: true });
    keep({ ...call, id: "A0001", outcome: "deny", enforced: false, rule: "/x", message: "No." });
    keep({ ...call, id: "A0002", outcome: "allow", enforced: true, approval: "Q" });
    keep({ ...call, id: "A0003", outcome: "deny", enforced: false, rule: "/tools/pay/ask_if/0" });
    keep({ ...call, id: "A0004", outcome: "deny", enforced: true, rule: "/tools/pay/ask_if/0" });
    keep({ ...call, id: "A0008", outcome: "pending", enforced: true, rule: "/x", approval: "Q" });
    keep({ ...call, id: "A0005", outcome: "hide", enforced: true, rule: "(hidden)" });
    keep({ ...call, id: "A0006", outcome: "refuse", enforced: true, rule: "(refused)" });
    keep({ ...call, id: "A0007", outcome: "allow", enforced: true, method: "tools/list" });
    const past = trail.past();
    expect(
      past.map((one) =>
        one.kind === "other"
          ? one.what
          : [one.done.outcome, one.made, one.shadow?.outcome, one.shadow?.rule],
      ),
    ).toEqual([
      ["allow", true, "deny", "/x"],
      ["ask", true, undefined, undefined],
      ["allow", true, "ask", "/tools/pay/ask_if/0"],
      ["ask", false, undefined, undefined],
      ["ask", false, undefined, undefined],
      ["hide", false, undefined, undefined],
      "refused",
      "request",
    ]);
  });
});

import { describe, expect, it } from "vitest";
import {
  type Diagnostic,
  format,
  type Message,
  parse,
  renderDiagnostic,
  Source,
  syntaxMessages,
} from "../../language/index.ts";

const catalogue = syntaxMessages as readonly Message<object>[];

function diagnose(text: string): readonly Diagnostic[] {
  return parse(new Source("policy.mcpp", text)).diagnostics;
}

function mend(text: string, diagnostic: Diagnostic, index = 0): string {
  const edits = [...(diagnostic.fixes?.[index]?.edits ?? [])];
  return edits
    .sort((a, b) => b.span.start - a.span.start)
    .reduce(
      (mended, { span, text: by }) => mended.slice(0, span.start) + by + mended.slice(span.end),
      text,
    );
}

describe("the catalogue", () => {
  it("has each code once, in order, between MCPP101 and MCPP199", () => {
    const codes = catalogue.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect([...codes].sort()).toEqual(codes);
    for (const code of codes) expect(code).toMatch(/^MCPP1\d\d$/);
  });

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    "%s is explained, and its example is true",
    (code, entry) => {
      const { fails, passes } = entry.example;
      expect(diagnose(fails).map((diagnostic) => diagnostic.code)).toEqual([code]);
      expect(diagnose(passes)).toEqual([]);
      const sentences = entry.explanation.match(/[.?!](?:\s|$)/g) ?? [];
      expect(sentences.length).toBeGreaterThanOrEqual(2);
      expect(sentences.length).toBeLessThanOrEqual(6);
      expect(entry.explanation).not.toContain("\n");
      const [diagnostic] = diagnose(fails) as [Diagnostic];
      expect(diagnostic.message).toMatch(/^[A-Z`].*[.?]$/s);
      expect(entry.title).toMatch(/^[a-z]/);
    },
  );

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    "the fixes of %s mend its example",
    (_code, entry) => {
      const { fails } = entry.example;
      const [diagnostic] = diagnose(fails) as [Diagnostic];
      for (const index of diagnostic.fixes?.keys() ?? []) {
        expect(diagnose(mend(fails, diagnostic, index)), mend(fails, diagnostic, index)).toEqual(
          [],
        );
      }
    },
  );

  it("renders", () => {
    const rendered = catalogue.map(({ code, example }) =>
      code === "MCPP125"
        ? ""
        : diagnose(example.fails)
            .map((diagnostic) => renderDiagnostic(diagnostic))
            .join("\n"),
    );
    expect(rendered.filter((text) => text !== "").join("\n\n\n")).toMatchSnapshot();
  });
});

/** What was written, the code, and the text that the first fix makes of it; undefined where there is none. */
const habits: readonly (readonly [string, string, string | undefined])[] = [
  ["deny x if args.a == 1 && args.b == 2", "MCPP114", "deny x if args.a == 1 and args.b == 2"],
  ["deny x if args.a == 1||args.b == 2", "MCPP114", "deny x if args.a == 1 or args.b == 2"],
  ["deny x if !has args.a", "MCPP114", "deny x if not has args.a"],
  ["deny x if args.a === 1", "MCPP114", "deny x if args.a == 1"],
  ["deny x if args.a = 1", "MCPP114", "deny x if args.a == 1"],
  ["deny x if args.a <> 1", "MCPP114", "deny x if args.a != 1"],
  ["deny x if args.a ≥ 1", "MCPP114", "deny x if args.a >= 1"],
  ["deny x if args.a => 1", "MCPP114", "deny x if args.a >= 1"],
  ["deny x if args.a =~ /b/", "MCPP114", "deny x if args.a matches /b/"],
  ['test "t" {\n  x {} -> allow\n}', "MCPP114", 'test "t" {\n  x {} => allow\n}'],
  ["allow x /* why */", "MCPP113", "allow x // why"],
  ["/*\n * One\n * two\n */\nallow x", "MCPP113", "// One\n// two\nallow x"],
  ["allow x # why", "MCPP113", "allow x // why"],
  ["allow x -- why", "MCPP113", "allow x // why"],
  ["deny x if args.a > 1e5", "MCPP106", "deny x if args.a > 100000"],
  ["deny x if args.a > 0x10", "MCPP106", "deny x if args.a > 16"],
  ["deny x if args.a > 007", "MCPP106", "deny x if args.a > 7"],
  ["deny x if args.a > 10k", "MCPP106", "deny x if args.a > 10_000"],
  ["deny x if args.a > 1__0", "MCPP106", "deny x if args.a > 10"],
  ["deny x if args.force", "MCPP140", "deny x if args.force == true"],
  ["deny x if not args.force", "MCPP140", "deny x if not args.force == true"],
  [
    "deny x if args.force and args.a == 1",
    "MCPP140",
    "deny x if args.force == true and args.a == 1",
  ],
  ["allow all", "MCPP143", "allow *"],
  ["allow x limit 10/1m", "MCPP144", "allow x limit 10/minute"],
  ["allow x limit 10/15m", "MCPP144", "allow x limit 10/15 minutes sliding"],
  ["allow x limit 10/min", "MCPP144", "allow x limit 10/minute"],
  ["allow x limit 10/m", "MCPP144", "allow x limit 10/minute"],
  ["allow x limit 10/fortnight", "MCPP144", undefined],
  ["allow x limit 10 per minute", "MCPP145", "allow x limit 10/minute"],
  ["ask x within 1h30m", "MCPP108", "ask x within 90m"],
  ["ask x within 10min", "MCPP108", "ask x within 10m"],
  ["ask x within 1.5h", "MCPP108", "ask x within 90m"],
  ["ask x within 10 minutes", "MCPP151", "ask x within 10m"],
  ['ask x within "10m"', "MCPP151", "ask x within 10m"],
  ["approve x", "MCPP121", "ask x"],
  ["permit x", "MCPP121", "allow x"],
  ["forbid x", "MCPP121", "deny x"],
  ["alow x", "MCPP121", "allow x"],
  ["Allow x", "MCPP121", "allow x"],
  ["const a = 1", "MCPP121", "let a = 1"],
  ["deny x because 'no'", "MCPP112", 'deny x because "no"'],
  ["deny x because “no”", "MCPP112", 'deny x because "no"'],
  ["allow x limit 10/minute per user", "MCPP146", "allow x limit 10/minute per grant"],
  ["allow x limit 10/minute per grant.team", "MCPP146", "allow x limit 10/minute per grant"],
  ["allow x;", "MCPP115", "allow x"],
  ["deny x when args.a == 1", "MCPP149", "deny x if args.a == 1"],
  ['deny x if args.a matches "b.*"', "MCPP148", "deny x if args.a matches /b.*/"],
  ["deny x if args.a * 2 > 1", "MCPP147", undefined],
  ["deny x if args.a + 2 > 1", "MCPP147", undefined],
  ["deny x if args.a -1 > 1", "MCPP147", undefined],
  ['deny x if args.a is "b"', "MCPP153", 'deny x if args.a == "b"'],
  ['deny x if args.a startsWith "b"', "MCPP153", 'deny x if args.a starts with "b"'],
  ["deny x if args.items.0 == 1", "MCPP116", "deny x if args.items[0] == 1"],
  ["deny x if args.items.0.name == 1", "MCPP116", "deny x if args.items[0].name == 1"],
  ["allow x unless args.a == 1", "MCPP164", "allow x if not args.a == 1"],
  ["allow x unless (a or b)", "MCPP164", "allow x if not ((a or b))"],
  ["allow x, y and z", "MCPP127", "allow x, y, z"],
  ["allow x y", "MCPP127", "allow x, y"],
  ["allow fs.read", "MCPP128", 'allow "fs.read"'],
  ["on fs/read {\n  allow\n}", "MCPP128", 'on "fs/read" {\n  allow\n}'],
  ["group a = b", "MCPP168", "group @a = b"],
  ["default deny tools", "MCPP176", "default deny"],
  ["let a = during Mon-Fri", "MCPP152", "let a = during mon-fri"],
  ["let a = during mon-xyz", "MCPP152", undefined],
  ["let a = during mon, tue-frx 09:00-17:00", "MCPP152", undefined],
  ["let a = during mon 9:00-17:00", "MCPP111", "let a = during mon 09:00-17:00"],
  ["allow x until 2026-1-5", "MCPP110", "allow x until 2026-01-05"],
  ['allow x until "2026-01-05"', "MCPP150", "allow x until 2026-01-05"],
  ['test "t" {\n  60x x {} => allow\n}', "MCPP106", 'test "t" {\n  60 x x {} => allow\n}'],
  ["on x {\n  allow x\n}", "MCPP163", "on x {\n  allow\n}"],
  ["on x\n  allow\n}", "MCPP124", "on x {\n  allow\n}"],
  ["allow x limti 10/hour", "MCPP120", "allow x limit 10/hour"],
  ['deny x becuase "no"', "MCPP120", 'deny x because "no"'],
  ['labels role: "a" or "b"', "MCPP114", 'labels role: "a" | "b"'],
  ["allow limit", "MCPP129", undefined],
  ["limit 10/hour", "MCPP129", undefined],
  ["let limit = 1", "MCPP126", undefined],
  ["on x { when a { allow } }", "MCPP130", undefined],
  ["when a { let b = 1 }", "MCPP130", undefined],
  ["deny x if args.a", "MCPP140", "deny x if args.a == true"],
  ["limit x 10/hour limit 5/minute", "MCPP161", undefined],
];

describe("habits from other languages", () => {
  it.each(habits)("%j is one diagnostic that says what to write", (text, code, mended) => {
    const diagnostics = diagnose(text);
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
    const [diagnostic] = diagnostics as [Diagnostic];
    if (mended === undefined) expect(diagnostic.fixes ?? []).toEqual([]);
    else {
      expect(mend(text, diagnostic)).toBe(mended);
      expect(diagnose(mended)).toEqual([]);
    }
  });

  it("is left as it was written by the formatter", () => {
    for (const [text] of habits) {
      if (text.endsWith(";") || text.startsWith("/*")) continue;
      const { document } = parse(new Source("x", text));
      expect(format(document).trim()).toContain(
        text.split("\n")[0]?.replace(/ *(\/\*|#|--).*/, ""),
      );
    }
  });

  it("reports every one of several", () => {
    const found = diagnose("deny x if !a && b || args.c = 'd';");
    expect(found.map(({ code }) => code)).toEqual([
      "MCPP114",
      "MCPP114",
      "MCPP114",
      "MCPP114",
      "MCPP112",
      "MCPP115",
    ]);
  });
});

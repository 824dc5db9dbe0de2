import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { format, parse, Source } from "../../../language/index.ts";
import { arbitraryDocument } from "../../language/arbitrary.ts";
import { applied, diagnose } from "./diagnose.ts";
import { shop } from "./shop.ts";

/** Policies of rules that know the shop's tools and arguments, so that the checks have something to say. */
const tool = fc.constantFrom(
  ...shop.tools.map(({ name }) => name),
  "*",
  "@read",
  "@write",
  "delete_*",
);
const condition = fc.oneof(
  fc.constantFrom(
    "args.page > 5",
    "args.page < 3",
    'args.id == "1"',
    'args.id starts with "/srv"',
    'args.path under "/srv"',
    'args.reason == "gift"',
    "has args.reason",
    "args.amount > 10 and args.amount < 5",
    'client.name == "desk"',
    "during sat-sun",
  ),
  fc.constantFrom(
    "not args.page > 5",
    'args.reason else "" == ""',
    "args.amount <= 10 or has args.reason",
  ),
);
const amount = fc.constantFrom(
  "0/hour",
  "5/minute",
  "500/hour",
  "9/day per session",
  "2 concurrent",
);
const guard = fc.oneof(
  fc.constant(""),
  condition.map((text) => ` if ${text}`),
  condition.map((text) => ` unless ${text}`),
);
const statement = fc.oneof(
  fc
    .tuple(fc.constantFrom("deny", "ask"), tool, guard)
    .map((parts) => `${parts[0]} ${parts[1]}${parts[2]}`),
  fc.tuple(tool, guard).map(([name, when]) => `allow ${name}${when.replace("unless", "if")}`),
  fc.tuple(tool, amount).map(([name, most]) => `allow ${name} limit each ${most}`),
  fc.tuple(tool, amount).map(([name, most]) => `limit ${name} each ${most}`),
  tool.map((name) => `hide ${name}`),
  fc
    .tuple(condition, tool)
    .map(([when, name]) => `when ${when} {\n  deny ${name}\n  ask ${name}\n}`),
);
const policy = fc
  .tuple(
    fc.constantFrom("default deny", "default allow", "default hide"),
    fc.constantFrom("", "pin tools\n", "validate arguments\n"),
    fc.array(statement, { minLength: 1, maxLength: 6 }),
  )
  .map(([first, second, rest]) => `${first}\n${second}${rest.join("\n")}\n`);

describe("diagnostics", () => {
  it("have spans in their files and are sentences, in any document", () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const text = format(document);
        for (const found of diagnose(text)) {
          expect(found.span.start).toBeGreaterThanOrEqual(0);
          expect(found.span.end).toBeGreaterThanOrEqual(found.span.start);
          expect(found.span.end).toBeLessThanOrEqual(found.source.text.length);
          expect(found.message).toMatch(/[.!?]$/);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("are gone after each of their fixes, which break nothing", () => {
    let fixes = 0;
    fc.assert(
      fc.property(policy, (text) => {
        const before = diagnose(text);
        const hadErrors = before.some(({ severity }) => severity === "error");
        for (const found of before.filter(({ code }) => /^MCPP[456]/.test(code))) {
          for (const fix of found.fixes ?? []) {
            fixes++;
            const mended = applied(text, fix);
            expect(parse(new Source("policy.mcpp", mended)).diagnostics, mended).toEqual([]);
            if (hadErrors) continue;
            const count = (all: typeof before): number =>
              all.filter(({ code, message }) => code === found.code && message === found.message)
                .length;
            const after = diagnose(mended);
            expect(count(after), `${text}\n${fix.title}\n${mended}`).toBeLessThan(count(before));
          }
        }
      }),
      { numRuns: 250 },
    );
    expect(fixes).toBeGreaterThan(50);
  });

  it("do not depend on the order of statements, the places of duplicates aside", () => {
    const told = (lines: readonly string[]): readonly string[] =>
      diagnose(`default deny\n${lines.join("\n")}\n`)
        .filter(({ code }) => /^MCPP(40|601|602)/.test(code))
        .map(({ code, source, span }) => `${code} ${source.slice(span)}`)
        .sort();
    fc.assert(
      fc.property(fc.array(statement, { minLength: 2, maxLength: 5 }), (statements) => {
        expect(told([...statements].reverse())).toEqual(told(statements));
      }),
      { numRuns: 100 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileText, payments } from "../compiling.ts";
import { print, programs } from "../programs.ts";

const known = { tools: payments };

describe("the source map", () => {
  it("leads from every part of the policy to its statement", () => {
    const text = [
      "default allow",
      "validate arguments",
      "hide delete_customer",
      'deny create_* because "No."',
      "on create_refund {",
      "  deny unless args.amount < 5",
      "  ask if args.amount > 1",
      "  limit 5/day as daily",
      "}",
      "limit all 9/minute",
      "shadow deny list_*",
      'allow resource "file:///a"',
      "default allow prompts",
      "hide prompt x",
      "",
    ].join("\n");
    const { map, policy } = compileText(text, known);
    expect(policy?.deny_tools).toHaveProperty("create_*");
    const lines = Object.entries(map).map(([at, place]) => `${at} ${place.split(":")[1]}`);
    expect(lines).toEqual([
      "/all_tools/limits/0 10",
      "/all_tools/limits/all_rate 10",
      "/default 1",
      "/deny_tools/create_* 4",
      "/deny_tools/list_* 11",
      "/hide/0 3",
      "/prompts/default 13",
      "/prompts/hide/0 14",
      "/resources/allow/0 12",
      "/tools/create_customer 4",
      "/tools/create_customer/deny_if/0 4",
      "/tools/create_refund 4",
      "/tools/create_refund/ask_if/0 7",
      "/tools/create_refund/deny_if/0 4",
      "/tools/create_refund/limits/0 8",
      "/tools/create_refund/limits/daily 8",
      "/tools/create_refund/require/0 6",
      "/tools/delete_customer 2",
      "/tools/get_charge 2",
      "/tools/list_charges 11",
      "/tools/list_charges/deny_if/0 11",
      "/validate 2",
    ]);
  });

  it("names the first of several statements that come to one entry", () => {
    const { map } = compileText(
      'allow get_charge\ndeny get_charge if args.id == "x"\ndeny get_charge if "x" == args.id\n',
      known,
    );
    expect(map["/tools/get_charge/deny_if/0"]).toBe("policy.mcpp:2:1");
  });

  it("escapes names as JSON pointers do", () => {
    const { map } = compileText('allow "fs/read~all" limit 1/day\n');
    expect(Object.keys(map)).toContain("/tools/fs~1read~0all/limits/fs~1read~0all_per_day");
  });
});

describe("conditional allow under default allow", () => {
  it("is an error whose fix is the deny that was meant", () => {
    const text = 'default allow\nallow create_refund if args.amount < 5 because "No."\n';
    const { diagnostics } = compileText(text, known);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    expect(errors.map(({ code }) => code)).toEqual(["MCPP703"]);
    const edits = [...(errors[0]?.fixes?.[0]?.edits ?? [])].sort(
      (a, b) => b.span.start - a.span.start,
    );
    let fixed = text;
    for (const { span, text: put } of edits) {
      fixed = fixed.slice(0, span.start) + put + fixed.slice(span.end);
    }
    expect(fixed).toBe('default allow\ndeny create_refund unless args.amount < 5 because "No."\n');
    expect(compileText(fixed, known).policy?.tools?.create_refund?.require).toHaveLength(1);
  });

  it.each(["allow create_refund until 2026-12-31", "when args.amount < 5 { allow create_refund }"])(
    "also: %s",
    (rule) => {
      const { diagnostics } = compileText(`default allow\n${rule}\n`, known);
      expect(
        diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code),
      ).toEqual(["MCPP703"]);
    },
  );
});

describe("globs that cannot stay in force", () => {
  it.each([
    ["default allow\ndeny create_* except create_refund", 1],
    ["default allow\nhide create_* except create_refund", 1],
    ["default allow\ndeny create_* if args.amount > 5", 1],
    ["default allow\ngroup @makers = create_* except create_refund\ndeny @makers", 1],
    ["default allow\npin tools\ndeny create_* except create_refund", 0],
    ["default deny\nallow list_charges\ndeny create_* except create_refund", 0],
    ["default allow\ndeny create_*", 0],
  ])("%s", (text, count) => {
    const { diagnostics } = compileText(`${text}\n`, known);
    expect(diagnostics.filter(({ code }) => code === "MCPP715")).toHaveLength(count);
  });
});

describe("compiling", () => {
  const mutated = fc
    .tuple(
      programs,
      fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.string({ maxLength: 3 })), { maxLength: 6 }),
    )
    .map(([{ headings, program }, edits]) => {
      let text = print(headings, program);
      for (const [at, length, put] of edits) {
        const start = at % (text.length + 1);
        text = text.slice(0, start) + put + text.slice(start + length);
      }
      return text;
    });

  it("never throws, and every place it names lies in the file", () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string(), fc.string({ unit: "binary" })), (text) => {
        const { diagnostics, policy } = compileText(text, known);
        const errors = diagnostics.filter(({ severity }) => severity === "error");
        expect(policy === undefined).toBe(errors.length > 0);
        for (const { span, source } of diagnostics) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeLessThanOrEqual(source.text.length);
          expect(span.start).toBeLessThanOrEqual(span.end);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gives its diagnostics in the order of the text, each once", () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { diagnostics } = compileText(text, known);
        const own = diagnostics.filter(({ source }) => source.name === "policy.mcpp");
        const starts = own.map(({ span }) => span.start);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
        const keys = own.map(
          ({ span, code, message }) => `${span.start} ${span.end} ${code} ${message}`,
        );
        expect(keys).toEqual([...new Set(keys)]);
      }),
      { numRuns: 100 },
    );
  });
});

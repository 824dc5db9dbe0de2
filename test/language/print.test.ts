import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  children,
  nodesAt,
  parse,
  printCondition,
  printRule,
  printTargets,
  quote,
  type Rule,
  regexText,
  rulesOf,
  Source,
  walk,
} from "../../language/index.ts";
import { arbitraryCondition, runs, withoutSpans } from "./arbitrary.ts";

function rule(text: string): Extract<Rule, { kind: "deny" }> {
  const { document, diagnostics } = parse(new Source("x", text));
  expect(diagnostics, text).toEqual([]);
  return document.statements[0] as Extract<Rule, { kind: "deny" }>;
}

describe("printing", () => {
  it("gives a condition's text, with the parentheses it needs and no others", () => {
    fc.assert(
      fc.property(arbitraryCondition, (condition) => {
        const text = printCondition(condition);
        expect(text).not.toContain("\n");
        const again = rule(`deny x if ${text}`).guard?.condition;
        expect(withoutSpans(again)).toEqual(withoutSpans(condition));
      }),
      { numRuns: runs(200) },
    );
    expect(
      printCondition(rule("deny x if ((a) and ((b))) or (not (c))").guard?.condition as never),
    ).toBe("a and b or not c");
  });

  it("gives rules and targets", () => {
    const text = 'shadow deny list_*, "fs/read" except @read unless args.a == 1 because "No."';
    expect(printRule(rule(text))).toBe(text);
    expect(printTargets(rule('deny "plain", "limit"').targets as never)).toBe('plain, "limit"');
  });

  it("escapes what cannot be seen in strings", () => {
    expect(quote("a\u202eb\u0000\u200d\u00a0\u007f é日")).toBe(
      '"a\\u202eb\\u0000\\u200d\\u00a0\\u007f é日"',
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(JSON.parse(quote(value))).toBe(value);
      }),
    );
  });

  it("writes any pattern so that it is read back", () => {
    const pattern = fc.stringMatching(/^(?:[a-z/.+()^$]|\[[a-z/]+\]|\\[dwsb/.]){1,8}$/);
    fc.assert(
      fc.property(pattern, (text) => {
        const right = rule(`deny x if args.a matches ${regexText(text)}`).guard?.condition;
        const read = (right as unknown as { right: { pattern: string } }).right.pattern;
        expect(regexText(read)).toBe(regexText(text));
      }),
    );
  });
});

describe("walking", () => {
  const text =
    "when a {\n  on x {\n    deny if any i in args.b (i == 1)\n  }\n  allow y\n}\nhide z\n";
  const { document } = parse(new Source("x", text));

  it("visits every node once, parents first, in the order of the text", () => {
    const starts: number[] = [];
    let deepest = 0;
    walk(document, (node, parents) => {
      for (const parent of parents) {
        expect(parent.span.start).toBeLessThanOrEqual(node.span.start);
        expect(parent.span.end).toBeGreaterThanOrEqual(node.span.end);
      }
      starts.push(node.span.start);
      deepest = Math.max(deepest, parents.length);
    });
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(deepest).toBeGreaterThan(6);
  });

  it("skips what is below a node that says so", () => {
    const kinds: unknown[] = [];
    walk(document, (node) => {
      if ("kind" in node) kinds.push(node.kind);
      return !("kind" in node && node.kind === "when");
    });
    expect(kinds).toEqual(["document", "when", "hide", "targets", "name"]);
    expect(children(document)).toHaveLength(2);
  });

  it("finds the nodes at an offset", () => {
    const kinds = nodesAt(document, text.indexOf("i == 1")).map((node) =>
      "kind" in node ? node.kind : "",
    );
    expect(kinds.slice(0, 5)).toEqual(["document", "when", "on", "deny", "if"]);
    expect(kinds).toContain("comparison");
    expect(nodesAt(document, text.length)).toHaveLength(1);
  });

  it("gives every rule with the blocks around it", () => {
    const found = [...rulesOf(document)].map(({ rule, blocks }) => [
      rule.kind,
      blocks.map(({ kind }) => kind),
    ]);
    expect(found).toEqual([
      ["deny", ["when", "on"]],
      ["allow", ["when"]],
      ["hide", []],
    ]);
  });
});

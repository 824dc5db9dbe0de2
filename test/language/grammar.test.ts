import { describe, expect, it } from "vitest";
import { Grammar, grammar } from "../../language/grammar.ts";

/** What the validations find. That a word and its rule share a name is meant: tokens are named as spelt. */
function faults(): string[] {
  try {
    new Grammar(true);
  } catch (error) {
    const found = (error as Error).message.replace(/^.*\n/, "").split(/\n-{10,}\n/);
    return found.filter((text) => !text.includes("Namespace conflict"));
  }
  return [];
}

describe("the grammar itself", () => {
  it("passes the parser generator's validations", () => {
    // The validations want it, and it is not in every Node that we run on.
    const shimmed = Object as { groupBy?: unknown };
    const before = shimmed.groupBy;
    shimmed.groupBy ??= (items: Iterable<unknown>, keyOf: (item: unknown) => string) => {
      const groups: Record<string, unknown[]> = Object.create(null);
      for (const item of items) {
        const key = keyOf(item);
        groups[key] ??= [];
        groups[key].push(item);
      }
      return groups;
    };
    try {
      expect(faults()).toEqual([]);
    } finally {
      if (before === undefined) delete shimmed.groupBy;
    }
  });

  it("is one instance", () => {
    expect(grammar()).toBe(grammar());
  });

  it("names every rule that only mends `wrong…`, so that it is not offered", () => {
    const rules = Object.keys(grammar().getGAstProductions());
    expect(rules.filter((name) => name.startsWith("wrong")).sort()).toMatchInlineSnapshot(`
      [
        "wrongBareClause",
        "wrongClaim",
        "wrongClause",
        "wrongDate",
        "wrongDay",
        "wrongDefaultKind",
        "wrongDuration",
        "wrongGroupName",
        "wrongIndex",
        "wrongItem",
        "wrongKey",
        "wrongOperator",
        "wrongPipe",
        "wrongRate",
        "wrongTargets",
        "wrongUnit",
        "wrongUnless",
        "wrongWindow",
      ]
    `);
  });
});

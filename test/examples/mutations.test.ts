import { describe, expect, it } from "vitest";
import { mutantsOf } from "./mutants.ts";
import { examplesEndingWith, faultsOf, firstFaultOf, isNaive, readExample } from "./policies.ts";

// Every rule of every example is there for a reason, and a test of the example knows it: without the rule, a test or
// a claim fails.

const policies = examplesEndingWith(".mcpp").filter((name) => !isNaive(name));

describe.each(policies)("%s", (name) => {
  it("is as its tests and claims say", async () => {
    expect(await faultsOf(name)).toEqual([]);
  });

  it.each(mutantsOf(readExample(name)).map(({ line, gone, text }) => [`${line}: ${gone}`, text]))(
    "fails without line %s",
    async (_, text) => {
      expect(await firstFaultOf(name, text)).toBeDefined();
    },
  );
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runTests } from "../../cli/test/run.ts";
import { ATTACKS, policyOf, stoppersOf } from "./attack.ts";
import { compileExample, EXAMPLES, faultsOf } from "./policies.ts";

// The attack book: each policy stops its attack, and without the statement that stops it the attack goes through.
// Attacks on the wire are carried out in files of their own.

/** Stopped by the proxy itself, before or beside every policy. */
const BY_THE_PROXY = ["smuggling"];
/** Where the statement matters only with a server, or a session, that tests of a policy do not have. */
const ON_THE_WIRE = ["redefined-tool"];

it("there are thirteen", () => {
  expect(ATTACKS).toHaveLength(13);
});

/** What the calls of the test `the attack` came to that went otherwise than it says. */
async function attack(name: string, text?: string): Promise<readonly string[]> {
  const results = await runTests(compileExample(name, text), {
    chosen: (test) => test === "the attack",
  });
  return results.flatMap(({ failures }) => failures.map(({ actual }) => actual.outcome));
}

describe.each(ATTACKS)("%s", (name) => {
  it("has a page", () => {
    expect(existsSync(join(EXAMPLES, "attacks", name, "README.md"))).toBe(true);
  });

  it("goes through where the policy is the naive one", async () => {
    expect(await faultsOf(policyOf(name, "naive"))).toEqual([]);
  });

  it("is stopped", async () => {
    expect(await faultsOf(policyOf(name))).toEqual([]);
  });

  const byProxy = BY_THE_PROXY.includes(name);
  it(`has ${byProxy ? "no" : "a"} statement that stops it`, () => {
    expect(stoppersOf(name).length > 0).toBe(!byProxy);
  });

  if (ON_THE_WIRE.includes(name)) return;
  it.each(stoppersOf(name).map((stopper) => [`${stopper.line}: ${stopper.gone}`, stopper.without]))(
    "goes through without line %s",
    async (_, text) => {
      expect(await attack(policyOf(name), text)).toContain("allow");
    },
  );
});

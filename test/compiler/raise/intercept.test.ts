import { expect, it } from "vitest";
import { raiseIntercept } from "../../../compiler/index.ts";
import { parse, Source } from "../../../language/index.ts";
import { policyOf, shown } from "../compiling.ts";

function raised(yaml: string): { text: string; notices: readonly string[] } {
  const found = raiseIntercept(yaml);
  if ("problem" in found) throw new Error(found.problem);
  expect(parse(new Source("raised.mcpp", found.text)).diagnostics.map(shown)).toEqual([]);
  return { text: found.text, notices: found.notices.map(({ at, message }) => `${at}: ${message}`) };
}

it("raises a whole policy", () => {
  const { text, notices } = raised(`
version: "1"
description: Payments for agents
default: deny
hide: [drop_table, "fs/read"]
tools:
  list_charges:
    rules: []
  get_charge: {}
  create_charge:
    rules:
      - name: cap
        conditions:
          - { path: args.amount, op: lte, value: 50000 }
          - { path: args.currency, op: in, value: [usd, eur] }
        on_deny: Over the limit.
      - name: budget
        conditions: [{ path: state.create_charge.daily, op: lte, value: 1000000 }]
        state: { counter: daily, window: day, increment_from: args.amount }
      - name: rate
        rate_limit: 5/hour
        on_deny: Slow down.
  delete_customer:
    rules: [{ action: deny, on_deny: Never. }]
  create_payout:
    rules: [{ action: require_approval, approval_timeout: 10m }]
  "*":
    rules: [{ rate_limit: 60/minute }]
`);
  expect(notices).toEqual([]);
  expect(text).toMatchSnapshot();
  expect(policyOf(text)).toMatchSnapshot();
});

it("says what a missing default meant", () => {
  const { text, notices } = raised("version: 1\ntools: {}\n");
  expect(notices).toEqual([
    "default: No default was given, which means allow there. `default deny` is safer.",
  ]);
  expect(text).toContain("default allow");
});

it("denies where it cannot say the same", () => {
  const { text, notices } = raised(`
version: "1"
default: allow
spend: 5
tools:
  a: { rules: [{ action: maybe }] }
  b: { rules: [{ conditions: [{ path: state.other.count, op: gt, value: 1 }] }] }
  c: { rules: [{ rate_limit: often }] }
  d: { rules: [{ conditions: [{ path: nowhere, op: eq, value: 1 }] }] }
  e: { rules: [{ conditions: [{ path: args.x, op: regex, value: "^SELECT|WITH" }] }] }
  f: { rules: [{ spend_limit: $5/day }] }
`);
  expect(notices).toHaveLength(7);
  const tools = policyOf(text).tools;
  for (const name of ["a", "b", "c", "d"]) {
    expect(tools?.[name]?.deny_if, name).toEqual([{ conditions: [] }]);
  }
  expect(tools?.e?.require).toEqual([
    { conditions: [{ path: "args.x", op: "regex", value: "^SELECT|WITH" }] },
  ]);
});

it.each([
  ["version: 2\n", "its `version` is not 1."],
  ["- a\n- b\n", "it holds no policy."],
  ["version: 1\ntools: [a]\n", "its `tools` are not a map from names to rules."],
  ["a: [1\n", "it is not YAML:"],
])("refuses %j", (yaml, problem) => {
  const found = raiseIntercept(yaml);
  expect("problem" in found ? found.problem : "").toContain(problem);
});

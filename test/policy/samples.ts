import type { Json, Policy } from "../../policy/index.ts";

/** A policy that uses every key and every extension of the format. */
export const EVERYTHING = {
  version: "1",
  extensions: [
    "ask_if",
    "conditions.context",
    "conditions.default",
    "conditions.lists",
    "conditions.logic",
    "conditions.paths",
    "conditions.time",
    "conditions.under",
    "limits.concurrent",
    "limits.message",
    "limits.scopes",
    "limits.sum",
    "limits.when",
    "limits.windows",
    "patterns",
    "pins",
    "prompts",
    "resources",
    "shadow",
    "unlisted",
    "validate",
  ],
  default: "deny",
  unlisted: "hide",
  validate: "strict",
  hide: ["delete_*", "drop"],
  deny_tools: {
    "admin_*": { on_deny: "Not for agents." },
    "test_*": { shadow: true },
  },
  all_tools: {
    limits: [{ counter: "all_rate", window: "minute", max: 120, scope: "grant" }],
  },
  tools: {
    refund: {
      pin: `sha256:${"0".repeat(64)}`,
      input_schema: { type: "object", properties: { amount: { type: "number" } } },
      require: [
        { conditions: [{ path: "args.amount", op: "lte", value: 100 }], on_deny: "Too much." },
        {
          conditions: [
            {
              any: [
                { path: "grant.role", op: "eq", value: "lead" },
                { all: [{ path: "args.kind", op: "in", value: ["a", "b"] }] },
                { path: "args.to", op: "regex", value: "^a+$", negate: true },
              ],
            },
          ],
          shadow: true,
        },
      ],
      deny_if: [
        {
          conditions: [
            {
              some: "args.items",
              as: "item",
              where: { path: "item.sku", op: "eq", value: "x", else: "none" },
            },
            {
              every: "args.items",
              as: "item",
              where: { path: "item.price", op: "gt", path2: "args.least" },
            },
            { path: "args.name", op: "gt", value: 5, of: "length" },
            { path: "args.url", op: "eq", value: "example.com", of: "host" },
            { path: "args.file", op: "under", value: ["/srv", "https://*.example.com/a"] },
            { path: ["args", "items", 0, "a.b"], op: "exists", value: true },
          ],
        },
        {
          conditions: [
            {
              during: {
                days: ["mon", "fri"],
                from: "08:00",
                to: "18:00",
                zone: "Europe/Berlin",
              },
              negate: true,
            },
            { before: "2026-12-31" },
            { after: "2026-01-01" },
          ],
        },
      ],
      ask_if: [
        {
          conditions: [{ path: "args.amount", op: "gt", value: 50 }],
          approvers: ["leads"],
          timeout_seconds: 60,
          on_deny: "Ask a lead.",
        },
      ],
      limits: [
        { counter: "rate", window: "hour", max: 10, scope: "session", on_deny: "Slowly." },
        {
          counter: "burst",
          window: "minute",
          algorithm: "sliding",
          every: 15,
          max: 3,
          scope: "server",
          key: ["args.customer", ["args", "ids", 0]],
          when: [{ path: "args.amount", op: "gt", value: 1 }],
        },
        {
          counter: "budget",
          window: "week",
          increment_from: "args.amount",
          max: 500.25,
          scope: "grant",
          shadow: true,
        },
        { counter: "slots", concurrent: true, max: 2, scope: "grant" },
      ],
    },
    look: {},
  },
  resources: { default: "deny", allow: ["file:///srv/*"], deny: ["file:///srv/x*"], hide: ["y:z"] },
  prompts: { default: "allow", deny: ["evil"] },
} as const satisfies Policy;

/** A copy that may be changed. */
export function copyOf<T>(value: T): T {
  return structuredClone(value);
}

/** Every object inside the value whose keys are the format's own, with its JSON pointer. */
export function formatObjects(
  value: unknown,
  at = "",
): readonly (readonly [string, Record<string, unknown>])[] {
  if (typeof value !== "object" || value === null) return [];
  const free = /\/(?:value|else|input_schema)$/.test(at) || /^\/(?:tools|deny_tools)$/.test(at);
  const below = /\/(?:value|else|input_schema)$/.test(at)
    ? []
    : Object.entries(value).flatMap(([key, member]) =>
        formatObjects(member, `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
      );
  if (free || Array.isArray(value)) return below;
  return [[at, value as Record<string, unknown>], ...below];
}

/** RFC 8785, appendix B: the bits of a double and its text. */
export const RFC_8785_NUMBERS: readonly (readonly [string, string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

/** The example of RFC 8785 § 3.2.2, with its canonical form. */
export const RFC_8785_EXAMPLE: readonly [Json, string] = [
  {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  },
  '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
];

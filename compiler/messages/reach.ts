import { message } from "../../language/index.ts";
import { listing } from "./listing.ts";

/** What can never have an effect, or always has the same: MCPP500 to MCPP599. */

const orders = {
  server: { name: "orders" },
  tools: [
    {
      name: "list_orders",
      risk: "read",
      inputSchema: {
        type: "object",
        properties: { limit: { type: "number" }, state: { type: "string" } },
        required: ["limit", "state"],
        additionalProperties: false,
      },
    },
    {
      name: "cancel_order",
      risk: "write",
      inputSchema: {
        type: "object",
        properties: { id: { type: "string" } },
        required: ["id"],
        additionalProperties: false,
      },
    },
  ],
};

export const neverHolds = message<{ consequence?: string }>({
  code: "MCPP501",
  severity: "warning",
  title: "a condition that never holds",
  message: ({ consequence }) =>
    `No call can meet this condition${consequence === undefined ? "." : `, so ${consequence}.`}`,
  explanation:
    "The parts of the condition exclude each other, such as `args.n > 10 and args.n < 5`, or exclude what the tool's schema admits. A rule with such a condition does not do what its author meant. Often an `and` should be an `or`, or a comparison points the wrong way.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders
deny list_orders if args.limit > 100 and args.limit < 10
allow cancel_order
`,
    passes: `default deny

allow list_orders
deny list_orders if args.limit > 100 or args.limit < 10
allow cancel_order
`,
  },
});

export const alwaysHolds = message<{ consequence?: string }>({
  code: "MCPP502",
  severity: "warning",
  title: "a condition that always holds",
  message: ({ consequence }) =>
    `Every call meets this condition${consequence === undefined ? "." : `, so ${consequence}.`}`,
  explanation:
    "The alternatives of the condition cover every call, such as `has args.x or not has args.x`. A rule with such a condition acts on every call of its tools. If that is meant, leave the condition out, so that a reader sees it.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders
deny list_orders if has args.limit or args.limit == null
allow cancel_order
`,
    passes: `default deny

allow list_orders
deny list_orders if args.limit == null
allow cancel_order
`,
  },
});

export const neverDecides = message<{ rule: string; names: readonly string[]; because: string }>({
  code: "MCPP503",
  severity: "warning",
  title: "a rule that never decides a call",
  message: ({ rule, names, because }) =>
    `This \`${rule}\` never decides a call${names.length === 0 ? "" : ` of ${listing(names)}`}: ${because}.`,
  explanation:
    "Rules have a fixed precedence: *hide*, then *deny*, then *ask*, then *allow*, then the default. A rule is dead when graver rules already decide every call that it speaks of, or when a broader rule of its own kind makes it superfluous. Either it or the other rule is not what you meant. Where a glob or a group covers a tool that another rule forbids, nothing is reported: exceptions are made that way.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders
allow cancel_order
deny cancel_order
`,
    passes: `default deny

allow list_orders
deny cancel_order because "Orders are cancelled by the sales desk."
`,
  },
});

export const duplicateRule = message<{ line: number; file?: string }>({
  code: "MCPP504",
  severity: "warning",
  title: "the same rule twice",
  message: ({ line, file }) =>
    `This rule says the same as the one on line ${line}${file === undefined ? "" : ` of \`${file}\``}.`,
  explanation:
    "Two rules of one kind have the same targets and the same condition, so one of them can go. Whoever changes one of them later would otherwise wonder why nothing happens.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders, cancel_order
deny list_orders if args.limit > 100
deny list_orders if args.limit > 100
`,
    passes: `default deny

allow list_orders, cancel_order
deny list_orders if args.limit > 100
`,
  },
});

export const limitOfNothing = message<{
  names: readonly string[];
  why: "denied" | "hidden" | "not permitted";
}>({
  code: "MCPP505",
  severity: "warning",
  title: "a limit on what is not permitted",
  message: ({ names, why }) =>
    why === "not permitted"
      ? `This limit counts nothing: no rule permits ${listing(names)}, and a limit permits nothing by itself.`
      : `This limit counts nothing: ${listing(names)} ${names.length === 1 ? "is" : "are"} ${why}.`,
  hint: ({ names, why }) =>
    why === "not permitted" ? `Add \`allow ${names[0] ?? "…"}\`.` : undefined,
  explanation:
    "A limit bounds calls that other rules permit; it never permits one. Under a denying default a tool is open only if an `allow` or `ask` names it. A limit on a tool that is closed most likely stands for an `allow` that was forgotten: `allow T limit 10/hour` says both at once.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders
limit cancel_order 10/hour
`,
    passes: `default deny

allow list_orders
allow cancel_order limit 10/hour
`,
  },
});

export const zeroLimit = message<object>({
  code: "MCPP506",
  severity: "warning",
  title: "a limit of 0",
  message: () => "A limit of 0 denies every call that it counts.",
  hint: () => "Write `deny`, which says so, and can say why with `because`.",
  explanation:
    "A limit of 0 leaves no room for any call. Some systems read 0 as “no limit”, so a reader cannot be sure what is meant. Write `deny` to forbid, or leave the limit out for none.",
  example: {
    tools: orders,
    fails: `default deny

allow list_orders
allow cancel_order
limit cancel_order 0/day
`,
    passes: `default deny

allow list_orders
deny cancel_order because "Orders are not cancelled by agents."
`,
  },
});

export const limitNeverBinds = message<{ other: string; line: number; file?: string }>({
  code: "MCPP507",
  severity: "warning",
  title: "a limit that never binds",
  message: ({ other, line, file }) =>
    `This limit is never reached: \`${other}\` on line ${line}${file === undefined ? "" : ` of \`${file}\``} leaves no room for so much.`,
  explanation:
    "Two limits count the same calls, and one of them is always reached first: at 10 calls a minute there are never 1000 in an hour. Either number is probably wrong, or the looser limit can go. Calendar windows are taken at their worst: a sliding hour may touch 61 calendar minutes.",
  example: {
    tools: orders,
    fails: `default deny

allow cancel_order
limit list_orders 10/minute
limit list_orders 1000/hour
allow list_orders
`,
    passes: `default deny

allow cancel_order
limit list_orders 10/minute
limit list_orders 100/hour
allow list_orders
`,
  },
});

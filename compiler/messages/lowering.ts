import { message } from "../../language/index.ts";

/**
 * MCPP7xx: what cannot be written down in the policy format, or would not mean what was meant.
 */

const shop = {
  server: { name: "shop" },
  tools: [
    {
      name: "create_refund",
      risk: "write",
      inputSchema: {
        type: "object",
        properties: {
          amount: { type: "number" },
          reason: { type: "string" },
          note: { type: "string" },
          tags: { type: "array", items: { type: "string" } },
        },
        required: ["amount", "reason", "note", "tags"],
        additionalProperties: false,
      },
    },
    { name: "get_order", risk: "read", inputSchema: { type: "object" } },
    { name: "list_orders", risk: "read", inputSchema: { type: "object" } },
  ],
};

const pull = (server: string | undefined): string => {
  const name = server ?? "NAME";
  return `Run \`mcpp pull -o ${name}.tools.json -- COMMAND\` with the command that starts the server, and write \`server ${name} tools "./${name}.tools.json"\`.`;
};

export const noToolList = message<{ server: string | undefined }>({
  code: "MCPP701",
  severity: "warning",
  title: "no tool list",
  message: () => "Without a tool list, the names of tools and arguments are not checked.",
  hint: ({ server }) => pull(server),
  explanation:
    "The compiler checks a policy against the list of the server's tools: every name, every argument and its type. Without one a misspelt tool or argument goes unnoticed.",
  example: {
    fails: "allow get_order\n",
    passes: "allow get_order\n",
    tools: shop,
    failsWithoutTools: true,
  },
});

export const toolListNeeded = message<{ what: string; server: string | undefined }>({
  code: "MCPP702",
  severity: "error",
  title: "tool list needed",
  message: ({ what }) => `\`${what}\` can be compiled only with a list of the server's tools.`,
  hint: ({ server }) => pull(server),
  explanation:
    "Globs and groups become exact names when the policy is compiled, and `pin` and `validate` read the definitions of tools. All of them need the tool list. Only an unconditional `deny` and `hide` may hold globs without one: they stay in force as patterns.",
  example: {
    fails: "allow get_*\n",
    passes: "allow get_*\n",
    tools: shop,
    failsWithoutTools: true,
  },
});

export const conditionalAllow = message<{ targets: string }>({
  code: "MCPP703",
  severity: "error",
  title: "allow has no effect",
  message: ({ targets }) =>
    `Under \`default allow\`, a condition on this \`allow\` forbids nothing: ${targets} is permitted anyway.`,
  hint: () => "Write `deny … unless` with the same condition.",
  explanation:
    "`allow` gives a permission, and never takes one away. Under `default allow` every call is permitted already, so a condition on an `allow` would look like a restriction and be none.",
  example: {
    fails: "default allow\n\nallow create_refund if args.amount < 100\n",
    passes: "default allow\n\ndeny create_refund unless args.amount < 100\n",
    tools: shop,
  },
});

export const limitNeedsName = message<{ count: number }>({
  code: "MCPP704",
  severity: "error",
  title: "limit over several tools",
  message: ({ count }) =>
    `This limit is for ${count} tools: say whether each has a counter of its own, or all share one.`,
  hint: () => "Write `limit each …` for a counter per tool, or `… as NAME` for one counter.",
  explanation:
    "`limit get_order, list_orders 10/minute` could mean ten calls of each or ten calls together. `each` gives every tool a counter of its own; `as NAME` names one that all of them share.",
  example: {
    fails: "allow get_order, list_orders limit 10/minute\n",
    passes: "allow get_order, list_orders limit each 10/minute\n",
    tools: shop,
  },
});

export const eachWithName = message<{ name: string }>({
  code: "MCPP705",
  severity: "error",
  title: "each and as",
  message: ({ name }) =>
    `\`each\` gives every tool a counter of its own, but \`as ${name}\` makes one of them.`,
  hint: () => "Keep one of the two.",
  explanation:
    "`each` and `as NAME` are the two answers to the question how several tools are counted. Together they contradict each other.",
  example: {
    fails: "allow get_order, list_orders limit each 10/minute as lookups\n",
    passes: "allow get_order, list_orders limit 10/minute as lookups\n",
    tools: shop,
  },
});

export const counterClash = message<{ counter: string }>({
  code: "MCPP706",
  severity: "error",
  title: "two limits, one counter",
  message: ({ counter }) => `Another limit has the counter \`${counter}\` too.`,
  hint: () => "Give one of them a name of its own: `… as NAME`.",
  explanation:
    "The counter of a limit has a name that follows from the limit: its tool, window and scope. Two different limits with the same name would count into each other.",
  example: {
    fails: "allow get_order limit 10/minute\nlimit get_order 20/minute\n",
    passes: "allow get_order limit 10/minute\nlimit get_order 20/minute as get_order_burst\n",
    tools: shop,
  },
});

export const counterDisagrees = message<{ name: string; what: string }>({
  code: "MCPP707",
  severity: "error",
  title: "one counter, two limits",
  message: ({ name, what }) => `The counter \`${name}\` is used elsewhere with another ${what}.`,
  hint: () => "All limits that share a counter must agree, or have counters of their own.",
  explanation:
    "Limits with the same `as` name count into one counter. They must agree in what is counted, how much, in which window and for whom.",
  example: {
    fails:
      "allow get_order limit 10/minute as lookups\nallow list_orders limit 20/minute as lookups\n",
    passes:
      "allow get_order limit 10/minute as lookups\nallow list_orders limit 10/minute as lookups\n",
    tools: shop,
  },
});

export const multipleTooLarge = message<{ text: string }>({
  code: "MCPP708",
  severity: "error",
  title: "window too long",
  message: ({ text }) => `A window has at most 10000 units, not ${text}.`,
  hint: () => "Use a longer unit, such as `hour` or `day`.",
  explanation: "A sliding window may be a multiple of its unit, up to 10 000 of them.",
  example: {
    fails: "allow get_order limit 100/20000 seconds sliding\n",
    passes: "allow get_order limit 100/6 hours sliding\n",
    tools: shop,
  },
});

export const sumOutOfRange = message<{ text: string }>({
  code: "MCPP709",
  severity: "error",
  title: "sum out of range",
  message: ({ text }) =>
    `A sum is counted in millionths, from 0 to 9007199254.740991; \`${text}\` is not such a number.`,
  explanation:
    "Sums are exact: they are counted in millionths, and the greatest that fits is 9007199254.740991.",
  example: {
    fails: "allow create_refund limit sum(args.amount) to 10_000_000_000/day\n",
    passes: "allow create_refund limit sum(args.amount) to 10_000/day\n",
    tools: shop,
  },
});

export const notComparable = message<{ problem: string }>({
  code: "MCPP712",
  severity: "error",
  title: "comparison cannot be made",
  message: ({ problem }) => problem,
  explanation:
    "A comparison has a value of the call on one side. The other side is a constant or, where order and equality are asked for, another value of the call.",
  example: {
    fails: "allow create_refund if args.note starts with args.reason\n",
    passes: 'allow create_refund if args.note starts with "order"\n',
    tools: shop,
  },
});

export const notCore = message<{ extensions: readonly string[] }>({
  code: "MCPP713",
  severity: "error",
  title: "not in the target format",
  message: ({ extensions }) =>
    `The target \`policylayer\` has no way to say this (${extensions.map((name) => `\`${name}\``).join(", ")}).`,
  hint: () => "Leave it out for this target, or compile for `mcpp`.",
  explanation:
    "`--target policylayer` emits only what the public policy format version 1 of hosted gateways has. A part that would be lost makes the policy weaker, so it is an error.",
  example: {
    fails: "allow get_order limit 10/minute per server\n",
    passes: "allow get_order limit 10/minute\n",
    tools: shop,
    target: "policylayer",
  },
});

export const unpublished = message<{ what: string }>({
  code: "MCPP714",
  severity: "warning",
  title: "meaning not published",
  message: ({ what }) => `How the target \`policylayer\` treats ${what} is not published.`,
  hint: () => "Try it there before you rely on it.",
  explanation:
    "The hosted format says what may be written, but not everything about what it means: the flavour of regular expressions, and what becomes of a condition whose argument is missing or of another type.",
  example: {
    fails: "allow create_refund if args.reason matches /[a-z]+/\n",
    passes: "allow get_order\n",
    tools: shop,
    target: "policylayer",
  },
});

export const globNotLive = message<{ glob: string; why: "except" | "condition" }>({
  code: "MCPP715",
  severity: "warning",
  title: "later tools are not covered",
  message: ({ glob, why }) =>
    `Tools that the server adds later are allowed even if they match \`${glob}\`: ${
      why === "except" ? "an `except`" : "a condition"
    } cannot be kept for tools that are not known yet.`,
  hint: () =>
    "Use `default deny`, or `pin tools`, or a `deny` of the glob with neither condition nor `except`.",
  explanation:
    "Under `default allow` the globs of an unconditional `deny` and of `hide` also hold for tools that the server adds after the policy was compiled. A glob with an `except` or a condition cannot: it is expanded to the tools of the list.",
  example: {
    fails: "default allow\n\ndeny *_orders, get_* except get_order\n",
    passes: "default allow\n\ndeny *_orders\n",
    tools: shop,
  },
});

export const timeoutOutOfRange = message<{ text: string }>({
  code: "MCPP717",
  severity: "error",
  title: "no such time to wait",
  message: ({ text }) => `An approval waits at most 365 days, not \`${text}\`.`,
  explanation: "`within` says how long a call waits for a person.",
  example: {
    fails: "ask create_refund within 400d\n",
    passes: "ask create_refund within 30s\n",
    tools: shop,
  },
});

const TOO_DEEP = {
  deep: "This is nested more than 64 levels deep, with its definitions in place.",
  large: "This condition has more than 10000 parts, with its definitions in place.",
  long: "This path has more than 64 steps, deeper than the arguments of any call.",
} as const;

export const tooDeep = message<{ what: keyof typeof TOO_DEEP }>({
  code: "MCPP718",
  severity: "error",
  title: "condition too large",
  message: ({ what }) => TOO_DEEP[what],
  hint: ({ what }) => (what === "long" ? undefined : "Split it into several rules."),
  explanation:
    "Every call is judged by the whole condition, so its size has a bound: 64 levels and 10 000 parts, counted after each `let` is put in place.",
  example: {
    fails: `allow create_refund\n${doubling(14)}deny create_refund if c14\n`,
    passes: `allow create_refund\n${doubling(3)}deny create_refund if c3\n`,
    tools: shop,
  },
});

/** Lets of which each mentions the one before twice. */
function doubling(steps: number): string {
  const lines = ["let c0 = args.amount > 5\n"];
  for (let i = 1; i <= steps; i++) {
    lines.push(
      `let c${i} = (c${i - 1} and args.amount > ${i + 5}) or (c${i - 1} and args.amount < ${i + 105})\n`,
    );
  }
  return lines.join("");
}

export const noSchema = message<{ tools: readonly string[] }>({
  code: "MCPP719",
  severity: "error",
  title: "no schema to validate with",
  message: ({ tools }) =>
    `The tool list has no \`inputSchema\` for ${tools.map((name) => `\`${name}\``).join(", ")}, so their arguments cannot be validated.`,
  hint: () => "Run `mcpp pull` again, or leave `validate arguments` out.",
  explanation:
    "`validate arguments` checks each call against the tool's own schema. A tool without one would pass unchecked, which the statement promises not to do.",
  example: {
    fails: "validate arguments\n\nallow ping\n",
    passes: "allow ping\n",
    tools: { server: { name: "shop" }, tools: [{ name: "ping", risk: "read" }] },
  },
});

export const shadowAllow = message<object>({
  code: "MCPP720",
  severity: "warning",
  title: "allow in shadow",
  message: () => "A shadow rule decides nothing, so this `allow` permits nothing.",
  hint: () => "Remove `shadow`, or the rule.",
  explanation:
    "`shadow` is for trying out rules that forbid, ask or limit: what they would have done is recorded. A permission that decides nothing has nothing to record.",
  example: {
    fails: "allow get_order\nshadow allow create_refund\n",
    passes: "allow get_order\nshadow deny create_refund\n",
    tools: shop,
  },
});

export const docsMissing = message<object>({
  code: "MCPP723",
  severity: "error",
  title: "tool list without its texts",
  message: () => "The tool list was written with `--no-docs`, so its tools cannot be pinned.",
  hint: () => "Run `mcpp pull` without `--no-docs`.",
  explanation:
    "A pin is a digest of everything a tool says of itself, its description included: a description that changes can turn an agent. A list without the descriptions has nothing to compare with.",
  example: {
    fails: "pin tools\n\nallow get_order\n",
    passes: "allow get_order\n",
    tools: { ...shop, docs: false },
  },
});

export const allWithEach = message<object>({
  code: "MCPP724",
  severity: "error",
  title: "all and each",
  message: () =>
    "`limit all` is one counter over every tool call, so it cannot be for `each` tool.",
  hint: () => "Leave out `each`, or name the tools: `limit * each …`.",
  explanation: "`limit all` counts every call of every tool into one counter.",
  example: {
    fails: "allow get_order\nlimit all each 10/minute\n",
    passes: "allow get_order\nlimit all 10/minute\n",
    tools: shop,
  },
});

export const noDefinition = message<{ tools: readonly string[] }>({
  code: "MCPP725",
  severity: "error",
  title: "no definition to pin",
  message: ({ tools }) =>
    `The tool list has no definition of ${tools.map((name) => `\`${name}\``).join(", ")} that could be pinned.`,
  hint: () => "Run `mcpp pull` again, or leave `pin tools` out.",
  explanation:
    "A pin is a digest of a tool's definition. A tool that the list does not hold, or whose definition is no valid Unicode text, has none.",
  example: {
    fails: "pin tools\n\nallow get_invoice\n",
    passes: "pin tools\n\nallow get_order\n",
    tools: { ...shop, complete: false },
  },
});

export const unusualUri = message<{ uri: string; problem: string }>({
  code: "MCPP716",
  severity: "error",
  title: "no such URI",
  message: ({ uri, problem }) => `No resource is ever named \`${uri}\`: it ${problem}.`,
  explanation:
    "URIs are compared in their normal form (RFC 3986), and a call with another form is refused. A URI that has no normal form would therefore never match.",
  example: {
    fails: 'allow get_order\nallow resource "file:///docs/../secret"\n',
    passes: 'allow get_order\nallow resource "file:///secret"\n',
    tools: shop,
  },
});

import { message } from "../../language/index.ts";

/**
 * MCPP310 to MCPP339: what a condition or a limit says against the types of the arguments. `at.tools` are
 * the targets of which it is said.
 */

/** The tools of a rule that a problem concerns. */
export interface At {
  readonly tools: readonly string[];
  /** How many tools were looked at; with one, its name adds nothing. */
  readonly of: number;
}

/** `, in `a` and `b``: nothing where the rule has one target. */
function within({ tools, of }: At): string {
  return of === 1 ? "" : ` in ${names(tools)}`;
}

/** `a`, `b` and 3 more. */
function names(tools: readonly string[]): string {
  const shown = tools.slice(0, 3).map((name) => `\`${name}\``);
  const more = tools.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

function listed(known: readonly string[]): string | undefined {
  if (known.length === 0 || known.length > 12) return undefined;
  return known.map((name) => `\`${name}\``).join(", ");
}

const payments = {
  server: { name: "payments" },
  complete: true,
  tools: [
    {
      name: "create_refund",
      risk: "financial",
      inputSchema: {
        type: "object",
        additionalProperties: false,
        required: ["charge", "amount", "reason", "tags", "dry_run"],
        properties: {
          charge: { type: "string" },
          amount: { type: "integer", minimum: 1, maximum: 100_000 },
          reason: { type: "string", enum: ["duplicate", "fraudulent"] },
          note: { type: "string", maxLength: 200 },
          return_to: { type: "string", format: "uri" },
          tags: { type: "array", items: { type: "string" } },
          items: {
            type: "array",
            items: { type: "object", properties: { price: { type: "number" } } },
          },
          extra: {},
          dry_run: { type: "boolean" },
        },
      },
    },
  ],
} as const;

/** A policy with one rule that is wrong, and with the same rule mended. */
function example(fails: string, passes: string) {
  return { fails: `${fails}\n`, passes: `${passes}\n`, tools: payments };
}

function refund(fails: string, passes: string) {
  const policy = (condition: string) =>
    `allow create_refund if ${condition} limit 10/hour per grant`;
  return example(policy(fails), policy(passes));
}

export const unknownArgument = message<{
  at: At;
  /** What has no such part: "" for the tool, else a path. */
  parent: string;
  name: string;
  known: readonly string[];
}>({
  code: "MCPP310",
  severity: "error",
  title: "unknown argument",
  message: ({ at, parent, name }) => {
    if (parent !== "") return `\`${parent}\` has no field \`${name}\`${within(at)}.`;
    const [one, many] = [`The tool ${names(at.tools)} has`, `The tools ${names(at.tools)} have`];
    return `${at.tools.length === 1 ? one : many} no argument \`${name}\`.`;
  },
  hint: ({ known, parent }) => {
    const all = listed(known);
    if (all !== undefined) return `${parent === "" ? "Its arguments" : "Its fields"} are ${all}.`;
    return known.length === 0 ? "It has none." : undefined;
  },
  explanation:
    "A condition reads an argument that the tool's schema does not name. A call never carries it, so the condition would never hold: a `deny` would protect nothing. Where the schema is out of date, run `mcpp pull` again.\n\nA rule for several tools must be right for each of them; those that lack the argument are named. Give them a rule of their own, or take them out with `except`.",
  example: refund("args.amuont <= 500", "args.amount <= 500"),
});

export const unknownLabel = message<{ name: string; known: readonly string[] }>({
  code: "MCPP311",
  severity: "error",
  title: "unknown label",
  message: ({ name }) => `No label \`${name}\` is declared for grants.`,
  hint: ({ name, known }) => {
    const all = listed(known);
    const declared = all === undefined ? "" : ` Declared are ${all}.`;
    return `Declare it with \`labels ${name}\`; \`grant.name\` is the grant's own name.${declared}`;
  },
  explanation:
    "`grant.name` is the name of the grant that makes the call. Every other field of `grant` is a label, and labels are declared, so that a misspelt one is found here and not by the call that it fails to stop.",
  example: refund(
    'grant.team == "support" and args.amount <= 500',
    'grant.name == "support" and args.amount <= 500',
  ),
});

export const unknownClientField = message<{ name: string }>({
  code: "MCPP312",
  severity: "error",
  title: "unknown field of the client",
  message: ({ name }) =>
    name === ""
      ? "`client` and `grant` are no values by themselves."
      : `The client says its \`name\` and its \`version\`, and nothing called \`${name}\`.`,
  hint: () => "Write `client.name`, `client.version`, `grant.name` or a label: `grant.role`.",
  explanation:
    "Of the client, a policy can read `client.name` and `client.version`, as the client itself states them. Of the grant, it can read `grant.name` and the declared labels.",
  example: {
    fails:
      'allow create_refund if args.amount <= 500 limit 10/hour\ndeny create_refund if client.title == "x"\n',
    passes:
      'allow create_refund if args.amount <= 500 limit 10/hour\ndeny create_refund if client.name == "x"\n',
    tools: payments,
  },
});

export const operatorUndefined = message<{
  at: At;
  operator: string;
  operand: string;
  type: string;
  wants: string;
}>({
  code: "MCPP313",
  severity: "error",
  title: "operator not defined for the type",
  message: ({ at, operator, operand, type, wants }) =>
    `\`${operator}\` is for ${wants}, and ${operand} is \`${type}\`${within(at)}.`,
  explanation:
    "`<`, `<=`, `>` and `>=` compare numbers. `starts with`, `ends with`, `matches`, `like` and `under` read strings, `contains` reads strings and lists, and `ignoring case` is for strings. At run time a value of another type is an error, and the call is denied.",
  example: refund("args.charge > 500", "args.amount > 500"),
});

export const outsideEnum = message<{
  at: At;
  operand: string;
  value: string;
  known: readonly string[];
}>({
  code: "MCPP314",
  severity: "error",
  title: "value outside the enumeration",
  message: ({ at, operand, value }) => `${operand} is never \`${value}\`${within(at)}.`,
  hint: ({ known }) => {
    const all = listed(known);
    return all === undefined ? undefined : `It is one of ${all}.`;
  },
  explanation:
    "The schema lists the values that the argument may have, or the policy those of a label, and this is none of them. The comparison would never hold, or always.",
  example: refund('args.reason == "duplicated"', 'args.reason == "duplicate"'),
});

export const neverTrue = message<{ at: At; operand: string; because: string }>({
  code: "MCPP315",
  severity: "warning",
  title: "comparison is never true",
  message: ({ operand, because, at }) =>
    `This is never true, since ${operand} ${because}${within(at)}.`,
  explanation:
    "By the schema, the argument has no value for which the comparison holds. Such a rule does nothing, or, after `unless`, forbids every call. Most often the number or the operator is a slip.",
  example: {
    fails:
      "allow create_refund if args.amount <= 500 limit 10/hour\ndeny create_refund if args.amount > 100_000\n",
    passes:
      "allow create_refund if args.amount <= 500 limit 10/hour\ndeny create_refund if args.amount > 400\n",
    tools: payments,
  },
});

export const alwaysTrue = message<{ at: At; operand: string; because: string }>({
  code: "MCPP316",
  severity: "warning",
  title: "comparison is always true",
  message: ({ operand, because, at }) =>
    `This is always true, since ${operand} ${because}${within(at)}.`,
  explanation:
    "By the schema, the comparison holds for every value of the argument. The condition narrows nothing, so that a rule that looks like a bound is none.",
  example: refund("args.amount <= 100_000", "args.amount <= 50_000"),
});

export const typesDiffer = message<{
  at: At;
  left: string;
  leftType: string;
  right: string;
  rightType: string;
}>({
  code: "MCPP317",
  severity: "error",
  title: "different types compared",
  message: ({ at, left, leftType, right, rightType }) =>
    `${left} is \`${leftType}\`${within(at)}, and ${right} is \`${rightType}\`: they are never equal.`,
  explanation:
    'Values are compared as they are, without conversion: the number 5 and the text "5" differ. At run time a value of the other type is an error, and the call is denied.',
  example: refund('args.amount == "500"', "args.amount == 500"),
});

export const nullCompared = message<{ operator: string }>({
  code: "MCPP318",
  severity: "error",
  title: "comparison with null",
  message: ({ operator }) => `\`${operator}\` with \`null\` never holds.`,
  hint: () => "Absence is seen by `has`, `== null` and `!= null` only.",
  explanation:
    "A missing argument and one that is `null` count as the same. Only `has args.x`, `args.x == null` and `args.x != null` see them; every other comparison is false when its operand is missing.",
  example: refund('args.note in ["a", null]', 'args.note in ["a", "b"]'),
});

export const sumOfNoNumber = message<{ at: At; operand: string; type: string }>({
  code: "MCPP319",
  severity: "error",
  title: "sum of what is no number",
  message: ({ at, operand, type }) =>
    `Only numbers can be added up, and ${operand} is \`${type}\`${within(at)}.`,
  explanation:
    "`limit sum(…)` adds up a number of each call. A call whose value is no number is denied, so that with this limit every call would be.",
  example: example(
    "allow create_refund limit sum(args.charge) to 500/day",
    "allow create_refund limit sum(args.amount) to 500/day",
  ),
});

export const badRegex = message<{ problem: string }>({
  code: "MCPP320",
  severity: "error",
  title: "not a regular expression",
  message: ({ problem }) => `This pattern cannot be used: ${problem}.`,
  hint: () => "Patterns are RE2: no looking ahead or behind, and no references back.",
  explanation:
    "Patterns are RE2, which runs in linear time whatever text a call brings. It has no look-around and no back references, since those are what makes a hostile text take for ever.",
  example: refund("args.charge matches /(?=ch_).+/", "args.charge matches /ch_.+/"),
});

export const notMeasurable = message<{ at: At; measure: string; operand: string; type: string }>({
  code: "MCPP321",
  severity: "error",
  title: "nothing to measure",
  message: ({ at, measure, operand, type }) =>
    measure === "length"
      ? `Strings and lists have a length, and ${operand} is \`${type}\`${within(at)}.`
      : `\`host\` reads a URL, and ${operand} is \`${type}\`${within(at)}.`,
  explanation:
    "`length(…)` counts the characters of a string or the elements of a list. `host(…)` is the host of a URL, which is a string. Of anything else they are an error, and the call is denied.",
  example: refund("length(args.amount) < 5", "length(args.charge) < 50"),
});

export const notIterable = message<{ at: At; operand: string; type: string }>({
  code: "MCPP322",
  severity: "error",
  title: "not a list",
  message: ({ at, operand, type }) =>
    `\`any\` and \`every\` go through a list, and ${operand} is \`${type}\`${within(at)}.`,
  explanation:
    "`any x in args.items (…)` and `every x in args.items (…)` look at the elements of a list. Of anything else they are an error, and the call is denied.",
  example: refund('every x in args.charge (x == "a")', 'every x in args.tags (x == "a")'),
});

export const wrongElse = message<{ at: At; operand: string; type: string; value: string }>({
  code: "MCPP323",
  severity: "error",
  title: "`else` of another type",
  message: ({ at, operand, type, value }) =>
    `${operand} is \`${type}\`${within(at)}, and \`${value}\` stands in for it when it is missing.`,
  explanation:
    "`args.x else 5` is 5 when a call leaves `x` out. The value that stands in is of the type of the argument, or the comparison could not be made.",
  example: refund('args.note else 0 == "a"', 'args.note else "" == "a"'),
});

export const notWalkable = message<{
  at: At;
  operand: string;
  type: string;
  step: string;
  wants: "an object" | "a list";
}>({
  code: "MCPP324",
  severity: "error",
  title: "path leads nowhere",
  message: ({ at, operand, type, step, wants }) =>
    `\`${step}\` looks into ${wants}, and ${operand} is \`${type}\`${within(at)}.`,
  hint: ({ wants, type }) =>
    wants === "an object" && type.startsWith("list")
      ? "To look at the elements, write `any x in … (…)` or `every x in … (…)`."
      : undefined,
  explanation:
    "A path goes into objects by key (`args.customer.id`) and into lists by index (`args.items[0]`). What is neither has no parts: the path is always missing, and a condition on it never holds.",
  example: refund('args.tags.first == "a"', 'args.tags[0] == "a"'),
});

export const noSuchIndex = message<{ at: At; operand: string; length: number; index: number }>({
  code: "MCPP325",
  severity: "error",
  title: "index past the end",
  message: ({ at, operand, length, index }) =>
    `${operand} has at most ${length} ${length === 1 ? "element" : "elements"}${within(at)}, and \`[${index}]\` is past its end.`,
  hint: () => "Indexes count from 0.",
  explanation:
    "The schema bounds the list, and this index is beyond the bound. The path is always missing, and a condition on it never holds.",
  example: {
    fails: "allow move if args.to[2] < 5\n",
    passes: "allow move if args.to[1] < 5\n",
    tools: {
      server: { name: "robot" },
      complete: true,
      tools: [
        {
          name: "move",
          risk: "write",
          inputSchema: {
            type: "object",
            required: ["to"],
            additionalProperties: false,
            properties: {
              to: {
                type: "array",
                prefixItems: [{ type: "number" }, { type: "number" }],
                items: false,
                minItems: 2,
              },
            },
          },
        },
      ],
    },
  },
});

export const listNeeded = message<{ operator: string }>({
  code: "MCPP326",
  severity: "error",
  title: "list needed",
  message: ({ operator }) => `\`${operator}\` needs a list on its right.`,
  hint: () => 'Write `in ["a", "b"]`, or `==` for one value.',
  explanation: "`in` and `not in` look for a value in a list, which stands on their right.",
  example: refund('args.reason in "duplicate"', 'args.reason in ["duplicate"]'),
});

export const mixedList = message<{ first: string; other: string }>({
  code: "MCPP327",
  severity: "error",
  title: "list of different types",
  message: ({ first, other }) =>
    `The elements of a list have one type; this one holds \`${first}\` and \`${other}\`.`,
  explanation:
    "A value is of one type, so that some elements of such a list could never be equal to it. Most often quotes are missing, or stand where they should not.",
  example: refund('args.amount in [100, "200"]', "args.amount in [100, 200]"),
});

export const constantComparison = message<object>({
  code: "MCPP328",
  severity: "error",
  title: "nothing of the call is read",
  message: () => "Both sides are constants, so this says nothing about the call.",
  hint: () => "An argument is written `args.name`.",
  explanation:
    "A comparison reads something of the call on one of its sides at least. One of two constants is always true or always false.",
  example: refund("5 <= 500", "args.amount <= 500"),
});

export const notAPlace = message<{ value: string; problem: string }>({
  code: "MCPP329",
  severity: "error",
  title: "not a path or URL",
  message: ({ value, problem }) => `\`${value}\` cannot stand after \`under\`: ${problem}.`,
  explanation:
    "`under` compares with an absolute path such as `/srv/out` or a URL such as `https://*.example.com/docs`, written in plain form. Nothing lies under anything else.",
  example: refund(
    'args.return_to under "example.com"',
    'args.return_to under "https://example.com"',
  ),
});

export const badKey = message<{ at: At; operand: string; type: string }>({
  code: "MCPP330",
  severity: "error",
  title: "not a key for a limit",
  message: ({ at, operand, type }) =>
    `A limit cannot be split by ${operand}, which is \`${type}\`${within(at)}.`,
  hint: () => "Split it by a string, a number or a boolean.",
  explanation:
    "`per args.x` counts the calls of each value of `x` apart. A call whose value is an object or a list is denied, so that with this limit every call would be.",
  example: example(
    "allow create_refund limit 10/hour per args.tags\nlimit create_refund 100/hour",
    "allow create_refund limit 10/hour per args.charge\nlimit create_refund 100/hour as all_refunds",
  ),
});

export const unknownZone = message<{ name: string }>({
  code: "MCPP331",
  severity: "error",
  title: "unknown time zone",
  message: ({ name }) => `\`${name}\` is not a time zone.`,
  hint: () => "Zones have IANA names, such as `Europe/Berlin` or `UTC`.",
  explanation:
    "Hours and days are those of a time zone by its IANA name. Offsets such as `+02:00` and abbreviations are not accepted, because they do not know of summer time.",
  example: refund(
    'args.amount <= 500 and during mon-fri in "Europe/Berln"',
    'args.amount <= 500 and during mon-fri in "Europe/Berlin"',
  ),
});

export const notChecked = message<{ at: At; operands: readonly string[]; why: string }>({
  code: "MCPP339",
  severity: "info",
  title: "type not checked",
  message: ({ at, operands, why }) => {
    const subject = `${names(operands)} ${operands.length === 1 ? "is" : "are"}`;
    return `${subject} not checked${within(at)}, because ${why}.`;
  },
  explanation:
    "The schema says nothing of this argument's type, or says it in a way that is not understood. The condition is accepted as it is written; at run time a value of the wrong type is an error, and the call is denied.",
  example: refund('args.extra == "x"', 'args.charge == "x"'),
});

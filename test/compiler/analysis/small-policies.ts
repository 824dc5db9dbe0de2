import fc from "fast-check";
import type { JudgedCall } from "../../../compiler/host.ts";
import type {
  AskEntry,
  CompareEntry,
  ConditionEntry,
  Json,
  Operator,
  Policy,
  RuleEntry,
} from "../../../policy/index.ts";

/**
 * Policies about one tool over a few small values, and every call that tells such policies apart: they mention no
 * number but 1 and 2, and no text but `x`, `y` and their parts.
 */
export const TOOL = "act";

type Choices = readonly (Json | undefined)[];

const SCALARS: Choices = [undefined, null, true, false, 0, 1, 1.5, 2, 3, "", "x", "y", "xy", "z"];
const NUMBERS: Choices = [undefined, 0, 1, 1.5, 2, 3, "x"];
const ELEMENTS: readonly Json[] = [null, 0, 1, 1.5, 2, 3, "x", "y", "z", true];

/** Lists of at most two elements, and what is no list. */
const LISTS: Choices = [
  undefined,
  "x",
  1,
  {},
  [],
  ...ELEMENTS.map((one) => [one]),
  ...ELEMENTS.flatMap((one) => ELEMENTS.map((other) => [one, other])),
];

const ROLES = [undefined, "dev", "ops", "x"] as const;

type Field = "a" | "n" | "l" | "role" | "time";

/** What the conditions of one example read: few enough that every call can be tried. */
export const fields = fc.constantFrom<readonly Field[]>(
  ["a", "n"],
  ["a", "l"],
  ["n", "l"],
  ["a", "role"],
  ["a", "n", "role"],
  ["n", "time"],
  ["a", "time"],
  ["l", "role"],
);

export function conditionOver(fields: readonly Field[]): fc.Arbitrary<ConditionEntry> {
  return conditions(fields).tree;
}

const conditions = (fields: readonly Field[]) =>
  fc.letrec<{ tree: ConditionEntry; leaf: ConditionEntry }>((tie) => {
    const scalar = fc.constantFrom<Json>(1, 2, "x", "y", true);
    const number = fc.constantFrom(1, 2);
    const flags = fc.record(
      {
        negate: fc.constant(true as const),
        else: fc.constantFrom<Json>(1, "x", true),
      },
      { requiredKeys: [] },
    );
    const compared = (path: string) =>
      fc
        .oneof(
          fc.record({ op: fc.constantFrom<Operator>("eq", "neq"), value: scalar }),
          fc.record({ op: fc.constantFrom<Operator>("lt", "lte", "gt", "gte"), value: number }),
          fc.record({
            op: fc.constantFrom<Operator>("in", "not_in"),
            value: fc.array(scalar, { minLength: 1, maxLength: 2 }),
          }),
          fc.record({
            op: fc.constant<Operator>("regex"),
            value: fc.constantFrom("^(?s:x.*)$", "y", "^(?s:x|y)$", "^(?s:.)$"),
          }),
          fc.record({ op: fc.constant<Operator>("contains"), value: fc.constantFrom("x", "xy") }),
        )
        .chain((test) => flags.map((more): CompareEntry => ({ path, ...test, ...more })));
    const presence = (path: string) =>
      fc.oneof(
        fc.boolean().map((value): ConditionEntry => ({ path, op: "exists", value })),
        fc
          .constantFrom<Operator>("eq", "neq")
          .map((op): ConditionEntry => ({ path, op, value: null })),
      );
    const element = fc.oneof(
      fc
        .tuple(fc.constantFrom<Operator>("eq", "neq"), scalar)
        .map(([op, value]): ConditionEntry => ({ path: "item", op, value })),
      fc
        .tuple(fc.constantFrom<Operator>("lt", "gte"), number)
        .map(([op, value]): ConditionEntry => ({ path: "item", op, value })),
      fc.constant<ConditionEntry>({ path: "item", op: "exists", value: true }),
    );
    const reads = (...needed: readonly Field[]): boolean =>
      needed.every((field) => fields.includes(field));
    const elements = reads("a")
      ? fc.oneof(element, fc.constant<ConditionEntry>({ path: "item", op: "eq", path2: "args.a" }))
      : element;
    const leaves = [
      ...(reads("a") ? [compared("args.a"), presence("args.a")] : []),
      ...(reads("n") ? [compared("args.n"), presence("args.n")] : []),
      ...(reads("a", "n") ? [betweenBoth] : []),
      ...(reads("l") ? listLeaves(elements, scalar, number) : []),
      ...(reads("role")
        ? [
            fc
              .constantFrom("dev", "ops")
              .map((value): ConditionEntry => ({ path: "grant.role", op: "eq", value })),
          ]
        : []),
      ...(reads("a", "role")
        ? [
            fc
              .constantFrom<Operator>("eq", "neq")
              .map((op): ConditionEntry => ({ path: "args.a", op, path2: "grant.role" })),
          ]
        : []),
      ...(reads("time")
        ? [
            fc.constantFrom<ConditionEntry>(
              { during: { days: ["mon", "tue"], from: "08:00", to: "18:00" } },
              { during: { days: ["tue", "sun"], from: "20:00", to: "04:00" }, negate: true },
              { before: "2026-01-06" },
              { after: "2026-01-05" },
            ),
          ]
        : []),
    ];
    return {
      leaf: fc.oneof(...leaves),
      tree: fc.oneof(
        { maxDepth: 2, depthSize: "small" },
        { weight: 3, arbitrary: tie("leaf") },
        fc
          .tuple(fc.boolean(), fc.array(tie("tree"), { minLength: 2, maxLength: 2 }))
          .map(([all, parts]): ConditionEntry => (all ? { all: parts } : { any: parts })),
      ),
    };
  });

const betweenBoth = fc
  .tuple(fc.constantFrom<Operator>("eq", "neq", "lt", "lte", "gt"), fc.boolean())
  .map(
    ([op, negate]): ConditionEntry => ({
      path: "args.a",
      op,
      path2: "args.n",
      ...(negate && { negate: true as const }),
    }),
  );

function listLeaves(
  elements: fc.Arbitrary<ConditionEntry>,
  scalar: fc.Arbitrary<Json>,
  number: fc.Arbitrary<number>,
): fc.Arbitrary<ConditionEntry>[] {
  return [
    elements.map((where): ConditionEntry => ({ some: "args.l", as: "item", where })),
    elements.map((where): ConditionEntry => ({ every: "args.l", as: "item", where })),
    fc
      .tuple(fc.constantFrom<Operator>("eq", "lt", "gte"), number)
      .map(([op, value]): ConditionEntry => ({ path: "args.l", of: "length", op, value })),
    fc
      .constantFrom<Json>([], ["x"], [1, "y"])
      .map((value): ConditionEntry => ({ path: "args.l", op: "eq", value })),
    scalar.map((value): ConditionEntry => ({ path: "args.l", op: "contains", value })),
    scalar.map((value): ConditionEntry => ({ path: ["args", "l", 0], op: "neq", value })),
  ];
}

/** What a schema may say of the arguments. */
const schema = fc.constantFrom<Json>(
  { type: "object" },
  {
    type: "object",
    properties: { a: { type: "string" }, n: { type: "integer", minimum: 1, maximum: 2 } },
    required: ["n"],
  },
  {
    type: "object",
    properties: { a: { enum: ["x", "y", 1] }, l: { type: "array", maxItems: 1 } },
    required: ["a"],
    additionalProperties: false,
  },
);

export function policyOver(fields: readonly Field[]): fc.Arbitrary<Policy> {
  const condition = conditionOver(fields);
  const entry = fc
    .array(condition, { minLength: 1, maxLength: 2 })
    .map((conditions): RuleEntry => ({ conditions }));
  const asking = fc.record(
    {
      conditions: fc.array(condition, { maxLength: 1 }),
      approvers: fc.constantFrom(["leads"], ["leads", "owners"]),
    },
    { requiredKeys: ["conditions"] },
  ) as fc.Arbitrary<AskEntry>;
  return fc
    .record(
      {
        require: fc.array(entry, { maxLength: 2 }),
        deny_if: fc.array(entry, { maxLength: 2 }),
        ask_if: fc.array(asking, { maxLength: 1 }),
        input_schema: schema,
      },
      { requiredKeys: ["require", "deny_if", "ask_if"] },
    )
    .map((tool): Policy => {
      const validate = tool.input_schema === undefined ? {} : { validate: "declared" as const };
      return { version: "1", default: "deny", ...validate, tools: { [TOOL]: tool } };
    });
}

/** Times on each side of everything that the conditions tell apart. */
const TIMES = [
  "2026-01-05T03:00Z",
  "2026-01-05T10:00Z",
  "2026-01-06T10:00Z",
  "2026-01-06T21:00Z",
  "2026-01-07T03:30Z",
  "2026-01-11T21:00Z",
  "2026-01-07T10:00Z",
].map((time) => Date.parse(time));

/** What a policy reads. */
function reads(policies: readonly unknown[]): (name: string) => boolean {
  const text = JSON.stringify(policies);
  return (name) => text.includes(name);
}

/** Every call that tells these policies and conditions apart. */
export function* callsFor(...policies: readonly unknown[]): Iterable<JudgedCall> {
  const read = reads(policies);
  const choose = (name: string, choices: Choices, few: Choices): Choices => {
    if (read(`args.${name}`) || read(`"args","${name}"`)) return choices;
    // A schema tells fewer values apart than conditions do.
    return read(`"${name}":{`) ? few : [undefined];
  };
  const times = read('"during"') || read('"before"') || read('"after"') ? TIMES : [TIMES[1]];
  const roles = read("grant.role") ? ROLES : [undefined];
  for (const a of choose("a", SCALARS, [undefined, null, "x", "z", 1, true])) {
    for (const n of choose("n", NUMBERS, [undefined, 0, 1, 1.5, 3, "x"])) {
      for (const l of choose("l", LISTS, [undefined, [], ["x"], [1, 2], "x"])) {
        const args = Object.fromEntries(
          Object.entries({ a, n, l }).filter(
            (pair): pair is [string, Json] => pair[1] !== undefined,
          ),
        );
        for (const role of roles) {
          for (const now of times) {
            yield {
              tool: TOOL,
              args,
              grant: { id: "local", name: "local", labels: role === undefined ? {} : { role } },
              now: now as number,
              anyTime: false,
            };
          }
        }
      }
    }
  }
}

import fc from "fast-check";
import type {
  Amount,
  CallStep,
  Claim,
  Condition,
  Document,
  Guard,
  Item,
  LimitClause,
  Literal,
  Name,
  ObjectNode,
  Operand,
  Path,
  PathStep,
  Rule,
  Scope,
  Statement,
  Step,
  StringNode,
  Targets,
  Value,
} from "../../language/index.ts";
import { durationMs, RESERVED, Source, timeMinutes } from "../../language/index.ts";

/**
 * Random documents, as trees in canonical form: what `format` prints is read back as the same tree. Their spans
 * are empty; `withoutSpans` makes two trees comparable.
 */

const span = { start: 0, end: 0 };

const BARE = /^[A-Za-z_][A-Za-z0-9_-]*$/;

const contextual = [
  "minute",
  "to",
  "x",
  "matches",
  "mon",
  "host",
  "wait",
  "at",
  "approved",
  "session",
  "else",
];

/** A bare name: tools, lets, labels. */
const word = fc.oneof(
  fc.constantFrom("list_charges", "create_refund", "get-user", "a", "B2", ...contextual),
  fc
    .stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/)
    .filter((name) => !RESERVED.has(name) && name !== "during"),
);

const letName = fc.constantFrom("max_refund", "office", "limit_of_day", "sum_total", "hours");
const variableName = fc.constantFrom("item", "i", "entry");

const text = fc.oneof(
  fc.constantFrom(
    "finance",
    "Refunds over $100.00 are made by finance.",
    'say "no"',
    "C:\\dir",
    "ünïcode ✓",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const nonEmptyText = text.filter((value) => value !== "");

const stringNode = text.map((value): StringNode => ({ kind: "string", value, span }));
const nonEmptyString = nonEmptyText.map((value): StringNode => ({ kind: "string", value, span }));

function numberOf(written: string) {
  return {
    kind: "number" as const,
    text: written,
    value: Number(written.replaceAll("_", "")),
    span,
  };
}

const wholeNumber = fc
  .oneof(
    fc.constantFrom("10", "100_00", "1", "60"),
    fc.integer({ min: 1, max: 999_999_999 }).map(String),
  )
  .map(numberOf);

const numberNode = fc
  .oneof(
    fc.constantFrom("0", "-5", "0.5", "-12.25", "500_00", "9007199254740991"),
    fc.integer({ min: -1_000_000, max: 1_000_000 }).map(String),
  )
  .map(numberOf);

const plainLiteral: fc.Arbitrary<Literal> = fc.oneof(
  stringNode,
  numberNode,
  fc.boolean().map((value): Literal => ({ kind: "boolean", value, span })),
  fc.constant<Literal>({ kind: "null", span }),
);

const literal: fc.Arbitrary<Literal> = fc.oneof(
  { weight: 4, arbitrary: plainLiteral },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.oneof(plainLiteral, fc.array(plainLiteral, { maxLength: 2 }).map(listOf)), {
        maxLength: 4,
      })
      .map(listOf),
  },
);

function listOf(items: readonly Literal[]): Literal {
  return { kind: "list", items, span };
}

function nameOf(value: string): Name {
  return { value, quoted: !BARE.test(value) || RESERVED.has(value), span };
}

const anyName = fc
  .oneof(word, nonEmptyText, fc.constantFrom("limit", "fs/read", "a.b"))
  .map(nameOf);

// Values of tests ----------------------------------------------------------------------------------

const key = fc.oneof(word, fc.constantFrom("limit", "deny", "as", "", "__proto__", "a b"), text);

const { object: objectNode } = fc.letrec<{ value: Value; object: ObjectNode }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "value" },
    plainLiteral as fc.Arbitrary<Value>,
    fc.array(tie("value"), { maxLength: 3 }).map((items): Value => ({ kind: "list", items, span })),
    tie("object"),
  ),
  object: fc
    .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 3, selector: ([name]) => name })
    .map(
      (entries): ObjectNode => ({
        kind: "object",
        entries: entries.map(([name, value]) => ({
          key: { value: name, quoted: !BARE.test(name), span },
          value,
          span,
        })),
        span,
      }),
    ),
}));

// Paths and conditions -----------------------------------------------------------------------------

const step: fc.Arbitrary<PathStep> = fc.oneof(
  fc
    .oneof(word, fc.constantFrom("limit", "amount", "a b", "", "0"), text)
    .map((value): PathStep => ({ kind: "key", value, quoted: !BARE.test(value), span })),
  fc.nat({ max: 20 }).map((value): PathStep => ({ kind: "index", value, quoted: false, span })),
);

function pathOf(root: string, steps: readonly PathStep[]): Path {
  return { kind: "path", root: { value: root, quoted: false, span }, steps, span };
}

const argumentPath = fc
  .array(step, { minLength: 1, maxLength: 3 })
  .map((steps) => pathOf("args", steps));

/** `variables` are those of the quantifiers around. */
function path(variables: readonly string[]): fc.Arbitrary<Path> {
  return fc
    .tuple(
      fc.constantFrom("args", "grant", "client", ...variables),
      fc.array(step, { maxLength: 3 }),
    )
    .map(([root, steps]) => pathOf(root, steps));
}

function operand(variables: readonly string[]): fc.Arbitrary<Operand> {
  const anyPath = path(variables);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: anyPath.map((path): Operand => ({ kind: "path-operand", path, span })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(anyPath, literal)
        .map(([path, fallback]): Operand => ({ kind: "path-operand", path, else: fallback, span })),
    },
    { weight: 3, arbitrary: literal as fc.Arbitrary<Operand> },
    {
      weight: 1,
      arbitrary: letName.map((name): Operand => ({ kind: "reference", name: nameOf(name), span })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("length" as const, "host" as const), anyPath)
        .map(([kind, path]): Operand => ({ kind, path, span })),
    },
  );
}

const regex = fc
  .tuple(
    fc.oneof(
      fc.constantFrom("rm.*", "a/b", "[/]x", "\\d+\\.", "(?m)^x$"),
      fc.stringMatching(/^[a-z.+()]{1,6}$/),
    ),
    fc.boolean(),
  )
  .map(([pattern, ignoreCase]) => ({ kind: "regex" as const, pattern, ignoreCase, span }));

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const day = fc
  .tuple(fc.constantFrom(...days), fc.constantFrom(...days))
  .map(([first, last]) => ({ first, last, span }));

const time = fc
  .tuple(fc.nat({ max: 23 }), fc.nat({ max: 59 }))
  .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`)
  .map((written) => ({
    kind: "time" as const,
    text: written,
    minutes: timeMinutes(written) as number,
    span,
  }));

const times = fc.tuple(time, time).filter(([from, to]) => from.minutes !== to.minutes);

const date = fc
  .date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
  .map((value) => ({ kind: "date" as const, text: value.toISOString().slice(0, 10), span }));

const during: fc.Arbitrary<Condition> = fc
  .record({
    days: fc.option(fc.array(day, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    times: fc.option(times, { nil: undefined }),
    zone: fc.option(nonEmptyString, { nil: undefined }),
  })
  .filter(({ days, times }) => days !== undefined || times !== undefined)
  .map(({ days, times, zone }) => ({
    kind: "during",
    ...(days === undefined ? {} : { days }),
    ...(times === undefined ? {} : { from: times[0], to: times[1] }),
    ...(zone === undefined ? {} : { zone }),
    span,
  }));

function comparison(variables: readonly string[]): fc.Arbitrary<Condition> {
  const side = operand(variables);
  const plain = fc.tuple(
    side,
    fc.constantFrom(
      ...(["==", "!=", "<", "<=", ">", ">=", "in", "not in"] as const),
      ...(["contains", "starts with", "ends with", "like", "under"] as const),
    ),
    side,
  );
  const patterns = fc.tuple(side, fc.constantFrom("matches" as const, "contains" as const), regex);
  return fc
    .tuple(fc.oneof(plain, patterns), fc.boolean())
    .map(([[left, operator, right], ignoring]) => ({
      kind: "comparison",
      left,
      operator,
      operatorSpan: span,
      right,
      ...(ignoring ? { ignoringCase: span } : {}),
      span,
    }));
}

function condition(depth = 3, variables: readonly string[] = []): fc.Arbitrary<Condition> {
  const leaf = fc.oneof(
    { weight: 5, arbitrary: comparison(variables) },
    {
      weight: 1,
      arbitrary: letName.map(
        (name): Condition => ({ kind: "reference", name: nameOf(name), span }),
      ),
    },
    {
      weight: 1,
      arbitrary: path(variables).map((path): Condition => ({ kind: "has", path, span })),
    },
    { weight: 1, arbitrary: during },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("before" as const, "after" as const), date)
        .map(([kind, date]): Condition => ({ kind, date, span })),
    },
  );
  if (depth === 0) return leaf;
  const inner = condition(depth - 1, variables);
  return fc.oneof(
    { weight: 4, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom("and" as const, "or" as const),
          fc.array(inner, { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, operands]): Condition => ({ kind, operands, span })),
    },
    { weight: 1, arbitrary: inner.map((operand): Condition => ({ kind: "not", operand, span })) },
    {
      weight: 1,
      arbitrary: variableName.chain((variable) =>
        fc
          .tuple(
            fc.constantFrom("any" as const, "every" as const),
            path(variables),
            condition(depth - 1, [...variables, variable]),
          )
          .map(
            ([kind, path, condition]): Condition => ({
              kind,
              variable: nameOf(variable),
              path,
              condition,
              span,
            }),
          ),
      ),
    },
  );
}

// Targets and rules --------------------------------------------------------------------------------

function itemOf(kind: Item["kind"], value: string): Item {
  if (kind === "group") return { kind, value, quoted: false, span };
  const isBare =
    kind === "name"
      ? BARE.test(value) && !RESERVED.has(value)
      : /^[A-Za-z_*?][A-Za-z0-9_*?-]*$/.test(value);
  return { kind, value, quoted: !isBare, span };
}

const item = fc.oneof(
  word.map((value) => itemOf("name", value)),
  fc.constantFrom("fs/read", "limit", "a.b", "mcp:tool").map((value) => itemOf("name", value)),
  fc.constantFrom("*", "list_*", "get_?", "*_all", "fs/*").map((value) => itemOf("glob", value)),
  fc.constantFrom("read", "write", "execute", "lookups").map((value) => itemOf("group", value)),
);

const targets: fc.Arbitrary<Targets> = fc
  .tuple(fc.array(item, { minLength: 1, maxLength: 3 }), fc.array(item, { maxLength: 2 }))
  .map(([items, except]) => ({ kind: "targets", of: "tool", items, except, span }));

const otherTargets: fc.Arbitrary<Targets> = fc
  .tuple(
    fc.constantFrom("resource" as const, "prompt" as const),
    fc.constantFrom("file:///a?b", "greeting", "x_*", "file:///srv/*"),
  )
  .map(([of, value]) => ({
    kind: "targets",
    of,
    ofSpan: span,
    items: [itemOf(value.includes("*") ? "glob" : "name", value)],
    except: [],
    span,
  }));

const anyTargets = fc.oneof(
  { weight: 6, arbitrary: targets },
  { weight: 1, arbitrary: otherTargets },
);

const amount: fc.Arbitrary<Amount> = fc
  .record({
    kind: fc.constantFrom("count" as const, "sum" as const, "concurrent" as const),
    max: wholeNumber,
    path: path([]),
    unit: fc.constantFrom(...(["second", "minute", "hour", "day", "week", "month"] as const)),
    every: fc.option(
      fc.integer({ min: 2, max: 90 }).map((value) => numberOf(String(value))),
      { nil: undefined },
    ),
    sliding: fc.boolean(),
  })
  .map(({ kind, max, path, unit, every, sliding }): Amount => {
    if (kind === "concurrent") return { kind, max, sliding: false, span };
    const window = { ...(every === undefined ? {} : { every }), unit, span };
    return {
      kind,
      max,
      ...(kind === "sum" ? { path } : {}),
      window,
      sliding: sliding || every !== undefined,
      span,
    };
  });

const scope: fc.Arbitrary<Scope> = fc
  .tuple(
    fc.option(fc.constantFrom("grant" as const, "session" as const, "server" as const), {
      nil: undefined,
    }),
    fc.array(argumentPath, { maxLength: 2 }),
  )
  .map(([value, paths]) => [
    ...(value === undefined ? [] : [{ kind: "scope" as const, value, span }]),
    ...paths,
  ])
  .filter((keys) => keys.length > 0)
  .map((keys) => ({ keys, span }));

const limitClause: fc.Arbitrary<LimitClause> = fc
  .record({
    each: fc.boolean(),
    amount,
    scope: fc.option(scope, { nil: undefined }),
    as: fc.option(word.map(nameOf), { nil: undefined }),
  })
  .map(({ each, amount, scope, as }) => ({
    kind: "limit-clause",
    each,
    amount,
    ...(scope === undefined ? {} : { scope }),
    ...(as === undefined ? {} : { as }),
    span,
  }));

function guard(...kinds: readonly Guard["kind"][]): fc.Arbitrary<Guard | undefined> {
  return fc.option(
    fc
      .tuple(fc.constantFrom(...kinds), condition())
      .map(([kind, condition]) => ({ kind, condition, span })),
    { nil: undefined },
  );
}

const duration = fc.constantFrom("500ms", "30s", "10m", "24h", "7d").map((written) => ({
  kind: "duration" as const,
  text: written,
  ms: durationMs(written) as number,
  span,
}));

const because = fc.option(stringNode, { nil: undefined });
const until = fc.option(date, { nil: undefined });

/** Without the keys that are undefined. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

interface RuleKinds {
  readonly targets: boolean;
  readonly hide: boolean;
}

function rule({ targets: named, hide }: RuleKinds): fc.Arbitrary<Rule> {
  const of = named ? anyTargets : fc.constant(undefined);
  const limits = named ? fc.array(limitClause, { maxLength: 2 }) : fc.constant<LimitClause[]>([]);
  const shadow = fc.option(fc.constant(span), { nil: undefined, freq: 5 });
  const common = { shadow, keyword: fc.constant(span), targets: of, span: fc.constant(span) };
  const limit = fc
    .record({
      ...common,
      kind: fc.constant("limit" as const),
      limit: limitClause,
      guard: guard("if"),
      because,
      isAll: fc.boolean(),
    })
    .map(({ isAll, targets, ...rest }) =>
      isAll && named ? { ...rest, all: span } : { ...rest, targets },
    );
  const kinds: fc.Arbitrary<object>[] = [
    fc.record({
      ...common,
      kind: fc.constant("allow"),
      guard: guard("if"),
      limits,
      because,
      until,
    }),
    fc.record({ ...common, kind: fc.constant("deny"), guard: guard("if", "unless"), because }),
    fc.record({
      ...common,
      kind: fc.constant("ask"),
      guard: guard("if", "unless"),
      limits,
      because,
      until,
      by: fc.option(fc.array(nonEmptyString, { minLength: 1, maxLength: 2 }), { nil: undefined }),
      within: fc.option(duration, { nil: undefined }),
    }),
    limit,
  ];
  if (hide) kinds.push(fc.record({ ...common, kind: fc.constant("hide") }));
  return fc.oneof(...kinds).map((node) => defined(node) as Rule);
}

const topRule = rule({ targets: true, hide: true });
const bareRule = rule({ targets: false, hide: true });
const whenRule = rule({ targets: true, hide: false });

const on: fc.Arbitrary<Statement> = fc
  .tuple(anyTargets, fc.array(bareRule, { maxLength: 4 }))
  .map(([targets, body]) => ({ kind: "on", targets, body, span }));

const when: fc.Arbitrary<Statement> = fc.letrec<{ when: Statement }>((tie) => ({
  when: fc
    .tuple(
      condition(2),
      fc.array(fc.oneof({ maxDepth: 2, depthIdentifier: "when" }, whenRule, on, tie("when")), {
        maxLength: 3,
      }),
    )
    .map(([condition, body]) => ({ kind: "when", condition, body, span }) as Statement),
})).when;

// Tests and the rest -------------------------------------------------------------------------------

const grant = fc
  .tuple(nonEmptyString, fc.option(objectNode, { nil: undefined }))
  .map(([grant, labels]) => ({ grant, ...(labels === undefined ? {} : { labels }), span }));

const call: fc.Arbitrary<Step> = fc
  .record({
    repeat: fc.option(
      fc.integer({ min: 1, max: 500 }).map((value) => numberOf(String(value))),
      { nil: undefined },
    ),
    approved: fc.boolean(),
    tool: anyName,
    args: objectNode,
    expect: fc.constantFrom(...(["allow", "deny", "hide", "ask"] as const)),
    message: fc.option(stringNode, { nil: undefined }),
  })
  .map(({ message, ...rest }) => {
    const node = { kind: "call" as const, ...rest, span };
    return defined(rest.expect === "deny" ? { ...node, message } : node) as CallStep;
  });

const simpleStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: call },
  { weight: 1, arbitrary: duration.map((duration): Step => ({ kind: "wait", duration, span })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("2026-11-23T10:00+01:00", "2026-11-23T10:00:30Z")
      .map((value): Step => ({ kind: "at", time: { kind: "string", value, span }, span })),
  },
);

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: simpleStep },
    {
      weight: 1,
      arbitrary: fc
        .tuple(grant, fc.array(simpleStep, { maxLength: 2 }))
        .map(([as, steps]): Step => ({ kind: "as", as, steps, span })),
    },
  ),
  { maxLength: 4 },
);

const test: fc.Arbitrary<Statement> = fc
  .record({ name: stringNode, as: fc.option(grant, { nil: undefined }), steps })
  .map((node) => defined({ kind: "test" as const, ...node, span }) as Statement);

const claim: fc.Arbitrary<Statement> = fc
  .record({
    claim: fc.constantFrom("always deny" as const, "never allow" as const),
    targets: anyTargets,
    guard: guard("if"),
  })
  .map((node) => defined({ kind: "claim" as const, ...node, span }) as Claim);

const declaration: fc.Arbitrary<Statement> = fc.oneof(
  fc.tuple(anyName, fc.option(nonEmptyString, { nil: undefined })).map(
    ([name, tools]): Statement => ({
      kind: "server",
      name,
      ...(tools === undefined ? {} : { tools }),
      span,
    }),
  ),
  fc
    .tuple(
      fc.constantFrom(...(["allow", "deny", "hide"] as const)),
      fc.constantFrom(...(["tool", "resource", "prompt"] as const)),
    )
    .map(([effect, of]): Statement => ({ kind: "default", effect, effectSpan: span, of, span })),
  fc.boolean().map((strictly): Statement => ({ kind: "validate", strictly, span })),
  fc.constant<Statement>({ kind: "pin", span }),
  fc
    .array(
      fc
        .tuple(anyName, fc.array(stringNode, { maxLength: 3 }))
        .map(([name, values]) => ({ name, ...(values.length === 0 ? {} : { values }), span })),
      { minLength: 1, maxLength: 3 },
    )
    .map((labels): Statement => ({ kind: "labels", labels, span })),
  nonEmptyString.map((path): Statement => ({ kind: "import", path, span })),
  fc
    .tuple(letName, fc.oneof(literal, condition()))
    .map(([name, value]): Statement => ({ kind: "let", name: nameOf(name), value, span })),
  fc.tuple(fc.constantFrom("lookups", "payments"), targets).map(
    ([name, targets]): Statement => ({
      kind: "group",
      name: { value: name, quoted: false, span },
      targets,
      span,
    }),
  ),
);

/** Any statement that is not broken. */
export const arbitraryStatement: fc.Arbitrary<Statement> = fc.oneof(
  { weight: 3, arbitrary: declaration },
  { weight: 5, arbitrary: topRule as fc.Arbitrary<Statement> },
  { weight: 2, arbitrary: on },
  { weight: 1, arbitrary: when },
  { weight: 2, arbitrary: test },
  { weight: 1, arbitrary: claim },
);

export const arbitraryCondition: fc.Arbitrary<Condition> = condition();

/** A document without comments; any statement may stand any number of times. */
export const arbitraryDocument: fc.Arbitrary<Document> = fc
  .array(arbitraryStatement, { maxLength: 8 })
  .map((statements) => ({
    kind: "document",
    source: new Source("arbitrary.mcpp", ""),
    statements,
    comments: [],
    span,
  }));

/** A tree without its places, so that what is written can be compared. */
export function withoutSpans(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSpans);
  if (typeof node !== "object" || node === null || node instanceof Source) return node;
  const entries = Object.entries(node).filter(([name]) => name !== "span" && name !== "source");
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSpan(value) ? "span" : withoutSpans(value)]),
  );
}

function isSpan(value: unknown): boolean {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return keys.length === 2 && keys.includes("start") && keys.includes("end");
}

/** How often a property is tried: `MCPP_RUNS` multiplies it. */
export function runs(count: number): number {
  return count * Number(process.env.MCPP_RUNS ?? 1);
}

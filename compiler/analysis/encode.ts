import {
  type CompareEntry,
  type ConditionEntry,
  canonicalJson,
  DAY_MS,
  type Json,
  type Operator,
  type PathJson,
  parsePath,
  startOfDay,
} from "../../policy/index.ts";
import {
  all,
  any,
  DAY,
  FALSE,
  type Formula,
  fact,
  literal,
  measureAt,
  not,
  type Operand,
  pathKey,
  type Steps,
  TRUE,
  valueAt,
  weekIn,
} from "./formula.ts";
import { minutesOfWeek } from "./moments.ts";
import { satisfied } from "./satisfied.ts";
import {
  between,
  complement,
  intersect,
  LISTS,
  MISSING,
  NUMBERS,
  only,
  PRESENT,
  STRINGS,
  union,
} from "./values.ts";
import { kindOf, type Verdict, verdictOn } from "./verdicts.ts";

/**
 * When a condition is true, and when it is true or an error; the calls between the two are those on which
 * evaluation fails. (policy format § Evaluation of one condition: false < error < true.)
 */
export interface Truth {
  readonly isTrue: Formula;
  readonly notFalse: Formula;
}

/** What the variables of enclosing list conditions stand for, by their names. */
type Variables = ReadonlyMap<string, Steps>;

const NONE: Variables = new Map();

/** The truth of the conditions of an entry: all of them together. */
export function encodeAll(entries: readonly ConditionEntry[]): Truth {
  return together(
    all,
    entries.map((entry) => encode(entry)),
  );
}

/** The truth of a condition of a policy. */
export function encode(entry: ConditionEntry, variables: Variables = NONE): Truth {
  if ("any" in entry) {
    return together(
      any,
      entry.any.map((one) => encode(one, variables)),
    );
  }
  if ("all" in entry) {
    return together(
      all,
      entry.all.map((one) => encode(one, variables)),
    );
  }
  if ("as" in entry) return encodeQuantity(entry, variables);
  if ("during" in entry) {
    const { zone = "UTC" } = entry.during;
    const within = minutesOfWeek(entry.during);
    return certain(literal(weekIn(zone), entry.negate ? complement(within) : within));
  }
  if ("before" in entry || "after" in entry) {
    const before = "before" in entry;
    const start = startOfDay(before ? entry.before : entry.after);
    const day = start === undefined ? Number.NaN : start / DAY_MS;
    const values = before
      ? between(Number.NEGATIVE_INFINITY, true, day, true)
      : between(day, true, Number.POSITIVE_INFINITY, true);
    const formula = literal(DAY, values);
    return certain(entry.negate ? not(formula) : formula);
  }
  return encodeComparison(entry, variables);
}

function together(join: typeof all, truths: readonly Truth[]): Truth {
  return {
    isTrue: join(truths.map(({ isTrue }) => isTrue)),
    notFalse: join(truths.map(({ notFalse }) => notFalse)),
  };
}

function certain(formula: Formula): Truth {
  return { isTrue: formula, notFalse: formula };
}

function stepsOf(path: PathJson, variables: Variables): Steps {
  const [root = "", ...rest] = parsePath(path);
  return [...(variables.get(String(root)) ?? [root]), ...rest];
}

function encodeQuantity(
  entry: Extract<ConditionEntry, { as: string }>,
  variables: Variables,
): Truth {
  const [path, kind] =
    "some" in entry ? [entry.some, "some" as const] : [entry.every, "each" as const];
  const list = valueAt(stepsOf(path, variables));
  const elements = new Map<string, Truth>();
  const of = (element: Steps): Truth => {
    const key = pathKey(element);
    let truth = elements.get(key);
    if (truth === undefined) {
      truth = encode(entry.where, new Map(variables).set(entry.as, element));
      elements.set(key, truth);
    }
    return truth;
  };
  const mistyped = literal(list, complement(union(LISTS, MISSING)));
  return {
    isTrue: { kind, list, body: (element) => of(element).isTrue },
    notFalse: any([mistyped, { kind, list, body: (element) => of(element).notFalse }]),
  };
}

function encodeComparison(entry: CompareEntry, variables: Variables): Truth {
  const path = stepsOf(entry.path, variables);
  const value = valueAt(path);
  const fallback = entry.else ?? undefined;
  if (entry.op === "exists") {
    return certain(literal(value, entry.value === true ? PRESENT : MISSING));
  }
  if (entry.value === null && entry.path2 === undefined) {
    if (entry.op === "eq" || entry.op === "neq") {
      const wantsMissing = entry.op === "eq";
      if (fallback !== undefined) return certain(wantsMissing ? FALSE : TRUE);
      return certain(literal(value, wantsMissing ? MISSING : PRESENT));
    }
  }
  const [of, op] = [entry.of, entry.op];
  const other = entry.path2 === undefined ? undefined : valueAt(stepsOf(entry.path2, variables));
  const on = (subject: Steps): Verdict =>
    other === undefined
      ? measured(of, subject, (operand) => verdictOn(op, entry.value as Json, operand))
      : measured(of, subject, (operand) => verdictBetween(op, operand, other, entry));
  const own = decided(on(path), entry.negate === true);
  const there = literal(value, PRESENT);
  const both = other === undefined ? TRUE : literal(other, PRESENT);
  const truth: Truth = {
    isTrue: all([there, both, own.isTrue]),
    notFalse: all([there, both, own.notFalse]),
  };
  if (fallback === undefined) return truth;
  const instead = decided(constantVerdict(entry, fallback, other), entry.negate === true);
  const missing = literal(value, MISSING);
  return {
    isTrue: any([truth.isTrue, all([missing, both, instead.isTrue])]),
    notFalse: any([truth.notFalse, all([missing, both, instead.notFalse])]),
  };
}

/** A verdict is turned round where it is one. */
function decided({ holds, errs }: Verdict, negated: boolean): Truth {
  const isTrue = negated ? all([not(holds), not(errs)]) : holds;
  return { isTrue, notFalse: any([isTrue, errs]) };
}

/** The verdict on a measure of a value, which only some values have. */
function measured(
  of: "length" | "host" | undefined,
  path: Steps,
  judge: (operand: Operand) => Verdict,
): Verdict {
  if (of === undefined) return judge(valueAt(path));
  const value = valueAt(path);
  const measure = measureAt(of, path);
  const measurable = of === "length" ? union(STRINGS, LISTS) : STRINGS;
  const there = literal(value, measurable);
  const { holds, errs } = judge(measure);
  // A text that is no URL has no host, and asking for it is an error.
  const known = of === "host" ? literal(measure, PRESENT) : TRUE;
  return {
    holds: all([there, known, holds]),
    errs: any([
      literal(value, intersect(PRESENT, complement(measurable))),
      all([there, any([not(known), errs])]),
    ]),
  };
}

// A constant in place of what is missing ------------------------------------------------------------

const INSTEAD: Steps = ["else"];

/** The verdict on the value that stands in for a missing one. */
function constantVerdict(entry: CompareEntry, value: Json, other: Operand | undefined): Verdict {
  if (other !== undefined && entry.of === undefined) {
    const mirrored = MIRRORED[entry.op];
    return mirrored === undefined ? opaque(entry, [other]) : verdictOn(mirrored, value, other);
  }
  if (other !== undefined) return opaque(entry, [other]);
  const { holds, errs } = measured(entry.of, INSTEAD, (operand) =>
    verdictOn(entry.op, entry.value as Json, operand),
  );
  const is = (formula: Formula): Formula | undefined => {
    const result = satisfied(formula, { else: value });
    return result === undefined ? undefined : result ? TRUE : FALSE;
  };
  const [held, erred] = [is(holds), is(errs)];
  return held === undefined || erred === undefined
    ? opaque(entry, [])
    : { holds: held, errs: erred };
}

const MIRRORED: Partial<Record<Operator, Operator>> = {
  eq: "eq",
  neq: "neq",
  lt: "gt",
  lte: "gte",
  gt: "lt",
  gte: "lte",
};

// Two values of the call -----------------------------------------------------------------------------

/** Both are there. */
function verdictBetween(op: Operator, left: Operand, right: Operand, entry: CompareEntry): Verdict {
  switch (op) {
    case "eq":
    case "neq": {
      const alike = any(KINDS.map((kind) => all([literal(left, kind), literal(right, kind)])));
      const how = op === "eq" ? "equal" : "unequal";
      return {
        holds: all([alike, { kind: "relation", how, left, right }]),
        errs: not(alike),
      };
    }
    case "lt":
    case "lte":
    case "gt":
    case "gte": {
      const numbers = all([literal(left, NUMBERS), literal(right, NUMBERS)]);
      const [low, high] = op === "lt" || op === "lte" ? [left, right] : [right, left];
      const how = op === "lt" || op === "gt" ? "less" : "at most";
      return {
        holds: all([numbers, { kind: "relation", how, left: low, right: high }]),
        errs: not(numbers),
      };
    }
    default:
      return opaque(entry, [left, right]);
  }
}

const KINDS = [true, 0, "", [], {}].map((value) => kindOf(value as Json));

/** A comparison that is not taken apart. */
function opaque(entry: CompareEntry, operands: readonly Operand[]): Verdict {
  const { negate: _, ...plain } = entry;
  const paths = operands.map(({ key }) => key).join(" ");
  const operand = fact(`${canonicalJson(plain as unknown as Json)} ${paths}`);
  return { holds: literal(operand, only(true)), errs: literal(operand, MISSING) };
}

import {
  type CompareEntry,
  compileRegex,
  hostOf,
  isUnder,
  isWellFormed,
  type Json,
  MAX_REGEX_INPUT,
  type Operator,
  type Place,
  parseBase,
  parsePlace,
  printPath,
} from "../../policy/index.ts";
import { type Condition, FALSE, type Frame, fail, TRUE, type Truth } from "./frame.ts";
import { compileRead } from "./read.ts";
import {
  codePoints,
  equalJson,
  isWellFormedJson,
  nameType,
  type TypeName,
  typeOf,
} from "./values.ts";

/** The result of a comparison, or what the value must be instead (the rest of a sentence). */
type Compared = boolean | string;
/** Compares a present value with a literal that was prepared before. */
type Test = (value: Json) => Compared;

/** Compiles a comparison. `variables` are those of enclosing list conditions. */
export function compileComparison(entry: CompareEntry, variables: readonly string[]): Condition {
  const read = compileRead(entry.path, variables);
  if (entry.op === "exists") {
    const wanted = entry.value === true;
    return (frame) => ((read(frame) !== undefined) === wanted ? TRUE : FALSE);
  }
  if (entry.value === null && entry.path2 === undefined) return compareWithNull(entry, read);

  const path = printPath(entry.path);
  const fallback = entry.else ?? undefined;
  const measure = entry.of === undefined ? undefined : MEASURES[entry.of];
  const [yes, no]: readonly [Truth, Truth] = entry.negate ? [FALSE, TRUE] : [TRUE, FALSE];
  const finish = (frame: Frame, result: Compared): Truth =>
    typeof result === "string" ? fail(frame, path, result) : result ? yes : no;
  const take = fallback === undefined ? read : (frame: Frame) => read(frame) ?? fallback;

  if (entry.path2 !== undefined) {
    const readOther = compileRead(entry.path2, variables);
    const otherPath = printPath(entry.path2);
    const compare = DYNAMIC[entry.op];
    return (frame) => {
      const given = take(frame);
      const other = readOther(frame);
      if (given === undefined || other === undefined) return FALSE;
      const value = measure === undefined ? given : measure(given);
      if (value instanceof Unmeasurable) return fail(frame, path, value.needs);
      if (!isWellFormedJson(other)) return fail(frame, otherPath, WELL_FORMED);
      return finish(frame, compare(value, other, otherPath));
    };
  }

  const test = compileTest(entry.op, entry.value as Json);
  if (measure === undefined) {
    return (frame) => {
      const value = take(frame);
      return value === undefined ? FALSE : finish(frame, test(value));
    };
  }
  return (frame) => {
    const given = take(frame);
    if (given === undefined) return FALSE;
    const value = measure(given);
    return value instanceof Unmeasurable
      ? fail(frame, path, value.needs)
      : finish(frame, test(value));
  };
}

/** Comparison with null sees absence, and never errs. */
function compareWithNull(entry: CompareEntry, read: (frame: Frame) => Json | undefined): Condition {
  const fallback = entry.else ?? undefined;
  const equal = entry.op === "eq";
  if (!equal && entry.op !== "neq") return compareNullAsValue(entry, read);
  return (frame) => (((read(frame) ?? fallback) === undefined) === equal ? TRUE : FALSE);
}

/** `contains null`: a list has an element that is null. */
function compareNullAsValue(
  entry: CompareEntry,
  read: (frame: Frame) => Json | undefined,
): Condition {
  const path = printPath(entry.path);
  return (frame) => {
    const value = read(frame) ?? entry.else ?? undefined;
    if (value === undefined) return FALSE;
    if (entry.op !== "contains" || !Array.isArray(value))
      return fail(frame, path, mustBe("list", value));
    return value.includes(null) ? TRUE : FALSE;
  };
}

const WELL_FORMED = "must be well-formed Unicode text";

function mustBe(type: TypeName | string, value: Json): string {
  const wanted = type in TYPE_NAMES ? nameType(type as TypeName) : type;
  return `must be ${wanted}, and is ${nameType(typeOf(value))}`;
}

const TYPE_NAMES: Readonly<Record<TypeName, true>> = {
  null: true,
  boolean: true,
  number: true,
  string: true,
  list: true,
  object: true,
};

// `of` -----------------------------------------------------------------------------------------------

/** The value has no length or host; `needs` is the rest of a sentence that begins with its path. */
class Unmeasurable {
  readonly needs: string;

  constructor(needs: string) {
    this.needs = needs;
  }
}

const MEASURES: Readonly<Record<"length" | "host", (value: Json) => Json | Unmeasurable>> = {
  length(value) {
    if (typeof value === "string") {
      return isWellFormed(value) ? codePoints(value) : new Unmeasurable(WELL_FORMED);
    }
    return Array.isArray(value)
      ? value.length
      : new Unmeasurable(mustBe("a string or a list", value));
  },
  host(value) {
    if (typeof value !== "string") return new Unmeasurable(mustBe("string", value));
    const parsed = hostOf(value);
    return typeof parsed === "string" ? new Unmeasurable(parsed) : parsed.host;
  },
};

// Comparison with a literal --------------------------------------------------------------------------

function compileTest(op: Operator, literal: Json): Test {
  switch (op) {
    case "eq":
      return equalTo(literal);
    case "neq":
      return inverted(equalTo(literal));
    case "in":
      return oneOf(literal as readonly Json[]);
    case "not_in":
      return inverted(oneOf(literal as readonly Json[]));
    case "lt":
    case "lte":
    case "gt":
    case "gte": {
      const compare = ORDER[op];
      const bound = literal as number;
      return (value) =>
        typeof value === "number" ? compare(value, bound) : mustBe("number", value);
    }
    case "contains":
      return (value) => contains(value, literal);
    case "regex":
      return matching(literal as string);
    case "under":
      return below(typeof literal === "string" ? [literal] : (literal as readonly string[]));
    case "exists":
      return () => true;
  }
}

function inverted(test: Test): Test {
  return (value) => {
    const result = test(value);
    return typeof result === "string" ? result : !result;
  };
}

function equalTo(literal: Json): Test {
  const type = typeOf(literal);
  return (value) => {
    if (value === literal) return true;
    if (typeOf(value) !== type) return mustBe(type, value);
    if (type === "number" || type === "boolean") return false;
    if (!isWellFormedJson(value)) return WELL_FORMED;
    return type !== "string" && equalJson(value, literal);
  };
}

function oneOf(literals: readonly Json[]): Test {
  const scalars = new Set<Json>();
  const others: Json[] = [];
  const types = new Set<TypeName>();
  for (const literal of literals) {
    if (literal === null) continue;
    types.add(typeOf(literal));
    if (typeof literal === "object") others.push(literal);
    else scalars.add(literal);
  }
  const wanted = [...types].sort().map(nameType).join(" or ") || "one of no values";
  return (value) => {
    if (scalars.has(value)) return true;
    if (!types.has(typeOf(value))) return mustBe(wanted, value);
    if (!isWellFormedJson(value)) return WELL_FORMED;
    return others.some((literal) => equalJson(value, literal));
  };
}

const ORDER: Readonly<Record<"lt" | "lte" | "gt" | "gte", (a: number, b: number) => boolean>> = {
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
};

/** A string in a string, or an element of a list: there it is `some` element that equals the other. */
function contains(value: Json, other: Json): Compared {
  if (typeof value === "string") {
    if (typeof other !== "string") return mustBe("list", value);
    return isWellFormed(value) ? value.includes(other) : WELL_FORMED;
  }
  if (!Array.isArray(value)) {
    return mustBe(typeof other === "string" ? "a string or a list" : "list", value);
  }
  const type = typeOf(other);
  const test = equalTo(other);
  let fault: string | undefined;
  for (const element of value as readonly Json[]) {
    if (element === null) continue;
    const result = test(element);
    if (result === true) return true;
    if (typeof result === "string") {
      fault ??= typeOf(element) === type ? WELL_FORMED : `must hold ${type}s only`;
    }
  }
  return fault ?? false;
}

function matching(pattern: string): Test {
  const regex = compileRegex(pattern);
  // Validation refuses such a pattern; without it, nothing can be said of any value.
  if (typeof regex === "string") return () => "must be matched with a valid RE2 pattern";
  return (value) => {
    if (typeof value !== "string") return mustBe("string", value);
    if (value.length > MAX_REGEX_INPUT) return `must have at most ${MAX_REGEX_INPUT} characters`;
    return isWellFormed(value) ? regex.test(value) : WELL_FORMED;
  };
}

function below(texts: readonly string[]): Test {
  const bases = texts.map(parseBase).filter((base): base is Place => typeof base !== "string");
  return (value) => {
    if (typeof value !== "string") return mustBe("string", value);
    return isWellFormed(value) ? belowAny(value, bases) : WELL_FORMED;
  };
}

function belowAny(text: string, bases: readonly Place[]): Compared {
  const place = parsePlace(text);
  if (typeof place === "string") return place;
  let comparable = false;
  for (const base of bases) {
    const result = isUnder(place, base);
    if (result === true) return true;
    if (result === false) comparable = true;
  }
  if (comparable) return false;
  return place.kind === "path" ? "must be a URL" : "must be an absolute path";
}

// Comparison of two paths ----------------------------------------------------------------------------

type Compare = (value: Json, other: Json, otherPath: string) => Compared;

const order =
  (op: "lt" | "lte" | "gt" | "gte"): Compare =>
  (value, other, otherPath) => {
    if (typeof value !== "number") return mustBe("number", value);
    if (typeof other !== "number")
      return `is compared with \`${otherPath}\`, which ${mustBe("number", other)}`;
    return ORDER[op](value, other);
  };

const equality =
  (wanted: boolean): Compare =>
  (value, other, otherPath) => {
    if (typeOf(value) !== typeOf(other)) {
      return `must have the type of \`${otherPath}\`: it is ${nameType(typeOf(value))}, the other ${nameType(typeOf(other))}`;
    }
    return isWellFormedJson(value) ? equalJson(value, other) === wanted : WELL_FORMED;
  };

const membership =
  (wanted: boolean): Compare =>
  (value, other, otherPath) => {
    if (!Array.isArray(other))
      return `is looked up in \`${otherPath}\`, which ${mustBe("list", other)}`;
    const result = oneOf(other as readonly Json[])(value);
    return typeof result === "string" ? result : result === wanted;
  };

const impossible: Compare = () => "cannot be compared in this way";

const DYNAMIC: Readonly<Record<Operator, Compare>> = {
  eq: equality(true),
  neq: equality(false),
  in: membership(true),
  not_in: membership(false),
  lt: order("lt"),
  lte: order("lte"),
  gt: order("gt"),
  gte: order("gte"),
  contains: (value, other) => contains(value, other),
  under: (value, other, otherPath) => {
    if (typeof value !== "string") return mustBe("string", value);
    if (!isWellFormed(value)) return WELL_FORMED;
    const bases: Place[] = [];
    for (const text of Array.isArray(other) ? (other as readonly Json[]) : [other]) {
      // A `*` in the host is for the policy's author alone, so this is no base but a place.
      const base = typeof text === "string" ? parsePlace(text) : mustBe("string", text);
      if (typeof base === "string") return `is compared with \`${otherPath}\`, which ${base}`;
      bases.push(base);
    }
    return belowAny(value, bases);
  },
  exists: impossible,
  regex: impossible,
};

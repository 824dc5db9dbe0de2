import type { Json } from "../../policy/index.ts";
import type { Type } from "../tools/types.ts";

/** A range of numbers. Infinite ends are open. */
export interface Interval {
  readonly low: number;
  readonly lowOpen: boolean;
  readonly high: number;
  readonly highOpen: boolean;
}

/** The strings of `values`, or with `except` all others. */
export interface StringSet {
  readonly except: boolean;
  readonly values: ReadonlySet<string>;
}

/**
 * A set of the values that a path can have. Absence counts as a value, and `null` is absence. Lists and
 * objects are all in or all out: what is inside them has paths of its own.
 */
export interface ValueSet {
  readonly missing: boolean;
  readonly yes: boolean;
  readonly no: boolean;
  /** Sorted and disjoint. */
  readonly numbers: readonly Interval[];
  /** Only the whole numbers of `numbers`. Sets that are complemented never have it. */
  readonly whole: boolean;
  readonly strings: StringSet;
  readonly lists: boolean;
  readonly objects: boolean;
}

const NO_STRINGS: StringSet = { except: false, values: new Set() };
const ALL_STRINGS: StringSet = { except: true, values: new Set() };
const ALL_NUMBERS: readonly Interval[] = [
  { low: Number.NEGATIVE_INFINITY, lowOpen: true, high: Number.POSITIVE_INFINITY, highOpen: true },
];

export const NOTHING: ValueSet = {
  missing: false,
  yes: false,
  no: false,
  numbers: [],
  whole: false,
  strings: NO_STRINGS,
  lists: false,
  objects: false,
};

export const MISSING: ValueSet = { ...NOTHING, missing: true };
export const BOOLEANS: ValueSet = { ...NOTHING, yes: true, no: true };
export const NUMBERS: ValueSet = { ...NOTHING, numbers: ALL_NUMBERS };
export const STRINGS: ValueSet = { ...NOTHING, strings: ALL_STRINGS };
export const LISTS: ValueSet = { ...NOTHING, lists: true };
export const OBJECTS: ValueSet = { ...NOTHING, objects: true };
export const EVERYTHING: ValueSet = {
  missing: true,
  yes: true,
  no: true,
  numbers: ALL_NUMBERS,
  whole: false,
  strings: ALL_STRINGS,
  lists: true,
  objects: true,
};
export const PRESENT: ValueSet = { ...EVERYTHING, missing: false };

/** The set of one scalar; a list or an object gives all of its kind. */
export function only(value: Json): ValueSet {
  if (value === null) return MISSING;
  if (typeof value === "boolean") return { ...NOTHING, yes: value, no: !value };
  if (typeof value === "number") return between(value, false, value, false);
  if (typeof value === "string") {
    return { ...NOTHING, strings: { except: false, values: new Set([value]) } };
  }
  return Array.isArray(value) ? LISTS : OBJECTS;
}

export function between(low: number, lowOpen: boolean, high: number, highOpen: boolean): ValueSet {
  const range: Interval = {
    low,
    lowOpen: lowOpen || low === Number.NEGATIVE_INFINITY,
    high,
    highOpen: highOpen || high === Number.POSITIVE_INFINITY,
  };
  return { ...NOTHING, numbers: isEmptyInterval(range) ? [] : [range] };
}

export function intersect(a: ValueSet, b: ValueSet): ValueSet {
  return {
    missing: a.missing && b.missing,
    yes: a.yes && b.yes,
    no: a.no && b.no,
    numbers: intersectIntervals(a.numbers, b.numbers),
    whole: a.whole || b.whole,
    strings: intersectStrings(a.strings, b.strings),
    lists: a.lists && b.lists,
    objects: a.objects && b.objects,
  };
}

export function complement(set: ValueSet): ValueSet {
  return {
    missing: !set.missing,
    yes: !set.yes,
    no: !set.no,
    numbers: complementIntervals(set.numbers),
    whole: false,
    strings: { except: !set.strings.except, values: set.strings.values },
    lists: !set.lists,
    objects: !set.objects,
  };
}

/** By De Morgan's law; where one side holds whole numbers only, the result is at most too large. */
export function union(a: ValueSet, b: ValueSet): ValueSet {
  const set = complement(intersect(complement(a), complement(b)));
  const whole =
    (a.whole || a.numbers.length === 0) &&
    (b.whole || b.numbers.length === 0) &&
    set.numbers.length > 0;
  return { ...set, whole };
}

export function isEmpty(set: ValueSet): boolean {
  return (
    !set.missing &&
    !set.yes &&
    !set.no &&
    !set.lists &&
    !set.objects &&
    !set.strings.except &&
    set.strings.values.size === 0 &&
    (set.whole
      ? set.numbers.every((range) => wholeIn(range) === undefined)
      : set.numbers.length === 0)
  );
}

export function has(set: ValueSet, value: Json): boolean {
  if (value === null) return set.missing;
  if (typeof value === "boolean") return value ? set.yes : set.no;
  if (typeof value === "string") return set.strings.values.has(value) !== set.strings.except;
  if (typeof value === "number") {
    if (set.whole && !Number.isInteger(value)) return false;
    return set.numbers.some((range) => inInterval(range, value));
  }
  return Array.isArray(value) ? set.lists : set.objects;
}

/**
 * A value of the set that reads well in an example: `null` stands for a missing one. Undefined for the
 * empty set.
 */
export function pick(set: ValueSet): Json | undefined {
  if (set.strings.except) {
    for (const text of ["example", "other", "a"]) if (has(set, text)) return text;
    for (let n = 1; ; n++) if (!set.strings.values.has(`example-${n}`)) return `example-${n}`;
  }
  for (const text of set.strings.values) return text;
  for (const range of set.numbers) {
    const number = set.whole ? wholeIn(range) : numberIn(range);
    if (number !== undefined) return number;
  }
  if (set.yes) return true;
  if (set.no) return false;
  if (set.missing) return null;
  if (set.lists) return [];
  return set.objects ? {} : undefined;
}

/** The values that a JSON Schema's type admits when the value is there; never too few. */
export function valuesOf(type: Type): ValueSet {
  switch (type.kind) {
    case "unknown":
      return EVERYTHING;
    case "never":
      return NOTHING;
    case "null":
      return MISSING;
    case "boolean":
      return BOOLEANS;
    case "string":
      return STRINGS;
    case "list":
      return LISTS;
    case "object":
      return OBJECTS;
    case "literal":
      return only(type.value);
    case "number": {
      const low = Math.max(
        type.minimum ?? Number.NEGATIVE_INFINITY,
        type.exclusiveMinimum ?? Number.NEGATIVE_INFINITY,
      );
      const high = Math.min(
        type.maximum ?? Number.POSITIVE_INFINITY,
        type.exclusiveMaximum ?? Number.POSITIVE_INFINITY,
      );
      const range = between(
        low,
        low === type.exclusiveMinimum,
        high,
        high === type.exclusiveMaximum,
      );
      return { ...range, whole: type.integer };
    }
    case "union":
      return type.members.map(valuesOf).reduce(union, NOTHING);
  }
}

// Strings ------------------------------------------------------------------------------------------

function intersectStrings(a: StringSet, b: StringSet): StringSet {
  if (a.except && b.except) return { except: true, values: new Set([...a.values, ...b.values]) };
  const [finite, other] = a.except ? [b, a] : [a, b];
  const values = [...finite.values].filter((text) => other.values.has(text) !== other.except);
  return { except: false, values: new Set(values) };
}

// Numbers ------------------------------------------------------------------------------------------

function inInterval(range: Interval, value: number): boolean {
  return (
    (range.lowOpen ? value > range.low : value >= range.low) &&
    (range.highOpen ? value < range.high : value <= range.high)
  );
}

function isEmptyInterval(range: Interval): boolean {
  return range.low > range.high || (range.low === range.high && (range.lowOpen || range.highOpen));
}

function intersectIntervals(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  if (a === ALL_NUMBERS) return b;
  if (b === ALL_NUMBERS) return a;
  const found: Interval[] = [];
  for (const x of a) {
    for (const y of b) {
      const low = Math.max(x.low, y.low);
      const high = Math.min(x.high, y.high);
      const both: Interval = {
        low,
        lowOpen: (x.low === low && x.lowOpen) || (y.low === low && y.lowOpen),
        high,
        highOpen: (x.high === high && x.highOpen) || (y.high === high && y.highOpen),
      };
      if (!isEmptyInterval(both)) found.push(both);
    }
  }
  return found.sort((x, y) => x.low - y.low || Number(x.lowOpen) - Number(y.lowOpen));
}

function complementIntervals(ranges: readonly Interval[]): readonly Interval[] {
  if (ranges.length === 0) return ALL_NUMBERS;
  const gaps: Interval[] = [];
  let low = Number.NEGATIVE_INFINITY;
  let lowOpen = true;
  for (const range of ranges) {
    const gap = { low, lowOpen, high: range.low, highOpen: !range.lowOpen };
    if (range.low !== Number.NEGATIVE_INFINITY && !isEmptyInterval(gap)) gaps.push(gap);
    low = range.high;
    lowOpen = !range.highOpen;
  }
  if (low !== Number.POSITIVE_INFINITY) {
    gaps.push({ low, lowOpen, high: Number.POSITIVE_INFINITY, highOpen: true });
  }
  return gaps;
}

/** A whole number of the range, near its lower end. */
function wholeIn(range: Interval): number | undefined {
  if (range.low === Number.NEGATIVE_INFINITY) {
    if (range.high === Number.POSITIVE_INFINITY) return 1;
    const top = Math.floor(range.high);
    return inInterval(range, top) ? top : top - 1;
  }
  const bottom = Math.ceil(range.low);
  const number = inInterval(range, bottom) ? bottom : bottom + 1;
  return inInterval(range, number) ? number : undefined;
}

function numberIn(range: Interval): number | undefined {
  const whole = wholeIn(range);
  if (whole !== undefined) return whole;
  if (!range.lowOpen) return range.low;
  if (!range.highOpen) return range.high;
  const middle = range.low + (range.high - range.low) / 2;
  return inInterval(range, middle) ? middle : undefined;
}

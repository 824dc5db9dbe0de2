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

export function union(a: ValueSet, b: ValueSet): ValueSet {
  return unionOf([a, b]);
}

/**
 * What is in any of the sets, in time linear in their sizes (and sorting). Where only some hold whole numbers
 * only, the result is at most too large.
 */
export function unionOf(sets: readonly ValueSet[]): ValueSet {
  const some = (test: (set: ValueSet) => boolean): boolean => sets.some(test);
  const numbers = joinIntervals(sets.flatMap((set) => set.numbers));
  return {
    missing: some((set) => set.missing),
    yes: some((set) => set.yes),
    no: some((set) => set.no),
    numbers,
    whole: numbers.length > 0 && sets.every((set) => set.whole || set.numbers.length === 0),
    strings: joinStrings(sets.map((set) => set.strings)),
    lists: some((set) => set.lists),
    objects: some((set) => set.objects),
  };
}

/** How much there is to walk through in a set. */
export function sizeOf(set: ValueSet): number {
  return 1 + set.numbers.length + set.strings.values.size;
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
      return unionOf(type.members.map(valuesOf));
  }
}

// Strings ------------------------------------------------------------------------------------------

function intersectStrings(a: StringSet, b: StringSet): StringSet {
  if (a.except && b.except) {
    if (b.values.size === 0) return a;
    if (a.values.size === 0) return b;
    return { except: true, values: new Set([...a.values, ...b.values]) };
  }
  const [finite, other] =
    a.except || (!b.except && b.values.size < a.values.size) ? [b, a] : [a, b];
  const values = [...finite.values].filter((text) => other.values.has(text) !== other.except);
  return { except: false, values: new Set(values) };
}

function joinStrings(sets: readonly StringSet[]): StringSet {
  const inside = new Set<string>();
  for (const set of sets) if (!set.except) for (const text of set.values) inside.add(text);
  const [first, ...others] = sets.filter((set) => set.except);
  if (first === undefined) return { except: false, values: inside };
  const outside = [...first.values].filter(
    (text) => !inside.has(text) && others.every((other) => other.values.has(text)),
  );
  return { except: true, values: new Set(outside) };
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
  let i = 0;
  let j = 0;
  for (let x = a[i], y = b[j]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const low = Math.max(x.low, y.low);
    const high = Math.min(x.high, y.high);
    const both: Interval = {
      low,
      lowOpen: (x.low === low && x.lowOpen) || (y.low === low && y.lowOpen),
      high,
      highOpen: (x.high === high && x.highOpen) || (y.high === high && y.highOpen),
    };
    if (!isEmptyInterval(both)) found.push(both);
    // The one that ends first meets nothing more.
    if (x.high < y.high || (x.high === y.high && x.highOpen)) i++;
    else j++;
  }
  return found;
}

/** What is in any of the ranges, which may overlap and stand in any order. */
function joinIntervals(ranges: readonly Interval[]): readonly Interval[] {
  const sorted = [...ranges].sort(
    (x, y) => compareBounds(x.low, y.low) || Number(x.lowOpen) - Number(y.lowOpen),
  );
  const joined: Interval[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    const apart =
      last === undefined ||
      range.low > last.high ||
      (range.low === last.high && range.lowOpen && last.highOpen);
    if (apart) joined.push(range);
    else if (range.high > last.high || (range.high === last.high && last.highOpen)) {
      joined[joined.length - 1] = { ...last, high: range.high, highOpen: range.highOpen };
    }
  }
  const [only] = joined;
  const all = only?.low === Number.NEGATIVE_INFINITY && only.high === Number.POSITIVE_INFINITY;
  return all ? ALL_NUMBERS : joined;
}

/** Not by subtraction: the difference of two equal infinities is no number. */
function compareBounds(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
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

import type { Json } from "../../policy/index.ts";
import { hostOf } from "../../policy/index.ts";
import type { Constraint } from "./branch.ts";
import type { Effort } from "./effort.ts";
import type { Predicate } from "./formula.ts";
import { findText, isText, type Membership } from "./texts.ts";
import { has, NOTHING, pick, type StringSet, type ValueSet } from "./values.ts";
import { apartUnder, impliesUnder } from "./verdicts.ts";

export type Found =
  | { readonly kind: "yes"; readonly value: Json }
  | { readonly kind: "no" }
  | { readonly kind: "perhaps"; readonly why: "effort" | "opaque" };

const NO = { kind: "no" } as const;
const OPAQUE = { kind: "perhaps", why: "opaque" } as const;

/** What a text must be. */
export interface StringQuestion {
  readonly strings: StringSet;
  readonly predicates: readonly Predicate[];
  readonly lengths?: ValueSet;
  /** What its host must be, as that of a URL; missing where it must be none. */
  readonly host?: Constraint;
}

/** A text that meets all. Exact but for places and hosts, of which likely texts are tried. */
export function findString(question: StringQuestion, effort: Effort): Found {
  const { strings, predicates, lengths, host } = question;
  if (!strings.except && strings.values.size === 0) return NO;
  const memberships = predicates.flatMap(({ language, positive }): Membership[] =>
    language === undefined ? [] : [{ language, positive }],
  );
  const opaque = predicates.filter(({ language }) => language === undefined);
  const fits = (text: string): boolean | undefined => {
    if (!has({ ...NOTHING, strings }, text) || !isText(text, memberships)) return false;
    if (lengths !== undefined && !has(lengths, [...text].length)) return false;
    if (host !== undefined && !isHost(text, host)) return false;
    let known: boolean | undefined = true;
    for (const { test, positive } of opaque) {
      const holds = test(text);
      if (holds === undefined) known = undefined;
      else if (holds !== positive) return false;
    }
    return known;
  };
  if (!strings.except) return amongTexts(strings.values, fits);
  if (contradict(opaque)) return NO;
  if (opaque.length > 0 || (host !== undefined && !host.values.missing)) {
    const candidates = [
      ...opaque.flatMap(({ candidates = [] }) => candidates),
      ...hostCandidates(host),
      "example",
    ];
    for (const text of candidates) {
      if (typeof text === "string" && fits(text) === true) return { kind: "yes", value: text };
    }
  }
  const likely = pick({ ...NOTHING, strings });
  if (typeof likely === "string" && fits(likely) === true) return { kind: "yes", value: likely };
  const found = findText(
    { memberships, except: strings.values, ...(lengths !== undefined && { lengths }) },
    effort,
  );
  if (found.kind === "no") return NO;
  if (found.kind === "perhaps") return { kind: "perhaps", why: "effort" };
  return fits(found.text) === true ? { kind: "yes", value: found.text } : OPAQUE;
}

function amongTexts(texts: Iterable<string>, fits: (text: string) => boolean | undefined): Found {
  let open = false;
  for (const text of texts) {
    const result = fits(text);
    if (result === true) return { kind: "yes", value: text };
    if (result === undefined) open = true;
  }
  return open ? OPAQUE : NO;
}

function isHost(text: string, { values, predicates }: Constraint): boolean {
  const found = hostOf(text);
  const host = typeof found === "string" ? null : found.host;
  if (!has(values, host)) return false;
  return predicates.every(({ test, positive }) => test(host) === positive);
}

function hostCandidates(host: Constraint | undefined): readonly string[] {
  if (host === undefined) return [];
  const { strings } = host.values;
  const names = strings.except ? ["example.com", "example.org", "www.example.net"] : strings.values;
  const made = host.predicates.flatMap(({ candidates = [] }) => candidates);
  return [...names, ...made].map((name) => `https://${String(name)}/`);
}

/** Whether no text has all of the properties. */
function contradict(predicates: readonly Predicate[]): boolean {
  return predicates.some((a, i) => predicates.some((b, j) => i !== j && clash(a, b)));
}

function clash(a: Predicate, b: Predicate): boolean {
  if (a.key === b.key) return a.positive !== b.positive;
  if (!a.positive || a.bases === undefined || b.bases === undefined) return false;
  return b.positive ? apartUnder(a.bases, b.bases) : impliesUnder(a.bases, b.bases);
}

/** A number of the set with the properties, of which whole numbers and halves are tried. */
export function findNumber(values: ValueSet, predicates: readonly Predicate[]): Found {
  if (values.numbers.length === 0 || contradict(predicates)) return NO;
  const numbers: ValueSet = { ...NOTHING, numbers: values.numbers, whole: values.whole };
  const fits = (value: Json): boolean =>
    predicates.every(({ test, positive }) => test(value) === positive);
  let any = false;
  for (const range of numbers.numbers) {
    const first = pick({ ...numbers, numbers: [range] });
    if (typeof first !== "number") continue;
    any = true;
    const others = [first + 1, first + 0.5, range.high, range.low, first + 1e-7, -1];
    for (const number of [first, ...others]) {
      if (has(numbers, number) && fits(number)) return { kind: "yes", value: number };
    }
  }
  return any ? OPAQUE : NO;
}

import { type Language, languageOfLengths, languageOfTexts } from "./automaton.ts";
import type { Effort } from "./effort.ts";
import { has, type ValueSet } from "./values.ts";

/** A language that a text must be of, or not of. */
export interface Membership {
  readonly language: Language;
  readonly positive: boolean;
}

export type FoundText =
  | { readonly kind: "yes"; readonly text: string }
  | { readonly kind: "no" }
  | { readonly kind: "perhaps" };

/** Lengths beyond are not told apart. */
const MAX_LENGTH = 5_000;

/** What must hold of one text. */
export interface TextQuestion {
  readonly memberships: readonly Membership[];
  readonly except: ReadonlySet<string>;
  /** How many code points it may have. */
  readonly lengths?: ValueSet;
}

/** A shortest text that is of all languages, exactly: `no` is a proof. */
export function findText(
  { memberships, except, lengths }: TextQuestion,
  effort: Effort,
): FoundText {
  const parts = [...memberships];
  if (except.size > 0) parts.push({ language: languageOfTexts(except), positive: false });
  let exact = true;
  if (lengths !== undefined) {
    const ends = lengths.numbers.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite);
    const longest = Math.max(0, ...ends) + 2;
    const most = Math.min(longest, MAX_LENGTH);
    exact = longest <= MAX_LENGTH;
    const language = languageOfLengths(most, (length) => has(lengths, length));
    parts.push({ language, positive: true });
  }
  const found = search(parts, effort);
  return found.kind === "no" && !exact ? { kind: "perhaps" } : found;
}

interface Reached {
  readonly states: readonly number[];
  readonly before: Reached | undefined;
  readonly symbol: number;
}

function search(parts: readonly Membership[], effort: Effort): FoundText {
  const symbols = symbolsOf(parts);
  const seen = new Set<string>();
  let level: Reached[] = [
    { states: parts.map(({ language }) => language.start), before: undefined, symbol: 0 },
  ];
  while (level.length > 0) {
    const next: Reached[] = [];
    for (const reached of level) {
      if (isAccepted(parts, reached)) return { kind: "yes", text: textOf(reached) };
      if (!effort.spend(symbols.length)) return { kind: "perhaps" };
      for (const symbol of symbols) {
        const states = parts.map(({ language }, i) =>
          language.step(reached.states[i] as number, symbol),
        );
        const key = states.join();
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ states, before: reached, symbol });
      }
    }
    level = next;
  }
  return { kind: "no" };
}

function isAccepted(parts: readonly Membership[], { states }: Reached): boolean {
  return parts.every(
    ({ language, positive }, i) => language.accepts(states[i] as number) === positive,
  );
}

function textOf(end: Reached): string {
  const symbols: number[] = [];
  for (let at = end; at.before !== undefined; at = at.before) symbols.push(at.symbol);
  return String.fromCodePoint(...symbols.reverse());
}

/** Those that read well are taken where there is a choice. */
const READABLE = [..."aeoxstrn0123456789bcdfghijklmpquvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./ :@"].map(
  (one) => one.codePointAt(0) as number,
);

/** One character for each way in which the languages tell characters apart. */
function symbolsOf(parts: readonly Membership[]): readonly number[] {
  const cuts = new Set<number>([0]);
  for (const { language } of parts) for (const cut of language.cuts) cuts.add(cut);
  const found = new Map<string, number>();
  const add = (symbol: number): void => {
    const signature = parts.map(({ language }) => language.signature(symbol)).join(" ");
    if (!found.has(signature)) found.set(signature, symbol);
  };
  for (const symbol of READABLE) add(symbol);
  const sorted = [...cuts].sort((a, b) => a - b);
  for (const [index, cut] of sorted.entries()) {
    const end = (sorted[index + 1] ?? 0x110000) - 1;
    const symbol = plainIn(cut, end);
    if (symbol !== undefined) add(symbol);
  }
  return [...found.values()];
}

/** A character of a range: halves of surrogate pairs are none. */
function plainIn(low: number, high: number): number | undefined {
  if (low >= 0xd800 && low <= 0xdfff) return high > 0xdfff ? 0xe000 : undefined;
  // Printable ones first.
  if (low < 33 && high >= 33) return 33;
  return low > 0x10ffff ? undefined : low;
}

/** Whether one text is of all languages. */
export function isText(text: string, memberships: readonly Membership[]): boolean {
  return memberships.every(({ language, positive }) => {
    let state = language.start;
    for (const character of text) state = language.step(state, character.codePointAt(0) as number);
    return language.accepts(state) === positive;
  });
}

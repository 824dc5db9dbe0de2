import { RE2JS } from "re2js";
import { isWordCharacter, orbitOf } from "./folding.ts";

/**
 * A deterministic automaton over code points. States are made as they are reached; two code points with the same
 * `signature` lead from every state to the same one.
 */
export interface Language {
  readonly start: number;
  /** Code points at which the signature may change. */
  readonly cuts: readonly number[];
  signature(symbol: number): string;
  step(state: number, symbol: number): number;
  accepts(state: number): boolean;
}

/** The kinds of instructions of a compiled pattern, as `re2js` numbers them. */
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const MATCH = 6;
const NOP = 7;
const RUNE = 8;
const RUNE_ANY_NOT_NL = 11;

/** The flags of an instruction that reads nothing. */
const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const BOUNDARY = 16;
const NO_BOUNDARY = 32;

const NEWLINE = 10;
const WORD_CUTS = [48, 58, 65, 91, 95, 96, 97, 123];

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(symbol: number): boolean;
}

interface Program {
  readonly inst: readonly Instruction[];
  readonly start: number;
}

const known = new Map<string, Language | undefined>();
const KEPT = 1_000;

/** The texts in which an RE2 pattern occurs; undefined for a pattern that is none or cannot be taken apart. */
export function languageOf(pattern: string): Language | undefined {
  if (known.has(pattern)) return known.get(pattern);
  if (known.size >= KEPT) known.clear();
  const language = compile(pattern);
  known.set(pattern, language);
  return language;
}

function compile(pattern: string): Language | undefined {
  try {
    const { prog } = RE2JS.compile(pattern).re2Input as { prog: Program };
    if (prog.inst.some(({ op }) => op < ALT || op > RUNE_ANY_NOT_NL)) return undefined;
    return new Search(prog);
  } catch {
    return undefined;
  }
}

/** What stood before the next character: nothing, a newline, a letter of a word, or something else. */
type Before = "nothing" | "newline" | "word" | "other";

interface State {
  /** Instructions to go on from, before those that read nothing are followed. */
  readonly counters: readonly number[];
  readonly before: Before;
  readonly next: Map<string, number>;
  accepts?: boolean;
}

/** The state from which every text is accepted: the pattern has occurred. */
const FOUND = 0;

/** A search for a pattern, by subsets of its instructions. */
class Search implements Language {
  readonly start = 1;
  readonly cuts: readonly number[];
  readonly #program: Program;
  readonly #states: State[] = [];
  readonly #ids = new Map<string, number>();
  readonly #flags: number;
  readonly #signatures = new Map<number, string>();

  constructor(program: Program) {
    this.#program = program;
    this.#flags = program.inst.reduce(
      (flags, { op, arg }) => (op === EMPTY_WIDTH ? flags | arg : flags),
      0,
    );
    this.cuts = cutsOf(program, this.#flags);
    this.#stateOf([], "nothing", "found");
    this.#stateOf([], "nothing", "start");
  }

  signature(symbol: number): string {
    let signature = this.#signatures.get(symbol);
    if (signature === undefined) {
      signature = this.#context(symbol);
      for (const instruction of this.#program.inst) {
        if (instruction.op >= RUNE) signature += reads(instruction, symbol) ? "1" : "0";
      }
      this.#signatures.set(symbol, signature);
    }
    return signature;
  }

  step(id: number, symbol: number): number {
    if (id === FOUND) return FOUND;
    const state = this.#states[id] as State;
    const signature = this.signature(symbol);
    let next = state.next.get(signature);
    if (next === undefined) {
      next = this.#successor(state, symbol);
      state.next.set(signature, next);
    }
    return next;
  }

  accepts(id: number): boolean {
    if (id === FOUND) return true;
    const state = this.#states[id] as State;
    state.accepts ??= this.#closure(state, undefined) === undefined;
    return state.accepts;
  }

  #successor(state: State, symbol: number): number {
    const reading = this.#closure(state, symbol);
    if (reading === undefined) return FOUND;
    const counters = new Set<number>();
    for (const counter of reading) {
      const instruction = this.#program.inst[counter] as Instruction;
      if (reads(instruction, symbol)) counters.add(instruction.out);
    }
    const sorted = [...counters].sort((a, b) => a - b);
    return this.#stateOf(sorted, this.#context(symbol));
  }

  /** The instructions that read the next character; undefined when the pattern has occurred before it. */
  #closure({ counters, before }: State, symbol: number | undefined): readonly number[] | undefined {
    const flags = flagsBetween(before, symbol);
    const seen = new Set<number>();
    const reading: number[] = [];
    // A search may begin at every place.
    const open = [this.#program.start, ...counters];
    for (let counter = open.pop(); counter !== undefined; counter = open.pop()) {
      if (seen.has(counter)) continue;
      seen.add(counter);
      const { op, out, arg } = this.#program.inst[counter] as Instruction;
      if (op === MATCH) return undefined;
      if (op >= RUNE) reading.push(counter);
      else if (op === ALT || op === ALT_MATCH) open.push(out, arg);
      else if (op === CAPTURE || op === NOP) open.push(out);
      else if (op === EMPTY_WIDTH && (arg & ~flags) === 0) open.push(out);
    }
    return reading;
  }

  #stateOf(counters: readonly number[], before: Before, name?: string): number {
    const key = name ?? `${before} ${counters.join()}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#states.length;
      this.#states.push({ counters, before, next: new Map() });
      this.#ids.set(key, id);
    }
    return id;
  }

  /** What a character is to those after it, as far as the pattern asks. */
  #context(symbol: number): Before {
    if (symbol === NEWLINE && (this.#flags & BEGIN_LINE) !== 0) return "newline";
    const asksWords = (this.#flags & (BOUNDARY | NO_BOUNDARY)) !== 0;
    return asksWords && isWordCharacter(symbol) ? "word" : "other";
  }
}

function flagsBetween(before: Before, symbol: number | undefined): number {
  let flags = 0;
  if (before === "nothing") flags |= BEGIN_TEXT | BEGIN_LINE;
  if (before === "newline") flags |= BEGIN_LINE;
  if (symbol === undefined) flags |= END_TEXT | END_LINE;
  if (symbol === NEWLINE) flags |= END_LINE;
  const word = symbol !== undefined && isWordCharacter(symbol);
  return flags | ((before === "word") === word ? NO_BOUNDARY : BOUNDARY);
}

function reads(instruction: Instruction, symbol: number): boolean {
  if (instruction.op === RUNE_ANY_NOT_NL) return symbol !== NEWLINE;
  return instruction.op === RUNE_ANY_NOT_NL - 1 || instruction.matchRune(symbol);
}

function cutsOf({ inst }: Program, flags: number): readonly number[] {
  const cuts = new Set<number>();
  const cut = (low: number, high: number): void => {
    cuts.add(low).add(high + 1);
  };
  if ((flags & (BEGIN_LINE | END_LINE)) !== 0) cut(NEWLINE, NEWLINE);
  if ((flags & (BOUNDARY | NO_BOUNDARY)) !== 0) for (const at of WORD_CUTS) cuts.add(at);
  for (const { op, arg, runes } of inst) {
    if (op === RUNE_ANY_NOT_NL) cut(NEWLINE, NEWLINE);
    if (op !== RUNE && op !== RUNE + 1) continue;
    const [only] = [runes[0]];
    if (runes.length === 1 && only !== undefined) {
      // The only flag of such an instruction is that it ignores case.
      for (const one of (arg & 1) === 0 ? [only] : orbitOf(only)) cut(one, one);
    } else {
      for (let i = 0; i + 1 < runes.length; i += 2) cut(runes[i] as number, runes[i + 1] as number);
    }
  }
  return [...cuts].sort((a, b) => a - b);
}

/** Exactly these texts. */
export function languageOfTexts(texts: Iterable<string>): Language {
  // A tree of prefixes; 0 is where no text goes on.
  const next: Map<number, number>[] = [new Map(), new Map()];
  const ends = new Set<number>();
  const cuts = new Set<number>();
  for (const text of texts) {
    let state = 1;
    for (const character of text) {
      const symbol = character.codePointAt(0) as number;
      cuts.add(symbol).add(symbol + 1);
      const from = next[state] as Map<number, number>;
      let to = from.get(symbol);
      if (to === undefined) {
        to = next.length;
        next.push(new Map());
        from.set(symbol, to);
      }
      state = to;
    }
    ends.add(state);
  }
  return {
    start: 1,
    cuts: [...cuts].sort((a, b) => a - b),
    signature: (symbol) => (cuts.has(symbol) && isRead(next, symbol) ? String(symbol) : ""),
    step: (state, symbol) => next[state]?.get(symbol) ?? 0,
    accepts: (state) => ends.has(state),
  };
}

function isRead(next: readonly Map<number, number>[], symbol: number): boolean {
  return next.some((from) => from.has(symbol));
}

/**
 * Texts by their number of code points.
 *
 * @param most no length beyond is told from it
 */
export function languageOfLengths(most: number, isMeant: (length: number) => boolean): Language {
  return {
    start: 0,
    cuts: [],
    signature: () => "",
    step: (state) => Math.min(state + 1, most),
    accepts: isMeant,
  };
}

import type { Json } from "../../policy/index.ts";
import { stringEnd } from "./outline.ts";

/**
 * A strict JSON reader for messages that are judged (RFC 8259). It counts depth and values as it goes and
 * stops at the first one too many, so no message makes it build more than the limits allow; it sees
 * duplicate keys (after unescaping) at any depth; and it keeps the text of every number that JavaScript
 * would write differently, so that forwarding changes no digit.
 */

export interface ScanLimits {
  /** Objects and lists inside one another; the outermost is 1. */
  readonly depth: number;
  /** Values of every kind, containers included. */
  readonly values: number;
}

/** What is read from the peers who are judged. */
export const MESSAGE_LIMITS: ScanLimits = { depth: 64, values: 20_000 };

/** The texts of numbers, by the object or list that holds them and the key or index there. */
export type NumberTexts = ReadonlyMap<object, Map<string, string>>;

export type ScanResult =
  | {
      readonly ok: true;
      /** Its objects inherit nothing, so `__proto__` is a key like any other. */
      readonly value: Json;
      readonly numbers: NumberTexts;
      /** The text is the one that `write` would make of it: it need not be written anew. */
      readonly plain: boolean;
    }
  | {
      readonly ok: false;
      /** `syntax`: not JSON. `limit`: too deep or too many values. `duplicate`, `number`: JSON that is refused. */
      readonly reason: "syntax" | "limit" | "duplicate" | "number";
      /** A clause for a person, such as "the key `amount` stands twice". */
      readonly message: string;
      /** Of `duplicate` and `number`: the value, for reading the id of the message and nothing else. */
      readonly value?: Json;
    };

class Stop extends Error {
  readonly reason: "syntax" | "limit";

  constructor(reason: "syntax" | "limit", message: string) {
    super(message);
    this.reason = reason;
  }
}

export function scan(text: string, limits: ScanLimits = MESSAGE_LIMITS): ScanResult {
  return new Scan(text, limits).upTo(text.length) as ScanResult;
}

/** One text that is read slice by slice, so that others can be served in between. */
export class Scan {
  readonly #scanner: Scanner;

  constructor(text: string, limits: ScanLimits = MESSAGE_LIMITS) {
    this.#scanner = new Scanner(text, limits);
  }

  /** Reads on until it is past that character, with the value that stands there; undefined when there is more. */
  upTo(end: number): ScanResult | undefined {
    const scanner = this.#scanner;
    try {
      if (!scanner.read(end)) return undefined;
    } catch (error) {
      if (error instanceof Stop) return { ok: false, reason: error.reason, message: error.message };
      throw error;
    }
    const { value, numbers, plain, problem } = scanner;
    return problem === undefined
      ? { ok: true, value, numbers, plain }
      : { ok: false, ...problem, value };
  }
}

/** An object or list that is being read. */
interface Frame {
  readonly object: { [key: string]: Json } | undefined;
  readonly list: Json[] | undefined;
  /** Under which the next value stands in the object. */
  key: string;
  /** The key stood there before: what comes is read and left out. */
  again: boolean;
  readonly outer: Frame | undefined;
}

/**
 * Makes objects that inherit no key, so that `__proto__` is one like any other. Unlike `Object.create(null)`,
 * whose objects are hash tables, they keep the fast shape of objects.
 */
const Bag = function Bag() {} as unknown as { new (): { [key: string]: Json }; prototype: object };
Bag.prototype = Object.create(null) as object;

const QUOTE = 34;
const BACKSLASH = 92;
// Sticky, so it matches at a place or not at all. Linear: no part can give back what it took.
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

class Scanner {
  readonly #text: string;
  readonly #limits: ScanLimits;
  readonly numbers = new Map<object, Map<string, string>>();
  problem: { reason: "duplicate" | "number"; message: string } | undefined;
  /** No white space, no escape, and no key that does not keep its place. */
  plain = true;
  /** What was read, once all is. */
  value: Json = null;
  #at = 0;
  #values = 0;
  #depth = 0;
  #open: Frame | undefined;

  constructor(text: string, limits: ScanLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  /** Reads values until one ends at or after that character; whether all is read. */
  read(end: number): boolean {
    if (this.#at === 0) this.#space();
    while (this.#at < end || end >= this.#text.length) {
      const value = this.#begin();
      if (value === undefined) continue;
      if (this.#place(value)) {
        this.#space();
        if (this.#at < this.#text.length) throw this.#unexpected();
        return true;
      }
    }
    return false;
  }

  /** Reads a value; undefined of an object or list that is not empty, which is open then, at its first value. */
  #begin(): Json | undefined {
    if (++this.#values > this.#limits.values) {
      throw new Stop("limit", `it holds more than ${this.#limits.values} values`);
    }
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#list();
      case QUOTE:
        return this.#string();
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  /** Puts a value that ended where it belongs, and ends what ends with it; whether it was the outermost. */
  #place(ended: Json): boolean {
    let value = ended;
    for (;;) {
      const open = this.#open;
      if (open === undefined) {
        this.value = value;
        return true;
      }
      const { object, list } = open;
      if (list !== undefined) list.push(value);
      else if (object !== undefined && !open.again) object[open.key] = value;
      this.#space();
      const next = this.#text.charCodeAt(this.#at);
      const close = list === undefined ? 0x7d : 0x5d;
      if (next !== 0x2c && next !== close) throw this.#unexpected();
      this.#at++;
      if (next !== close) {
        this.#space();
        if (object !== undefined) this.#key(open, object);
        return false;
      }
      this.#open = open.outer;
      this.#depth--;
      value = (list ?? object) as Json;
    }
  }

  #object(): Json | undefined {
    this.#enter();
    const object = new Bag();
    this.#space();
    if (this.#text.charCodeAt(this.#at) === 0x7d) {
      this.#at++;
      return object;
    }
    const frame = { object, list: undefined, key: "", again: false, outer: this.#open };
    this.#key(frame, object);
    this.#open = frame;
    this.#depth++;
    return undefined;
  }

  #key(frame: Frame, object: { [key: string]: Json }): void {
    if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#unexpected();
    const key = this.#string();
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 0x3a) throw this.#unexpected();
    this.#at++;
    this.#space();
    if (mayMove(key)) this.plain = false;
    frame.key = key;
    // The first one stays; the message is refused in any case. No JSON is undefined.
    frame.again = object[key] !== undefined;
    if (frame.again) {
      this.problem ??= { reason: "duplicate", message: `the key ${quote(key)} stands twice` };
    }
  }

  #list(): Json | undefined {
    this.#enter();
    const list: Json[] = [];
    this.#space();
    if (this.#text.charCodeAt(this.#at) === 0x5d) {
      this.#at++;
      return list;
    }
    this.#open = { object: undefined, list, key: "", again: false, outer: this.#open };
    this.#depth++;
    return undefined;
  }

  #enter(): void {
    if (this.#depth >= this.#limits.depth) {
      throw new Stop("limit", `it is nested more than ${this.#limits.depth} levels deep`);
    }
    this.#at++;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) return this.#escaped(start, at);
      // Not below 0x20, and not NaN, which is the end of the text.
      if (!(unit >= 0x20)) throw this.#unexpected(at);
      at++;
    }
    this.#at = at + 1;
    return text.slice(start, at);
  }

  /** A string with an escape, which the engine's own parser reads once its end is found. */
  #escaped(start: number, firstEscape: number): string {
    this.plain = false;
    const text = this.#text;
    const end = stringEnd(text, start - 1);
    if (end === 0) throw this.#unexpected(text.length);
    this.#at = end;
    try {
      return JSON.parse(text.slice(start - 1, end)) as string;
    } catch {
      throw new Stop("syntax", `a string is not JSON after character ${firstEscape + 1}`);
    }
  }

  #number(): number {
    NUMBER.lastIndex = this.#at;
    const written = NUMBER.exec(this.#text)?.[0];
    if (written === undefined) throw this.#unexpected();
    this.#at += written.length;
    const value = Number(written);
    if (!Number.isFinite(value)) {
      this.problem ??= { reason: "number", message: "a number is too large for any receiver" };
      return 0;
    }
    const open = this.#open;
    if (open !== undefined && !open.again && String(value) !== written) {
      const { object, list } = open;
      const key = list === undefined ? open.key : String(list.length);
      const parent = (list ?? object) as object;
      const texts = this.numbers.get(parent);
      if (texts === undefined) this.numbers.set(parent, new Map([[key, written]]));
      else texts.set(key, written);
    }
    return value;
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.plain = false;
      this.#at++;
    }
  }

  #unexpected(at = this.#at): Stop {
    return at >= this.#text.length
      ? new Stop("syntax", "it ends too early")
      : new Stop("syntax", `it is not JSON at character ${at + 1}`);
  }
}

/** Objects put keys that are indexes before all others. */
function mayMove(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

function quote(key: string): string {
  const short = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  return `\`${JSON.stringify(short).slice(1, -1)}\``;
}

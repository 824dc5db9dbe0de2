import { createHmac } from "node:crypto";
import { canonicalJson, type Json } from "../../policy/index.ts";
import { isObject, type JsonObject } from "../proxy/admit.ts";
import type { Place } from "../proxy/reads.ts";
import { withoutSecrets } from "./secrets.ts";

/**
 * What a record keeps of a call's arguments: nothing; the names at the top; the values that the policy's conditions
 * read; all values. All but the first keep a keyed digest of the whole.
 */
export const ARGUMENT_MODES = ["none", "keys", "judged", "full"] as const;
export type ArgumentMode = (typeof ARGUMENT_MODES)[number];

/** What a record holds of the arguments. */
export interface KeptArguments {
  readonly mode: ArgumentMode;
  readonly keys?: readonly string[];
  /** In the shape of the arguments, without what is not kept. */
  readonly values?: Json;
  /** JSON pointers of values that are not there as they came: too large, or a URL with credentials. */
  readonly cut?: readonly string[];
  /** With `judged`, JSON pointers of what the policy reads and the call does not have; `*` is each element of a list. */
  readonly absent?: readonly string[];
  /** With `judged`, JSON pointers of objects and lists at the top of which only a part is kept. */
  readonly partial?: readonly string[];
  /** `hmac-sha256:` and 64 hexadecimal digits: of the canonical JSON of the whole. */
  readonly digest: string;
}

/** Characters of one string, and of all values together. */
const BOUNDS = {
  judged: { text: 4_096, all: 16_384 },
  full: { text: 65_536, all: 262_144 },
} as const;
const MAX_KEYS = 64;
const MAX_KEY = 256;
const MAX_CUT = 32;
const MAX_POINTER = 1_024;

/** `read`: what of them the policy reads. */
export function keptArguments(
  mode: Exclude<ArgumentMode, "none">,
  args: JsonObject,
  read: Place | undefined,
  key: Buffer,
): KeptArguments {
  const digest = digestOf(args, key);
  if (mode === "keys") {
    const names = Object.keys(args);
    const keys = names.slice(0, MAX_KEYS).map((name) => withoutSecrets(name).slice(0, MAX_KEY));
    return { mode, keys, ...(names.length > MAX_KEYS ? { cut: ["…"] } : {}), digest };
  }
  const keeper = new Keeper(BOUNDS[mode]);
  const values = mode === "full" ? keeper.whole(args, "") : keeper.read(args, read, "");
  return {
    mode,
    ...(values === undefined ? {} : { values }),
    ...(keeper.cut.length === 0 ? {} : { cut: keeper.cut }),
    ...(keeper.absent.length === 0 ? {} : { absent: keeper.absent }),
    ...(keeper.partial.length === 0 ? {} : { partial: keeper.partial }),
    digest,
  };
}

function digestOf(args: JsonObject, key: Buffer): string {
  return `hmac-sha256:${createHmac("sha256", key).update(canonical(args)).digest("hex")}`;
}

/** Arguments that have no canonical form, a lone surrogate in them, are digested as they are written. */
function canonical(args: JsonObject): string {
  try {
    return canonicalJson(args);
  } catch {
    return JSON.stringify(args);
  }
}

/** Copies values until there is enough. */
class Keeper {
  readonly cut: string[] = [];
  readonly absent: string[] = [];
  readonly partial: string[] = [];
  readonly #text: number;
  #left: number;

  constructor({ text, all }: { readonly text: number; readonly all: number }) {
    this.#text = text;
    this.#left = all;
  }

  whole(value: Json, at: string): Json | undefined {
    if (this.#left <= 0) return this.#leaveOut(at);
    if (typeof value === "string") return this.#string(value, at);
    this.#left -= 8;
    if (Array.isArray(value))
      return this.#list(value, at, (held, place) => this.whole(held, place));
    if (!isObject(value)) return value;
    return this.#object(value, Object.keys(value), at, (held, _, place) => this.whole(held, place));
  }

  read(value: Json, place: Place | undefined, at: string): Json | undefined {
    if (place === undefined) return undefined;
    if (place.read) return this.whole(value, at);
    const { each, keys } = place;
    if (Array.isArray(value)) {
      for (const [name, below] of keys) {
        // A key `*` is each element, too.
        if (below !== each) this.#miss(below, `${at}/${step(name)}`);
      }
      if (each === undefined) return undefined;
      this.#keepPart(at);
      return this.#list(value, at, (held, below) => this.read(held, each, below));
    }
    if (each !== undefined) this.#miss(each, `${at}/*`);
    const object = isObject(value) ? value : NOTHING;
    for (const [name, below] of keys) {
      if (below !== each && !Object.hasOwn(object, name)) this.#miss(below, `${at}/${step(name)}`);
    }
    if (!isObject(value)) return undefined;
    this.#keepPart(at);
    const names = [...keys.keys()].filter((name) => Object.hasOwn(value, name));
    return this.#object(value, names, at, (held, name, below) =>
      this.read(held, place.keys.get(name), below),
    );
  }

  #list(
    list: readonly Json[],
    at: string,
    copy: (held: Json, at: string) => Json | undefined,
  ): Json | undefined {
    const kept: Json[] = [];
    for (const [index, held] of list.entries()) {
      if (this.#left <= 0) {
        this.#leaveOut(`${at}/${index}`);
        break;
      }
      kept.push(copy(held, `${at}/${index}`) ?? null);
    }
    return kept;
  }

  #object(
    value: JsonObject,
    names: readonly string[],
    at: string,
    copy: (held: Json, name: string, at: string) => Json | undefined,
  ): Json | undefined {
    // A key may be `__proto__`.
    const kept: { [key: string]: Json } = Object.create(null);
    for (const name of names) {
      const plain = withoutSecrets(name);
      const below = `${at}/${step(plain)}`;
      if (this.#left <= 0 || name.length > MAX_KEY || name !== plain) {
        this.#leaveOut(below);
        if (this.#left <= 0) break;
        continue;
      }
      this.#left -= name.length;
      const held = copy(value[name] as Json, name, below);
      if (held !== undefined) kept[name] = held;
    }
    return kept;
  }

  #string(value: string, at: string): string {
    const clean = withoutSecrets(value);
    const room = Math.min(this.#text, this.#left);
    const kept = clean.length > room ? `${clean.slice(0, room)}…` : clean;
    if (kept !== value) this.#leaveOut(at);
    this.#left -= kept.length;
    return kept;
  }

  #leaveOut(at: string): undefined {
    note(this.cut, at);
    return undefined;
  }

  /** The call has nothing where the policy reads something. */
  #miss(place: Place, at: string): void {
    if (isRead(place)) note(this.absent, at);
  }

  /** Below the top, which is always kept in part. */
  #keepPart(at: string): void {
    if (at !== "" && !at.includes("/", 1)) note(this.partial, at);
  }
}

const NOTHING: JsonObject = Object.create(null);

function note(pointers: string[], at: string): void {
  if (pointers.length < MAX_CUT) pointers.push(at.slice(0, MAX_POINTER));
  else pointers[MAX_CUT] = "…";
}

/** A key as a step of a pointer. */
function step(name: string): string {
  return name.slice(0, MAX_KEY).replace(/~/g, "~0").replace(/\//g, "~1");
}

/** Whether it, or something below it, is read: places are also made of names that must not be mistaken. */
function isRead({ read, keys, each }: Place): boolean {
  if (read || (each !== undefined && isRead(each))) return true;
  for (const below of keys.values()) if (isRead(below)) return true;
  return false;
}

import type { Json } from "../../policy/index.ts";
import { isObject, type JsonObject } from "../proxy/admit.ts";
import type { ArgumentMode } from "./arguments.ts";

/** What a record tells of a call's arguments, and what it does not. */
export class KnownArguments {
  /** As far as they are known. */
  readonly args: JsonObject;
  readonly #mode: ArgumentMode;
  readonly #keys: ReadonlySet<string> | undefined;
  readonly #cut: Pointers;
  readonly #absent: Pointers;
  readonly #partial: Pointers;

  /** `kept`: the member `arguments` of a record; undefined where it has none. `mode`: what its trail keeps. */
  constructor(kept: unknown, mode: ArgumentMode) {
    const { values, keys, cut, absent, partial } = (isObject(kept as Json) ? kept : {}) as Readonly<
      Record<string, unknown>
    >;
    // Whoever keeps anything keeps the digest of a call with arguments.
    const empty = kept === undefined && mode !== "none";
    this.#mode = empty ? "full" : mode;
    this.args = isObject(values as Json) ? (values as JsonObject) : NO_VALUES;
    this.#cut = new Pointers(cut);
    this.#absent = new Pointers(absent);
    this.#partial = new Pointers(partial);
    const whole = Array.isArray(keys) && this.#cut.empty;
    this.#keys = whole ? new Set(keys.map(String)) : undefined;
  }

  /** Whether all of them are there as they came. */
  get whole(): boolean {
    return this.#mode === "full" && this.#cut.empty;
  }

  /** Whether the value at this path is known, or that there is none; `*` is each element of a list. */
  gap(path: readonly (string | number)[]): "kept" | "cut" | undefined {
    return this.#gap(this.args, path, 0, "");
  }

  #gap(
    value: Json,
    path: readonly (string | number)[],
    depth: number,
    at: string,
  ): "kept" | "cut" | undefined {
    if (this.#cut.covers(at)) return "cut";
    if (depth === path.length) return this.#gapBelow(value, at);
    const step = path[depth] as string | number;
    if (Array.isArray(value)) {
      if (typeof step === "string" && step !== "*") return undefined;
      const chosen = step === "*" ? [...value.keys()] : [Number(step)];
      for (const index of chosen) {
        if (index >= value.length) {
          // What was cut off the end of a list is named by its first element.
          if (this.#cut.covers(`${at}/${value.length}`)) return "cut";
          continue;
        }
        const gap = this.#gap(value[index] as Json, path, depth + 1, `${at}/${index}`);
        if (gap !== undefined) return gap;
      }
      return step === "*" && this.#cut.covers(`${at}/${value.length}`) ? "cut" : undefined;
    }
    // A value of another kind has nothing below it.
    if (!isObject(value) || typeof step === "number") return undefined;
    const below = `${at}/${encoded(step)}`;
    if (!Object.hasOwn(value, step)) return this.#gapAt(below);
    return this.#gap(value[step] as Json, path, depth + 1, below);
  }

  /** Of a place where the record has nothing. */
  #gapAt(at: string): "kept" | "cut" | undefined {
    if (this.#cut.covers(at) || this.#cut.more) return "cut";
    if (this.#mode === "full" || this.#absent.covers(at)) return undefined;
    if (this.#keys !== undefined) {
      const top = at.slice(1).split("/", 1)[0] as string;
      const known = [...this.#keys].some((key) => encoded(key) === top);
      return known ? "kept" : undefined;
    }
    // What is not kept in part is kept as a whole.
    const holder = at.slice(0, at.lastIndexOf("/"));
    return holder !== "" && !this.#partial.more && !this.#partial.covers(holder)
      ? undefined
      : "kept";
  }

  /** Of an object or list that is read as a whole. */
  #gapBelow(value: Json, at: string): "kept" | "cut" | undefined {
    if (typeof value !== "object") return undefined;
    // In a list of which a part is kept it stands for any element.
    if (value === null)
      return this.#mode !== "full" && this.#partial.covers(at) ? "kept" : undefined;
    if (this.#cut.more || this.#cut.below(at)) return "cut";
    if (this.#mode === "full") return undefined;
    return at === "" || this.#partial.more || this.#partial.covers(at) ? "kept" : undefined;
  }
}

const NO_VALUES: JsonObject = Object.create(null);

function encoded(step: string | number): string {
  return String(step).replace(/~/g, "~0").replace(/\//g, "~1");
}

/** JSON pointers of a record. */
class Pointers {
  readonly #pointers: readonly string[];
  /** There were more than are kept. */
  readonly more: boolean;

  constructor(given: unknown) {
    const all = Array.isArray(given) ? given.map(String) : [];
    this.more = all.includes("…");
    this.#pointers = all;
  }

  get empty(): boolean {
    return this.#pointers.length === 0;
  }

  /** One of them is this place, or one above it. */
  covers(at: string): boolean {
    return this.#pointers.some((one) => isAbove(one.split("/"), at.split("/")));
  }

  /** One of them is below this place. */
  below(at: string): boolean {
    return this.#pointers.some((one) => isAbove(at.split("/"), one.split("/")));
  }
}

function isAbove(above: readonly string[], at: readonly string[]): boolean {
  return (
    above.length <= at.length &&
    above.every((step, index) => step === at[index] || (index > 0 && step === "*"))
  );
}

import { canonicalJson, type Json } from "../../policy/index.ts";
import type { LiveTool } from "../engine/types.ts";
import { foldName } from "./fold.ts";

/** One `tools/list` request of our own; rejects when there is no answer within `ms`. */
export type FetchPage = (cursor: string | undefined, ms: number) => Promise<ToolsPage>;

export interface ToolsPage {
  readonly tools: readonly Json[];
  readonly nextCursor?: string;
}

/** The result of a `tools/list`. Throws when it is none. */
export function toolsPage({ tools, nextCursor }: { readonly [key: string]: Json }): ToolsPage {
  if (!Array.isArray(tools)) throw new Error("The answer holds no list of tools.");
  return {
    tools: tools as readonly Json[],
    ...(typeof nextCursor === "string" ? { nextCursor } : {}),
  };
}

/** A complete list of the server's tools, as the server gave it. */
export interface Snapshot {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  readonly tools: ReadonlyMap<string, LiveTool>;
  /** From folded names to all names that fold to them. */
  readonly folded: ReadonlyMap<string, readonly string[]>;
}

/** Age after which a list is asked for anew. */
export const MAX_AGE_MS = 300_000;
/** Least time between two lists that are asked for because a name was not in the first. */
export const MISS_AGE_MS = 5_000;
/** For all pages together. */
export const FETCH_MS = 10_000;
const MAX_PAGES = 1_000;
/** Of all pages together; a server that lists more is not understood. */
const MAX_TOOLS = 100_000;
/** Lists that are asked for in a row because the one before changed while it was read. */
const MAX_READS = 3;

/**
 * What the proxy knows of the live tools: the last complete `tools/list`, seen in passing or asked for by
 * itself, one fetch at a time.
 */
export class Catalogue {
  readonly #fetchPage: FetchPage;
  readonly #clock: () => number;
  #snapshot: Snapshot | undefined;
  #fetching: Promise<Snapshot | undefined> | undefined;
  /** Counts `list_changed`: a list that was asked for before one is out of date. */
  #changes = 0;

  /** `clock`: monotonic, in milliseconds. */
  constructor(fetchPage: FetchPage, clock: () => number = () => performance.now()) {
    this.#fetchPage = fetchPage;
    this.#clock = clock;
  }

  /** What is known now without asking; undefined when it is missing, old or invalidated. */
  get known(): Snapshot | undefined {
    const snapshot = this.#snapshot;
    return snapshot !== undefined && this.#clock() - snapshot.at <= MAX_AGE_MS
      ? snapshot
      : undefined;
  }

  /** A fresh list; undefined when it is not to be had. */
  current(): Snapshot | Promise<Snapshot | undefined> {
    return this.known ?? this.#fetch();
  }

  /** As `current`, but a list without `name` is asked for again, at most once in a while. */
  currentWith(name: string): Snapshot | Promise<Snapshot | undefined> {
    const known = this.known;
    if (known === undefined) return this.#fetch();
    if (known.tools.has(name) || this.#clock() - known.at < MISS_AGE_MS) return known;
    return this.#fetch().then((fetched) => fetched ?? this.known);
  }

  /** A marker to be handed to `observe`, taken when a list is asked for. */
  get changes(): number {
    return this.#changes;
  }

  /** A complete list went by; `changes` as it was when the list was asked for. */
  observe(tools: readonly Json[], changes: number): void {
    if (changes === this.#changes) this.#snapshot = snapshotOf(tools, this.#clock());
  }

  /** The server said that its list has changed. */
  invalidate(): void {
    this.#changes++;
    this.#snapshot = undefined;
  }

  #fetch(): Promise<Snapshot | undefined> {
    this.#fetching ??= this.#fetchAll().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchAll(): Promise<Snapshot | undefined> {
    const deadline = this.#clock() + FETCH_MS;
    for (let read = 1; ; read++) {
      const changes = this.#changes;
      const snapshot = await this.#fetchOnce(deadline);
      if (snapshot === undefined) return undefined;
      if (changes === this.#changes) {
        this.#snapshot = snapshot;
        return snapshot;
      }
      // There are servers that announce a change with every list.
      if (read === MAX_READS) return snapshot;
    }
  }

  async #fetchOnce(deadline: number): Promise<Snapshot | undefined> {
    const tools: Json[] = [];
    const seen = new Set<string>();
    try {
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await this.#fetchPage(cursor, deadline - this.#clock());
        if (tools.length + answer.tools.length > MAX_TOOLS) return undefined;
        for (const tool of answer.tools) tools.push(tool);
        cursor = answer.nextCursor;
        if (cursor === undefined) return snapshotOf(tools, this.#clock());
        if (seen.has(cursor)) return undefined;
        seen.add(cursor);
      }
      return undefined;
    } catch {
      return undefined;
    }
  }
}

export function snapshotOf(tools: readonly Json[], at: number): Snapshot {
  const live = new Map<string, LiveTool>();
  const folded = new Map<string, string[]>();
  for (const definition of tools) {
    const name = nameOf(definition);
    if (name === undefined) continue;
    const before = live.get(name);
    if (before === undefined) {
      live.set(name, { state: "listed", definition });
      const same = folded.get(foldName(name));
      if (same === undefined) folded.set(foldName(name), [name]);
      else same.push(name);
    } else if (before.state === "listed" && !same(before.definition, definition)) {
      live.set(name, { state: "ambiguous" });
    }
  }
  return { at, tools: live, folded };
}

export function nameOf(definition: Json): string | undefined {
  if (typeof definition !== "object" || definition === null || Array.isArray(definition)) {
    return undefined;
  }
  const { name } = definition as { readonly [key: string]: Json };
  return typeof name === "string" ? name : undefined;
}

function same(a: Json, b: Json): boolean {
  try {
    return canonicalJson(a) === canonicalJson(b);
  } catch {
    return false;
  }
}

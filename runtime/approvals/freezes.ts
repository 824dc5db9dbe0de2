import type { Freeze, FreezeStore, MaybePromise } from "../state/store.ts";

/** How old what is known of freezes may be (milliseconds): a new one is in force within a second. */
const FRESH_MS = 400;

/** What a call is, as far as a freeze may be about it. */
export interface FreezeSubject {
  readonly server: string;
  readonly grant: { readonly id: string; readonly name: string };
  readonly tool: string;
}

const NOBODY: FreezeSubject = { server: "", grant: { id: "", name: "" }, tool: "" };

/** The freezes in force, read from the store as calls come, and not more often than need be. */
export class Freezes {
  readonly #store: Pick<FreezeStore, "list" | "liftedBy">;
  #known: readonly Freeze[] = [];
  #readAt: number | undefined;
  #reading: Promise<readonly Freeze[]> | undefined;
  readonly #listeners = new Set<(freezes: readonly Freeze[]) => void>();

  constructor(store: Pick<FreezeStore, "list" | "liftedBy">) {
    this.#store = store;
  }

  /** The freeze that stops a call now. Throws, or rejects with, what the store does: then nobody knows. */
  find(subject: FreezeSubject, now: number): MaybePromise<Freeze | undefined> {
    if (this.#readAt !== undefined && Math.abs(now - this.#readAt) < FRESH_MS) {
      return this.#known.length === 0 ? undefined : stopping(this.#known, subject, now);
    }
    const read = this.#reading ?? this.#store.list();
    if (!(read instanceof Promise)) {
      this.#keep(read, now);
      return stopping(read, subject, now);
    }
    this.#reading ??= read.then(
      (freezes) => {
        this.#reading = undefined;
        this.#keep(freezes, now);
        return freezes;
      },
      (error: unknown) => {
        this.#reading = undefined;
        throw error;
      },
    );
    return this.#reading.then((freezes) => stopping(freezes, subject, now));
  }

  /** The freeze that stops a call now, by what was last read. */
  lastKnown(subject: FreezeSubject, now: number): Freeze | undefined {
    return stopping(this.#known, subject, now);
  }

  /** Calls `listener` with those in force whenever they were read, before a call is stopped by them. */
  onRead(listener: (freezes: readonly Freeze[]) => void): void {
    this.#listeners.add(listener);
  }

  /** Reads them though no call comes; gives those in force. Throws, or rejects with, what the store does. */
  list(now: number): MaybePromise<readonly Freeze[]> {
    const read = this.find(NOBODY, now);
    return read instanceof Promise ? read.then(() => this.#known) : this.#known;
  }

  /** Who lifted one that is in force no more. Throws, or rejects with, what the store does. */
  liftedBy(id: string): MaybePromise<string | undefined> {
    return this.#store.liftedBy(id);
  }

  #keep(freezes: readonly Freeze[], now: number): void {
    this.#known = freezes;
    this.#readAt = now;
    for (const listener of this.#listeners) listener(freezes);
  }
}

function stopping(
  freezes: readonly Freeze[],
  { server, grant, tool }: FreezeSubject,
  now: number,
): Freeze | undefined {
  return freezes.find(
    (freeze) =>
      freeze.until > now &&
      (freeze.server === undefined || freeze.server === server) &&
      (freeze.tool === undefined || freeze.tool === tool) &&
      (freeze.grant === undefined || freeze.grant === grant.id || freeze.grant === grant.name),
  );
}

import type { Freezes } from "../approvals/freezes.ts";
import type { Freeze } from "../state/store.ts";
import { keptText, MAX, timeText } from "./text.ts";
import type { AuditTrail } from "./trail.ts";

export interface FreezeEventsOptions {
  readonly freezes: Pick<Freezes, "onRead" | "list" | "liftedBy">;
  readonly trail: Pick<AuditTrail, "happened">;
  /** Whether what stops calls to a server is ours to keep. */
  readonly concerns: (server: string) => boolean;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
}

/** Between two looks when no call comes (milliseconds). */
const LOOK_MS = 1_000;

/**
 * Keeps in the audit trail what is frozen, and what is lifted before its time. Whoever does that does it in the store,
 * in another process; the first look keeps what was frozen before.
 */
export class FreezeEvents {
  readonly #options: FreezeEventsOptions;
  #known: ReadonlyMap<string, Freeze> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FreezeEventsOptions) {
    this.#options = options;
    options.freezes.onRead((freezes) => this.#learn(freezes));
  }

  /** Looks now, and every second from now on. Never rejects. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
    await this.look();
  }

  /** Never rejects. */
  async look(): Promise<void> {
    try {
      await this.#options.freezes.list(this.#options.now());
    } catch {
      // The store cannot answer: calls are denied, and what has happened is told later.
    }
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #learn(freezes: readonly Freeze[]): void {
    const { concerns, trail, now } = this.#options;
    const before = this.#known;
    const after = new Map(
      freezes
        .filter(({ server }) => server === undefined || concerns(server))
        .map((freeze) => [freeze.id, freeze]),
    );
    this.#known = after;
    for (const [id, freeze] of after) {
      if (before?.has(id) === true) continue;
      const more = before === undefined ? { at_start: true } : {};
      trail.happened("freeze", { ...about(freeze), ...more });
    }
    for (const [id, freeze] of before ?? []) {
      // What has come to its end was not lifted.
      if (after.has(id) || freeze.until <= now()) continue;
      void this.#lifted(freeze);
    }
  }

  async #lifted(freeze: Freeze): Promise<void> {
    let by: string | undefined;
    try {
      by = await this.#options.freezes.liftedBy(freeze.id);
    } catch {
      // That it was lifted is known without it.
    }
    const who = by === undefined ? {} : { lifted_by: keptText(by, MAX.name) };
    this.#options.trail.happened("unfreeze", { ...about(freeze), ...who });
  }
}

function about({ id, server, grant, tool, because, by, until }: Freeze): Record<string, unknown> {
  return {
    id,
    scope: {
      ...(server === undefined ? {} : { server }),
      ...(grant === undefined ? {} : { grant }),
      ...(tool === undefined ? {} : { tool: keptText(tool, MAX.name) }),
    },
    because: keptText(because, MAX.text),
    by: keptText(by, MAX.name),
    until: timeText(until),
  };
}

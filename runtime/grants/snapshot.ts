import { createHash, timingSafeEqual } from "node:crypto";
import type { Rulebook } from "../proxy/rulebook.ts";
import type { Grant, Grants } from "./grant.ts";

/** A grant with everything that is in force for it. */
export interface GrantInForce {
  readonly grant: Grant;
  /** SHA-256 of its token, 64 hexadecimal digits. */
  readonly token: string;
  /** Milliseconds since 1970, UTC: no more from then on. */
  readonly expiresAt?: number;
  /** By server; it may use no other. */
  readonly rulebooks: ReadonlyMap<string, Rulebook>;
}

/** A grant that is let in no more; `server`: at this one alone. */
export interface Lost {
  readonly grant: Grant;
  readonly server?: string;
  readonly why: "revoked" | "token changed" | "expired" | "server taken out";
}

/** Who may call, and under which rules, at one moment. Immutable: a reload makes another. */
export class Snapshot implements Grants {
  readonly #byToken: ReadonlyMap<string, GrantInForce>;
  readonly #byId: ReadonlyMap<string, GrantInForce>;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970, UTC. */
  constructor(grants: readonly GrantInForce[], now: () => number) {
    this.#byToken = new Map(grants.map((one) => [one.token, one]));
    this.#byId = new Map(grants.map((one) => [one.grant.id, one]));
    this.#now = now;
  }

  ofToken(token: string | undefined, server?: string): Grant | undefined {
    if (token === undefined) return undefined;
    // Found by the digest, and compared: how long either takes says nothing about a token.
    const digest = createHash("sha256").update(token).digest();
    const found = this.#byToken.get(digest.toString("hex"));
    if (found === undefined || !timingSafeEqual(digest, Buffer.from(found.token, "hex"))) {
      return undefined;
    }
    if (this.#hasExpired(found)) return undefined;
    return server === undefined || found.rulebooks.has(server) ? found.grant : undefined;
  }

  /** The rules for a grant on a server; undefined when it may not use it, or no more. */
  rulebook(grant: string, server: string): Rulebook | undefined {
    const found = this.#byId.get(grant);
    return found === undefined || this.#hasExpired(found) ? undefined : found.rulebooks.get(server);
  }

  grant(id: string): Grant | undefined {
    return this.#byId.get(id)?.grant;
  }

  *rulebooks(): Generator<{
    readonly grant: string;
    readonly server: string;
    readonly rulebook: Rulebook;
  }> {
    for (const [grant, { rulebooks }] of this.#byId) {
      for (const [server, rulebook] of rulebooks) yield { grant, server, rulebook };
    }
  }

  /** The ids of the grants that have ended by their day. */
  expired(): readonly string[] {
    return [...this.#byId].flatMap(([id, one]) => (this.#hasExpired(one) ? [id] : []));
  }

  /** When the next grant expires; undefined when none does. */
  get nextExpiry(): number | undefined {
    let next: number | undefined;
    for (const { expiresAt } of this.#byId.values()) {
      if (expiresAt === undefined || expiresAt <= this.#now()) continue;
      if (next === undefined || expiresAt < next) next = expiresAt;
    }
    return next;
  }

  /** The grants, with the server where it is about one alone, that this snapshot let in and another does not. */
  lostIn(next: Snapshot): readonly Lost[] {
    return [...this.#byId].flatMap(([id, { grant, token, rulebooks }]): readonly Lost[] => {
      const after = next.#byId.get(id);
      if (after === undefined) return [{ grant, why: "revoked" }];
      if (after.token !== token) return [{ grant, why: "token changed" }];
      if (next.#hasExpired(after)) return [{ grant, why: "expired" }];
      return [...rulebooks.keys()].flatMap((server) =>
        after.rulebooks.has(server) ? [] : [{ grant, server, why: "server taken out" }],
      );
    });
  }

  #hasExpired({ expiresAt }: GrantInForce): boolean {
    return expiresAt !== undefined && expiresAt <= this.#now();
  }
}

import { createHash, timingSafeEqual } from "node:crypto";
import { newToken } from "../grants/grant.ts";
import type { AdminPeople, Person } from "./people.ts";

/** How long a session lasts at most, and how long unused (milliseconds). */
const SESSION_MS = 12 * 3_600_000;
const IDLE_MS = 2 * 3_600_000;
/** Beyond it the one that was used longest ago ends. */
const MAX_SESSIONS = 64;
/** How long the one-time link is good for (milliseconds). */
export const LINK_MS = 3_600_000;

/** Who asks. */
export interface AdminSession {
  /** Who decides with it; undefined for somebody who may only look. */
  readonly person: Person | undefined;
}

/** What a page proves itself with: both, each time. */
export interface Proof {
  /** Kept by the browser for this host: other ports of the host are sent it, too. */
  readonly cookie: string | undefined;
  /** Kept by the page for this origin, which no other port can read. */
  readonly token: string | undefined;
}

interface Held {
  /** SHA-256 of what proves it. */
  readonly token: Buffer;
  /** SHA-256 of an approver's token, hexadecimal; undefined for who had the link. */
  readonly approver: string | undefined;
  readonly ends: number;
  usedAt: number;
}

/** Sessions of browsers, in memory: they end with the process. */
export class Sessions {
  readonly #people: AdminPeople;
  readonly #now: () => number;
  /** By the SHA-256 of the cookie, in the order of their last use. */
  readonly #held = new Map<string, Held>();
  #link: { readonly digest: Buffer; readonly ends: number } | undefined;

  /** `now`: milliseconds since 1970, UTC. */
  constructor(people: AdminPeople, now: () => number) {
    this.#people = people;
    this.#now = now;
  }

  /** A new secret that opens one session, once; the one before it opens nothing any more. */
  newLink(): string {
    const secret = newToken();
    this.#link = { digest: digestOf(secret), ends: this.#now() + LINK_MS };
    return secret;
  }

  /** Opens a session with the one-time link; undefined when it was used, is too old, or is another. */
  enter(secret: string): Required<Proof> | undefined {
    const link = this.#link;
    if (link === undefined || link.ends <= this.#now()) return undefined;
    if (!timingSafeEqual(link.digest, digestOf(secret))) return undefined;
    this.#link = undefined;
    return this.#open(undefined);
  }

  /** Opens a session with an approver's token; undefined when it is that of none. */
  signIn(token: string): Required<Proof> | undefined {
    const approver = digestOf(token).toString("hex");
    return this.#people.approver(approver) === undefined ? undefined : this.#open(approver);
  }

  find(proof: Proof): AdminSession | undefined {
    if (proof.cookie === undefined || proof.token === undefined) return undefined;
    const key = digestOf(proof.cookie).toString("hex");
    const held = this.#held.get(key);
    if (held === undefined || !timingSafeEqual(held.token, digestOf(proof.token))) return undefined;
    return this.#use(key, held);
  }

  /** By the cookie alone, for what may be looked at but is no secret of anybody. */
  isOpen(cookie: string | undefined): boolean {
    if (cookie === undefined) return false;
    const key = digestOf(cookie).toString("hex");
    const held = this.#held.get(key);
    return held !== undefined && this.#use(key, held) !== undefined;
  }

  end(cookie: string | undefined): void {
    if (cookie !== undefined) this.#held.delete(digestOf(cookie).toString("hex"));
  }

  #use(key: string, held: Held): AdminSession | undefined {
    const now = this.#now();
    this.#held.delete(key);
    if (held.ends <= now || held.usedAt + IDLE_MS <= now) return undefined;
    const { approver, operator } = this.#people;
    const person = held.approver === undefined ? operator : approver(held.approver);
    // An approver who was taken out of the configuration, or has another token now, is one no more.
    if (held.approver !== undefined && person === undefined) return undefined;
    held.usedAt = now;
    this.#held.set(key, held);
    return { person };
  }

  #open(approver: string | undefined): Required<Proof> {
    const cookie = newToken();
    const token = newToken();
    const now = this.#now();
    for (const key of this.#held.keys()) {
      if (this.#held.size < MAX_SESSIONS) break;
      this.#held.delete(key);
    }
    this.#held.set(digestOf(cookie).toString("hex"), {
      token: digestOf(token),
      approver,
      ends: now + SESSION_MS,
      usedAt: now,
    });
    return { cookie, token };
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

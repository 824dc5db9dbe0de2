import type { Approval } from "../state/store.ts";

/** Somebody who decides. */
export interface Person {
  readonly name: string;
  /** The groups that they are in; absent of the local user. */
  readonly groups?: readonly string[];
}

/** Who may look at the admin page, and who may decide there. What is in force is asked at each request. */
export interface AdminPeople {
  /** Who holds the one-time link, where that is somebody who decides: the local user of a single proxy. */
  readonly operator: Person | undefined;
  /** The approver of a token, by its SHA-256 (64 hexadecimal digits), compared in constant time. */
  readonly approver: (digest: string) => Person | undefined;
  /** Why somebody may not decide on a question, a sentence; undefined where they may. */
  readonly whyNot: (person: Person, approval: Approval) => string | undefined;
  /** Whether a question is about calls of this proxy: other proxies may use the same state. */
  readonly concerns: (approval: Approval) => boolean;
  /** Why nobody can decide here, a sentence; undefined where somebody can. */
  readonly nobody: string | undefined;
}

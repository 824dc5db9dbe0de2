import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Under whose name calls are made. */
export interface Grant {
  /** The scope value of counters; `local` without configured grants. */
  readonly id: string;
  readonly name: string;
  readonly labels: { readonly [name: string]: string };
}

/** Who may call. */
export interface Grants {
  /**
   * The grant of a bearer token; undefined when it is none of ours, or none for this server. Absent: for any server.
   */
  ofToken(token: string | undefined, server?: string): Grant | undefined;
}

/** 256 bits of chance, in 43 characters. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** One grant with one token. */
export function tokenGrant(grant: Grant, token: string): Grants {
  const right = digest(token);
  return {
    // Digests are of one length, and comparing them tells nothing about the token.
    ofToken: (given) =>
      given !== undefined && timingSafeEqual(digest(given), right) ? grant : undefined,
  };
}

/** One grant for everybody who can connect. */
export function openGrant(grant: Grant): Grants {
  return { ofToken: () => grant };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

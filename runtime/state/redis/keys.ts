import { createHash } from "node:crypto";

/** Approvals of all servers, and freezes: a hash slot of their own. */
export const SHARED = "shared";

/** The hash slot of a server's keys. A digest: a server id may hold any character, braces too. */
export function slotOfServer(server: string): string {
  return digest(server).slice(0, 16);
}

/** Names of keys. The part in braces alone decides the hash slot of a Redis cluster. */
export class Keys {
  readonly #prefix: string;
  readonly clock: string;

  constructor(slot: string) {
    this.#prefix = `mcpp:{${slot}}:`;
    this.clock = `${this.#prefix}clock`;
  }

  counter(key: string): string {
    return `${this.#prefix}counter:${key}`;
  }

  log(key: string): string {
    return `${this.#prefix}log:${key}`;
  }

  family(name: string): string {
    return `${this.#prefix}family:${name}`;
  }

  reservation(id: string): string {
    return `${this.#prefix}reservation:${id}`;
  }

  claim(reservation: string, round: number): string {
    return `${this.#prefix}claim:${round}:${reservation}`;
  }

  approval(id: string): string {
    return `${this.#prefix}approval:${id}`;
  }

  /** To the last approval of a call. */
  call(joinKey: string): string {
    return `${this.#prefix}call:${digest(joinKey)}`;
  }

  get register(): string {
    return `${this.#prefix}approvals`;
  }

  get freezes(): string {
    return `${this.#prefix}freezes`;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

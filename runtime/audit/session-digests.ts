import { createHmac } from "node:crypto";

const MAX_SESSIONS = 1_024;

/** What stands for sessions: the same for the same session while the key is the same, and nothing that opens it. */
export class SessionDigests {
  readonly #key: Buffer;
  readonly #known = new Map<string, string>();

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** 16 hexadecimal digits. */
  of(session: string): string {
    const known = this.#known.get(session);
    if (known !== undefined) return known;
    const digest = createHmac("sha256", this.#key).update(`session ${session}`).digest("hex");
    const short = digest.slice(0, 16);
    if (this.#known.size >= MAX_SESSIONS) this.#known.clear();
    this.#known.set(session, short);
    return short;
  }
}

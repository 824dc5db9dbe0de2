import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** What a sealed text is for; each has a key of its own. */
export type Purpose = "session" | "event" | "round" | "task";

const PREFIX = "mcpp1";
const KEY_BYTES = 32;
/** Longer texts than ours ever get are not looked at (characters). */
const MAX_SEALED = 4 * 1024 * 1024;

/**
 * Texts that we hand to a client and know again: `mcpp1.<base64url of JSON>.<base64url of HMAC-SHA256>`. They are
 * bound to a server and a grant, and say nothing that must be kept from the client.
 */
export class Seals {
  readonly #keys: Readonly<Record<Purpose, Buffer>>;

  /** `root`: a secret that replicas share; random without one, and then nothing outlives the process. */
  constructor(root: Uint8Array = randomBytes(KEY_BYTES)) {
    const derive = (purpose: Purpose): Buffer =>
      Buffer.from(hkdfSync("sha256", root, "", `mcpp ${purpose}`, KEY_BYTES));
    this.#keys = {
      session: derive("session"),
      event: derive("event"),
      round: derive("round"),
      task: derive("task"),
    };
  }

  seal(purpose: Purpose, bound: Bound, content: unknown): string {
    const body = Buffer.from(JSON.stringify(content)).toString("base64url");
    return `${PREFIX}.${body}.${this.#mac(purpose, bound, body).toString("base64url")}`;
  }

  /** What was sealed; undefined when it was not sealed by this key for this purpose, server and grant. */
  open(purpose: Purpose, bound: Bound, text: string): unknown {
    if (text.length > MAX_SEALED) return undefined;
    const [prefix, body, mac, ...more] = text.split(".");
    if (prefix !== PREFIX || body === undefined || mac === undefined || more.length > 0) {
      return undefined;
    }
    const right = this.#mac(purpose, bound, body);
    const given = Buffer.from(mac, "base64url");
    // One content has one text: other spellings of the same bytes are none of ours.
    if (given.toString("base64url") !== mac) return undefined;
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as unknown;
  }

  #mac(purpose: Purpose, { server, grant }: Bound, body: string): Buffer {
    // As JSON, so that no two pairs run together to the same text.
    return createHmac("sha256", this.#keys[purpose])
      .update(JSON.stringify([server, grant]))
      .update(`.${body}`)
      .digest();
  }
}

/** Whom a sealed text belongs to. */
export interface Bound {
  readonly server: string;
  /** The grant's id. */
  readonly grant: string;
}

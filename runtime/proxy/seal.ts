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
  /** The first one seals, and each opens. */
  readonly #keys: readonly Keys[];
  /** For digests in audit records, which nobody has to open. */
  readonly auditKey: Buffer;

  /**
   * `roots`: secrets that replicas share, of which the first seals and all open; a random one without any, and then
   * nothing outlives the process.
   */
  constructor(roots: readonly Uint8Array[] = [randomBytes(KEY_BYTES)]) {
    this.#keys = roots.map(keysOf);
    this.auditKey = keyFor("audit", roots[0] as Uint8Array);
  }

  seal(purpose: Purpose, bound: Bound, content: unknown): string {
    const body = Buffer.from(JSON.stringify(content)).toString("base64url");
    const mac = macOf((this.#keys[0] as Keys)[purpose], bound, body);
    return `${PREFIX}.${body}.${mac.toString("base64url")}`;
  }

  /** What was sealed; undefined when it was not sealed by this key for this purpose, server and grant. */
  open(purpose: Purpose, bound: Bound, text: string): unknown {
    if (text.length > MAX_SEALED) return undefined;
    const [prefix, body, mac, ...more] = text.split(".");
    if (prefix !== PREFIX || body === undefined || mac === undefined || more.length > 0) {
      return undefined;
    }
    const given = Buffer.from(mac, "base64url");
    // One content has one text: other spellings of the same bytes are none of ours.
    if (given.toString("base64url") !== mac) return undefined;
    if (!this.#keys.some((keys) => isEqual(given, macOf(keys[purpose], bound, body)))) {
      return undefined;
    }
    return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as unknown;
  }
}

/** A key that is derived from a root key for this use alone. */
export function keyFor(purpose: Purpose | "audit" | "webhook", root: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", root, "", `mcpp ${purpose}`, KEY_BYTES));
}

type Keys = Readonly<Record<Purpose, Buffer>>;

function keysOf(root: Uint8Array): Keys {
  return {
    session: keyFor("session", root),
    event: keyFor("event", root),
    round: keyFor("round", root),
    task: keyFor("task", root),
  };
}

function macOf(key: Buffer, { server, grant }: Bound, body: string): Buffer {
  // As JSON, so that no two pairs run together to the same text.
  return createHmac("sha256", key)
    .update(JSON.stringify([server, grant]))
    .update(`.${body}`)
    .digest();
}

function isEqual(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Whom a sealed text belongs to. */
export interface Bound {
  readonly server: string;
  /** The grant's id. */
  readonly grant: string;
}

/** A text that is no root key; the message is a clause, and says nothing of the text. */
export class NoKey extends Error {
  override readonly name = "NoKey";
}

/** Of 32 bytes of chance there are hardly ever fewer that differ. */
const MIN_DIFFERENT = 16;

/** Root keys as people write them: each of at least 32 bytes, in hex or base64, separated by commas. Throws `NoKey`. */
export function rootKeys(text: string): Uint8Array[] {
  return text.split(",").map((part, i, { length }) => {
    const which = length === 1 ? "it" : `key ${i + 1} of ${length}`;
    const key = part.trim();
    if (key === "") throw new NoKey(`${which} is empty`);
    const bytes = decoded(key);
    if (bytes === undefined) throw new NoKey(`${which} is neither hex nor base64`);
    if (bytes.length < KEY_BYTES) {
      throw new NoKey(`${which} has ${bytes.length} bytes; at least ${KEY_BYTES} are needed`);
    }
    if (new Set(bytes).size < MIN_DIFFERENT) {
      throw new NoKey(`${which} is not random: it repeats a few bytes`);
    }
    return bytes;
  });
}

function decoded(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, "hex");
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

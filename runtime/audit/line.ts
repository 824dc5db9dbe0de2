import { createHash } from "node:crypto";

/**
 * One record of a trail is one line: a JSON object that ends with `prev`, the hash of the record before it, and
 * `hash`, the SHA-256 of all bytes of the line before `,"hash":`.
 */

/** The hash before the first record. */
export const NO_HASH = "0".repeat(64);

/** Bytes of `,"hash":"` + 64 hexadecimal digits + `"}`. */
const TAIL = 75;

/** A record as it is read back. */
export interface TrailRecord {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly type: string;
  readonly [member: string]: unknown;
}

/** A line with its line break, and its hash. */
export function sealLine(
  record: Readonly<Record<string, unknown>>,
  prev: string,
): { readonly text: string; readonly hash: string } {
  const body = `${harmless(JSON.stringify(record)).slice(0, -1)},"prev":"${prev}"`;
  const hash = sha256(body);
  return { text: `${body},"hash":"${hash}"}\n`, hash };
}

/** What a line says of itself. */
export interface OpenedLine {
  /** It is what was written. */
  readonly sound: boolean;
  /** Undefined when it cannot be read. */
  readonly record?: TrailRecord;
  readonly prev?: string;
  /** The hash that it gives, and that of its bytes: the same where it is sound. */
  readonly hash?: string;
  readonly computed: string;
}

/** `line`: its bytes without the line break. */
export function openLine(line: Buffer): OpenedLine {
  const body = line.subarray(0, Math.max(line.length - TAIL, 0));
  const computed = sha256(body);
  const hash = /^,"hash":"([0-9a-f]{64})"}$/.exec(
    line.subarray(body.length).toString("latin1"),
  )?.[1];
  const record = readRecord(line);
  const prev = typeof record?.prev === "string" ? record.prev : undefined;
  return {
    sound: record !== undefined && prev !== undefined && hash === computed,
    computed,
    ...(record === undefined ? {} : { record }),
    ...(prev === undefined ? {} : { prev }),
    ...(hash === undefined ? {} : { hash }),
  };
}

/** The record in a line, whether it is sound or not. */
export function readRecord(line: Buffer): TrailRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { seq, time, type } = value as Partial<TrailRecord>;
  const known = Number.isSafeInteger(seq) && typeof time === "string" && typeof type === "string";
  return known ? (value as TrailRecord) : undefined;
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

const PLAIN = /^[\x20-\x7e]*$/;
/** Controls, what is not seen, and what turns the direction of text. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;

/** JSON in which nothing commands a terminal or hides from a reader; its value is the same. */
export function harmless(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(HARMFUL, (character) => {
    let escaped = "";
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

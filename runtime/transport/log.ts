import type { Writable } from "node:stream";

/** What the reader of a log may leave untaken (bytes). */
const MAX_UNREAD = 1024 * 1024;

/** Writes to a log. A reader that is too slow loses what is written, not the proxy its memory. */
export function writeLog(log: Writable, bytes: string | Uint8Array): void {
  if (log.writableLength < MAX_UNREAD) log.write(bytes);
}

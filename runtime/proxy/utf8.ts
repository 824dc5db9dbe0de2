import { isUtf8 } from "node:buffer";

const REPLACEMENT = "\ufffd";

/** The text of these bytes; undefined when they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  // What is not UTF-8 leaves a replacement character, which may also stand in the text itself. To look for one
  // costs less than to look at the bytes.
  return text.includes(REPLACEMENT) && !isUtf8(buffer) ? undefined : text;
}

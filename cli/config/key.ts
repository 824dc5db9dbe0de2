/** Bytes of a root key, at the least. */
const LEAST = 32;

/** The bytes of a root key that is written in base64 (or its URL form) or hexadecimal, or what is wrong with it. */
export function rootKey(text: string): Uint8Array | string {
  const bytes =
    /^[0-9a-fA-F]+$/.test(text) && text.length % 2 === 0
      ? Buffer.from(text, "hex")
      : /^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
        ? Buffer.from(text, "base64")
        : undefined;
  if (bytes === undefined) return "A key is written in base64 or hexadecimal.";
  if (bytes.length < LEAST)
    return `A key has at least ${LEAST} bytes; this one has ${bytes.length}.`;
  return bytes;
}

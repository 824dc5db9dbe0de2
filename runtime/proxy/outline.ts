/**
 * The keys of a JSON object and of its member `result`, in order and with repetitions, which a parsed value
 * does not show. For text that has parsed as JSON already; strings are skipped without being looked at.
 */
export interface Outline {
  readonly message: readonly string[];
  readonly result: readonly string[];
}

/** `text` must be valid JSON whose outermost value is an object. */
export function outline(text: string): Outline {
  const message: string[] = [];
  const result: string[] = [];
  /** Objects and lists that are open. */
  let depth = 0;
  /** The depth-2 container that is open is an object under the key `result`. */
  let inResult = false;
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = stringEnd(text, at);
        if (expectsKey) {
          if (depth === 1) message.push(JSON.parse(text.slice(at, end)) as string);
          else if (depth === 2 && inResult) result.push(JSON.parse(text.slice(at, end)) as string);
          expectsKey = false;
        }
        at = end - 1;
        break;
      }
      case 0x7b:
        depth++;
        if (depth === 2) inResult = message[message.length - 1] === "result";
        expectsKey = depth === 1 || (depth === 2 && inResult);
        break;
      case 0x5b:
        depth++;
        if (depth === 2) inResult = false;
        break;
      case 0x7d:
      case 0x5d:
        depth--;
        break;
      case 0x2c:
        expectsKey = depth === 1 || (depth === 2 && inResult);
        break;
    }
  }
  return { message, result };
}

/** The offset behind the string that begins at `start`; 0 when it does not end. */
export function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

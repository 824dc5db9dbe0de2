import type { Readable, Writable } from "node:stream";

/** How long a client has for its first request (milliseconds). */
const WAIT_MS = 30_000;
/** Bytes that are read in search of it. */
const MAX_READ = 4 * 1024 * 1024;
/** JSON-RPC 2.0, § 5.1. */
const INTERNAL_ERROR = -32603;

/**
 * Answers the first request with an error that carries the sentence: inside an MCP client stderr is seldom
 * seen. Resolves when that is done, or no request comes. A person at a terminal has read it already.
 */
export async function answerWithFailure(
  sentence: string,
  input: Readable & { readonly isTTY?: boolean },
  output: Writable,
): Promise<void> {
  if (input.isTTY === true) return;
  const id = await firstId(input);
  if (id === undefined) return;
  const error = { code: INTERNAL_ERROR, message: sentence };
  await new Promise<void>((resolve) => {
    output.write(`${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`, () => resolve());
  });
}

function firstId(input: Readable): Promise<string | number | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const done = (id: string | number | undefined): void => {
      clearTimeout(timer);
      input.pause();
      resolve(id);
    };
    const timer = setTimeout(() => done(undefined), WAIT_MS);
    input.setEncoding("utf8");
    input.on("error", () => done(undefined));
    input.on("end", () => done(requestId(text)));
    input.on("data", (chunk: string) => {
      text += chunk;
      const end = text.lastIndexOf("\n");
      for (const line of text.slice(0, Math.max(end, 0)).split("\n")) {
        const id = requestId(line);
        if (id !== undefined) {
          done(id);
          return;
        }
      }
      text = text.slice(end + 1);
      if (text.length > MAX_READ) done(undefined);
    });
  });
}

function requestId(line: string): string | number | undefined {
  try {
    const { id, method } = JSON.parse(line) as { readonly id?: unknown; readonly method?: unknown };
    if (typeof method !== "string") return undefined;
    return typeof id === "string" || Number.isInteger(id) ? (id as string | number) : undefined;
  } catch {
    return undefined;
  }
}

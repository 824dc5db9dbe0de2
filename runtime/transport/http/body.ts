import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";

/** A body that was not read to its end. */
export interface BodyProblem {
  readonly kind: "large" | "broken";
}

/** Reads the body of a request; one that is too large is not read on. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  max: number,
): Promise<Buffer | BodyProblem> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > max) return { kind: "large" };
  if (request.headers.expect !== undefined) response.writeContinue();
  return collect(request, max);
}

/** Everything that a stream gives, up to `max` bytes. */
export function collect(stream: Readable, max: number): Promise<Buffer | BodyProblem> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (result: Buffer | BodyProblem): void => {
      stream.off("data", take);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > max) {
        stream.pause();
        done({ kind: "large" });
        return;
      }
      chunks.push(chunk);
    };
    stream.on("data", take);
    stream.once("end", () => {
      done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    });
    stream.once("error", () => done({ kind: "broken" }));
    stream.once("close", () => done({ kind: "broken" }));
  });
}

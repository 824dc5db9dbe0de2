import type { IncomingMessage, ServerResponse } from "node:http";

/** A body that was not read to its end. */
export interface BodyProblem {
  readonly kind: "large" | "broken";
}

/** Reads the body of a request; one that is too large is not read on. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  max: number,
): Promise<Buffer | BodyProblem> {
  return new Promise((resolve) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > max) {
      resolve({ kind: "large" });
      return;
    }
    if (request.headers.expect !== undefined) response.writeContinue();
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > max) {
        request.pause();
        request.off("data", take);
        resolve({ kind: "large" });
      } else {
        chunks.push(chunk);
      }
    };
    request.on("data", take);
    request.on("end", () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)),
    );
    // After its end it changes nothing any more.
    const broken = (): void => resolve({ kind: "broken" });
    request.on("error", broken);
    request.on("close", broken);
  });
}

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HttpUpstream, UpstreamFailed } from "../../../../runtime/transport/http/upstream.ts";

interface Received {
  readonly request: IncomingMessage;
  readonly body: string;
}

let server: Server;
let upstream: HttpUpstream;
let received: Received[];
/** Takes what it is sent only when this is done. */
let ready: Promise<void>;

beforeEach(async () => {
  received = [];
  ready = Promise.resolve();
  server = createServer(async (request, response) => {
    await ready;
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ request, body: Buffer.concat(chunks).toString() });
      response.end("taken");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream = opened((server.address() as AddressInfo).port);
});

afterEach(async () => {
  await upstream.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function opened(port: number): HttpUpstream {
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  return new HttpUpstream({ url, headers: { "x-own": "yes" }, timeoutMs: 10_000 });
}

function post(body: string) {
  const headers = { "content-type": "application/json", "content-length": "5" };
  return upstream.send({ method: "POST", headers, body, stream: false });
}

it.each([
  ["small", 10],
  ["as large as one piece", 64 * 1024],
  ["one character more", 64 * 1024 + 1],
  ["of many pieces", 3 * 1024 * 1024 + 7],
])("sends a body that is %s whole, with its length", async (_, length) => {
  // Characters of two bytes, which a piece may cut.
  const body = `${"ä".repeat(length - 1)}z`;
  const { status } = await upstream.send({ method: "POST", headers: {}, body, stream: false })
    .response;
  expect(status).toBe(200);
  expect(received.map((one) => one.body === body)).toEqual([true]);
  const headers = received[0]?.request.headers;
  expect(headers).toMatchObject({
    "content-length": String(Buffer.byteLength(body)),
    "x-own": "yes",
  });
  expect(headers).not.toHaveProperty("transfer-encoding");
});

it("is not led astray by a length that a caller names for a large body", async () => {
  await post("x".repeat(200_000)).response;
  expect(received[0]?.request.headers["content-length"]).toBe("200000");
});

it("ends a large body that is given up while it is sent", async () => {
  let go = (): void => undefined;
  ready = new Promise((resolve) => {
    go = resolve;
  });
  const arrived = new Promise<IncomingMessage>((resolve) => server.once("request", resolve));
  const sent = upstream.send({
    method: "POST",
    headers: {},
    body: "x".repeat(32 * 1024 * 1024),
    stream: false,
  });
  const request = await arrived;
  const cut = new Promise((resolve) => request.once("close", resolve));
  sent.abort(new Error("given up"));
  await expect(sent.response).rejects.toThrow("given up");
  go();
  await cut;
  expect(received).toEqual([]);
});

it("says that nothing of a large body was sent where nobody listens", async () => {
  const nobody = opened(await closedPort());
  const { response } = nobody.send({
    method: "POST",
    headers: {},
    body: "x".repeat(200_000),
    stream: false,
  });
  const failed = await response.catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(UpstreamFailed);
  expect(failed).toMatchObject({ sent: false, timeout: false });
  await nobody.close();
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

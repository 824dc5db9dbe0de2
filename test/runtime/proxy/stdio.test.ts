import { PassThrough, Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { proxyStdio, type ServerRequest } from "../../../runtime/index.ts";
import { type Child, type Exit, startChild } from "../../../runtime/transport/child.ts";
import { MAX_QUEUED } from "../../../runtime/transport/connection.ts";
import { Governed } from "./governed.ts";

// Back-pressure: whoever does not read makes the other side wait, and the proxy keeps little meanwhile.

const LINES = 8_000;
const FILL = "x".repeat(2_000);
/** What pipes and streams hold on their way, and our own answers (bytes). */
const HELD = 4_000_000;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A client that reads nothing until it is told to read all. */
class Client extends Writable {
  readonly received: Buffer[] = [];
  #waiting: (() => void) | undefined;
  #reads = false;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.received.push(chunk);
    if (this.#reads) done();
    else this.#waiting = done;
  }

  readAll(): void {
    this.#reads = true;
    this.#waiting?.();
  }

  get lines(): string[] {
    return Buffer.concat(this.received).toString().split("\n").slice(0, -1);
  }
}

/** A client's messages, made as they are asked for. */
class Messages extends Readable {
  made = 0;
  readonly #message: (index: number) => object;

  constructor(message: (index: number) => object) {
    super();
    this.#message = message;
  }

  override _read(): void {
    this.push(this.made < LINES ? `${JSON.stringify(this.#message(this.made++))}\n` : null);
  }
}

async function proxied(
  script: string,
  input: Readable,
  output: Writable,
  refused: readonly ServerRequest[] = [],
): Promise<{ child: Child; exit: Promise<Exit> }> {
  const child = await startChild({
    command: process.execPath,
    args: ["-e", script],
    env: process.env,
    graceMs: 20_000,
  });
  ends.push(() => child.signal("SIGKILL"));
  const governed = await Governed.under({ version: "1", default: "deny" });
  const governance = { ...governed.governance, refusedRequests: new Set(refused) };
  const log = new PassThrough().resume();
  return { child, exit: proxyStdio({ governance, child, input, output, log }) };
}

/** Waits until something has not changed for a while: it is at a stand. */
async function still(value: () => number): Promise<number> {
  for (let before = -1, same = 0; same < 10; ) {
    await sleep(20);
    same = value() === before ? same + 1 : 0;
    before = value();
  }
  return value();
}

const SAY = `const say = (params) =>
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params }) + "\\n");`;

const READS = `${SAY}
let lines = 0;
process.stdin.on("data", (chunk) => { for (const byte of chunk) if (byte === 10) lines++; });
process.stdin.on("end", () => say({ lines }));`;

const progress = (index: number): object => ({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: FILL, progress: index },
});

describe("a client that does not read", () => {
  it("makes a talkative server wait, and loses nothing", async () => {
    const output = new Client();
    const input = new PassThrough();
    const { child, exit } = await proxied(
      `${SAY}
      let i = 0;
      const more = () => {
        while (i < ${LINES}) {
          if (!say({ i: i++, fill: "${FILL}" })) { process.stdout.once("drain", more); return; }
        }
      };
      more();`,
      input,
      output,
    );
    await vi.waitFor(() => expect(child.stdout.isPaused()).toBe(true), 20_000);
    expect(await still(() => output.writableLength)).toBeLessThan(HELD);
    expect(child.stdout.isPaused()).toBe(true);
    output.readAll();
    input.end();
    await exit;
    const indexes = output.lines.map((line) => JSON.parse(line).params.i as number);
    expect(indexes).toEqual(Array.from({ length: LINES }, (_, index) => index));
  });

  it("is not read itself, when it sends what is denied", async () => {
    const output = new Client();
    const input = new Messages((id) => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "pay", arguments: {} },
    }));
    const { exit } = await proxied(READS, input, output);
    await vi.waitFor(() => expect(output.writableLength).toBeGreaterThan(1e6), 20_000);
    expect(await still(() => input.made)).toBeLessThan(LINES);
    expect(output.writableLength).toBeLessThan(HELD);
    output.readAll();
    await exit;
    expect(output.lines).toHaveLength(LINES + 1);
    expect(JSON.parse(output.lines.at(-1) as string).params).toEqual({ lines: 0 });
  });
});

describe("a server that does not read", () => {
  it("makes the client wait, and loses nothing", async () => {
    const output = new Client();
    output.readAll();
    const input = new Messages(progress);
    const { child, exit } = await proxied(
      `const stays = setInterval(() => {}, 1e6);
      process.once("SIGUSR2", () => { clearInterval(stays); ${READS} });
      ${SAY} say({});`,
      input,
      output,
    );
    await vi.waitFor(() => expect(output.lines).toHaveLength(1), 20_000);
    expect(await still(() => input.made)).toBeLessThan(LINES);
    expect(child.stdin.writableLength).toBeLessThan(HELD);
    child.signal("SIGUSR2");
    await exit;
    expect(JSON.parse(output.lines.at(-1) as string).params).toEqual({ lines: LINES });
  });

  it("does not fill the memory with answers to what it may not ask", async () => {
    const output = new Client();
    output.readAll();
    const asked = 300_000;
    const { child } = await proxied(
      `${SAY}
      let id = 0;
      const more = () => {
        while (id < ${asked}) {
          const request = { jsonrpc: "2.0", id: id++, method: "roots/list" };
          if (!process.stdout.write(JSON.stringify(request) + "\\n")) {
            process.stdout.once("drain", more);
            return;
          }
        }
        say({ id });
      };
      more();
      setInterval(() => {}, 1e6);`,
      new PassThrough(),
      output,
      ["roots"],
    );
    await vi.waitFor(() => expect(output.lines).toHaveLength(1), 60_000);
    expect(JSON.parse(output.lines[0] as string).params).toEqual({ id: asked });
    expect(child.stdin.writableLength).toBeLessThan(MAX_QUEUED + HELD);
  });

  it("does not keep the client from its answers", async () => {
    const output = new Client();
    output.readAll();
    const input = new Messages(progress);
    const { exit } = await proxied(
      `${SAY}
      let i = 0;
      setInterval(() => {
        say({ i });
        if (++i === 20) process.exit(0);
      }, 5);`,
      input,
      output,
    );
    await exit;
    expect(output.lines).toHaveLength(20);
  });
});

import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { LineConnection } from "../../../runtime/transport/connection.ts";

/** A reader that takes one write at a time, and only when told to. */
class SlowReader extends Writable {
  readonly writes: string[] = [];
  #taken: (() => void) | undefined;

  constructor(highWaterMark: number) {
    super({ highWaterMark });
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#hold(chunk.toString(), done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#hold(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString(), done);
  }

  #hold(text: string, done: () => void): void {
    this.writes.push(text);
    this.#taken = done;
  }

  take(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}

interface Seen {
  readonly events: string[];
  readonly connection: LineConnection;
}

function connected(input: Readable, output: Writable, max = 100): Seen {
  const events: string[] = [];
  const connection = new LineConnection(input, output, max);
  connection.start({
    message: (bytes) => events.push(bytes.toString()),
    oversized: ({ length }) => events.push(`oversized ${length}`),
    end: () => events.push("END"),
    drain: () => events.push("DRAIN"),
    broken: () => events.push("BROKEN"),
  });
  return { events, connection };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what is received", () => {
  it("comes by lines, the last one without its line break, and then the end, once", async () => {
    const input = Readable.from([Buffer.from("one\ntw"), Buffer.from("o\r\n\n"), Buffer.from("3")]);
    const { events } = connected(input, new PassThrough());
    await new Promise((resolve) => input.once("close", resolve));
    expect(events).toEqual(["one", "two", "3", "END"]);
  });

  it("ends when the stream breaks", async () => {
    const input = new PassThrough();
    const { events } = connected(input, new PassThrough());
    input.write("one\n");
    await turn();
    input.destroy(new Error("reset"));
    await turn();
    expect(events).toEqual(["one", "END"]);
  });

  it("is skipped when it is too long", async () => {
    const input = new PassThrough();
    const { events } = connected(input, new PassThrough(), 5);
    input.write("12345\n123456\n1\n");
    await turn();
    expect(events).toEqual(["12345", "oversized 6", "1"]);
  });

  it("waits while it is paused", async () => {
    const input = new PassThrough();
    const { events, connection } = connected(input, new PassThrough());
    connection.pause();
    connection.pause();
    input.write("one\n");
    await turn();
    expect(events).toEqual([]);
    connection.resume();
    await turn();
    expect(events).toEqual(["one"]);
  });

  it("may be paused by its first message: what is in the same chunk still comes", async () => {
    const input = new PassThrough();
    const events: string[] = [];
    const connection = new LineConnection(input, new PassThrough(), 100);
    connection.start({
      message: (bytes) => {
        events.push(bytes.toString());
        connection.pause();
      },
      oversized: () => {},
      end: () => events.push("END"),
      drain: () => {},
      broken: () => {},
    });
    input.write("one\ntwo\n");
    await turn();
    input.write("three\n");
    await turn();
    expect(events).toEqual(["one", "two"]);
    connection.resume();
    await turn();
    expect(events).toEqual(["one", "two", "three"]);
  });
});

describe("what is sent", () => {
  it("leaves in order, a line each, text and bytes of every size", async () => {
    const output = new PassThrough({ highWaterMark: 1e6 });
    const { connection } = connected(new PassThrough(), output);
    const large = "é".repeat(50_000);
    connection.send("one");
    connection.send(Buffer.from("two"));
    connection.send(Buffer.from(large));
    connection.send("four");
    connection.send(new Uint8Array([0x35]));
    await connection.finish();
    expect(output.read().toString()).toBe(`one\ntwo\n${large}\nfour\n5\n`);
  });

  it("leaves at once, with its line break, whatever its size", async () => {
    const output = new SlowReader(1e6);
    const { connection } = connected(new PassThrough(), output);
    connection.send("one");
    expect(output.writes).toEqual(["one\n"]);
    output.take();
    const large = "x".repeat(10_000);
    connection.send(Buffer.from(large));
    expect(output.writes.slice(1)).toEqual([`${large}\n`]);
  });

  it("because of several messages of one chunk leaves together", async () => {
    const input = new PassThrough();
    const [there, back] = [new SlowReader(1e6), new SlowReader(1e6)];
    const from = new LineConnection(input, back, 100);
    const to = new LineConnection(new PassThrough(), there, 100);
    from.start(
      {
        message: (bytes) => (bytes.length > 1 ? to : from).send(bytes),
        oversized: () => {},
        end: () => {},
        drain: () => {},
        broken: () => {},
      },
      [to, from],
    );
    input.write("one\n2\nthree\n4\nfi");
    await turn();
    expect([there.writes, back.writes]).toEqual([["one\nthree\n"], ["2\n4\n"]]);
    there.take();
    back.take();
    input.write("ve\n");
    await turn();
    expect([there.writes, back.writes]).toEqual([["one\nthree\n", "five\n"], ["2\n4\n"]]);
  });

  it("a copy: bytes that change afterwards do not", async () => {
    const output = new SlowReader(1e6);
    const { connection } = connected(new PassThrough(), output);
    const bytes = Buffer.from("one");
    connection.send(bytes);
    bytes.fill("x");
    await turn();
    expect(output.writes).toEqual(["one\n"]);
  });

  it("fills up when nobody reads, and says when it has room again", async () => {
    const output = new SlowReader(10);
    const { events, connection } = connected(new PassThrough(), output);
    expect([connection.full, connection.queued]).toEqual([false, 0]);
    connection.send("123");
    expect(connection.full).toBe(false);
    connection.send("1234567890");
    expect([connection.full, connection.queued]).toEqual([true, 15]);
    output.take();
    await turn();
    expect([events, connection.full, connection.queued]).toEqual([[], true, 11]);
    output.take();
    await turn();
    expect([connection.full, connection.queued]).toEqual([false, 0]);
    expect(events).toEqual(["DRAIN"]);
  });

  it("to a reader that is gone goes nowhere, and that is told once", async () => {
    const output = new SlowReader(10);
    const { events, connection } = connected(new PassThrough(), output);
    connection.send("1234567890");
    output.destroy(new Error("EPIPE"));
    await turn();
    expect(events).toEqual(["BROKEN"]);
    expect([connection.writable, connection.full]).toEqual([false, false]);
    connection.send("more");
    await turn();
    expect(output.writes.join("")).not.toContain("more");
    await connection.finish();
  });

  it("has left when the connection is finished", async () => {
    const output = new SlowReader(10);
    const { connection } = connected(new PassThrough(), output);
    connection.send("one");
    let finished = false;
    const finish = connection.finish().then(() => {
      finished = true;
    });
    await turn();
    expect([output.writes, finished]).toEqual([["one\n"], false]);
    output.take();
    await finish;
    expect(connection.writable).toBe(false);
  });

  it("cannot be finished when the reader breaks, and that does not hang", async () => {
    const output = new SlowReader(10);
    const { connection } = connected(new PassThrough(), output);
    connection.send("one");
    const finish = connection.finish();
    output.destroy(new Error("EPIPE"));
    await finish;
    expect(connection.writable).toBe(false);
  });
});

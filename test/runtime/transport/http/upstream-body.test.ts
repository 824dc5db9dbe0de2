import { describe, expect, it } from "vitest";
import { type Flow, UpstreamBody } from "../../../../runtime/transport/http/upstream-body.ts";

/** A body and what was asked of the connection that it comes from. */
function body(): { body: UpstreamBody; asked: string[] } {
  const asked: string[] = [];
  const flow: Flow = {
    pause: () => void asked.push("pause"),
    resume: () => void asked.push("resume"),
    abort: () => void asked.push("abort"),
  };
  return { body: new UpstreamBody(flow), asked };
}

const bytes = (text: string): Buffer => Buffer.from(text);
const MANY = Buffer.alloc(65_537, "x");

describe("the body of a server's answer, as a whole", () => {
  it("is there at once when it has arrived", () => {
    const { body: whole } = body();
    whole.push(bytes("a"));
    whole.push(bytes("b"));
    whole.end();
    expect(whole.collect(10)).toEqual(bytes("ab"));
  });

  it("may be empty", () => {
    const { body: whole } = body();
    whole.end();
    expect(whole.collect(10)).toEqual(Buffer.alloc(0));
  });

  it("is waited for, and taken on from a connection that was held back", async () => {
    const { body: whole, asked } = body();
    whole.push(MANY);
    expect(asked).toEqual(["pause"]);
    const collected = whole.collect(1_000_000);
    expect(asked).toEqual(["pause", "resume"]);
    whole.push(bytes("y"));
    whole.end();
    expect(await collected).toEqual(Buffer.concat([MANY, bytes("y")]));
  });

  it("is given up at the first byte too many", async () => {
    const { body: before } = body();
    before.push(bytes("four"));
    expect(before.collect(3)).toEqual({ kind: "large" });

    const { body: later, asked } = body();
    const collected = later.collect(3);
    later.push(bytes("fou"));
    later.push(bytes("r"));
    expect(await collected).toEqual({ kind: "large" });
    expect(asked).toEqual(["pause"]);
  });

  it("is broken when the connection is", async () => {
    const { body: whole } = body();
    whole.push(bytes("a"));
    const collected = whole.collect(10);
    whole.fail(new Error("gone"));
    expect(await collected).toEqual({ kind: "broken" });
    expect(whole.collect(10)).toEqual({ kind: "broken" });
  });
});

describe("the body of a server's answer, by chunks", () => {
  it("comes at the pace of its reader", async () => {
    const { body: chunks, asked } = body();
    chunks.push(MANY);
    chunks.push(bytes("a"));
    expect(asked).toEqual(["pause", "pause"]);
    const reader = chunks[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual(MANY);
    expect(asked).toEqual(["pause", "pause", "resume"]);
    expect((await reader.next()).value).toEqual(bytes("a"));
    const waiting = reader.next();
    chunks.push(bytes("b"));
    expect((await waiting).value).toEqual(bytes("b"));
    const last = reader.next();
    chunks.end();
    expect((await last).done).toBe(true);
  });

  it("throws what has broken the connection, after what came before", async () => {
    const { body: chunks } = body();
    chunks.push(bytes("a"));
    chunks.fail(new Error("gone"));
    const reader = chunks[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual(bytes("a"));
    await expect(reader.next()).rejects.toThrow("gone");
  });
});

describe("the body of a server's answer that nobody reads", () => {
  it("ends its request while it comes, and not after", () => {
    const { body: open, asked } = body();
    open.destroy();
    expect(asked).toEqual(["abort"]);
    const { body: over, asked: nothing } = body();
    over.end();
    over.destroy();
    expect(nothing).toEqual([]);
  });

  it("is taken and forgotten", () => {
    const { body: rest, asked } = body();
    rest.push(MANY);
    rest.discard();
    rest.push(MANY);
    expect(asked).toEqual(["pause", "resume"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exceeds, parseServerText, SERVER_LIMITS } from "../../../runtime/proxy/server-text.ts";
import { Governed } from "./governed.ts";

// What a hostile server sends must not end, stall or fill the proxy.

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const ALLOW = { version: "1", default: "deny", tools: { get: {} } };
const CALL = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "get" } };

function measure(value: unknown): { depth: number; values: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, values: 1 };
  const inner = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
  };
}

describe("the limits of what is read of a server", () => {
  it("are those of the value, whatever its strings hold", () => {
    const json = fc.jsonValue({
      maxDepth: 5,
      stringUnit: fc.constantFrom("[", "{", '"', "\\", ","),
    });
    fc.assert(
      fc.property(json, fc.nat(6), fc.nat(6), (value, depth, values) => {
        const actual = measure(value);
        const limits = { depth, values: values + 20 };
        const text = JSON.stringify(value);
        // Where there is room for as much the text is not counted; it never holds more than it has room for.
        if (actual.depth > depth) expect(exceeds(text, limits)).toBe(true);
        if (exceeds(text, limits)) {
          // Of an empty list one more is counted than there is.
          expect(actual.depth > depth || 2 * actual.values > limits.values).toBe(true);
        }
      }),
    );
  });

  it("are told apart from what is no JSON", () => {
    expect(parseServerText(nested(SERVER_LIMITS.depth)).ok).toBe(true);
    expect(parseServerText(nested(SERVER_LIMITS.depth + 1))).toEqual({
      ok: false,
      reason: "limit",
    });
    expect(parseServerText(`[${"0,".repeat(SERVER_LIMITS.values)}0]`)).toEqual({
      ok: false,
      reason: "limit",
    });
    expect(parseServerText(`["${"[".repeat(10_000)}]`)).toEqual({ ok: false, reason: "syntax" });
  });
});

describe("a message of the server that is nested too deep", () => {
  it.each([
    ["in its id", `{"jsonrpc":"2.0","id":${nested(20_000)},"result":{}}`],
    ["in its method", `{"jsonrpc":"2.0","method":${nested(20_000)}}`],
    ["in a batch", `[{"jsonrpc":"2.0","id":${nested(20_000)},"result":{}}]`],
  ])("%s does not end the proxy", async (_, text) => {
    const governed = await Governed.under(ALLOW);
    governed.client({ ...CALL, id: 6 });
    governed.client(CALL);
    governed.session.fromServer(Buffer.from(text));
    expect(governed.toClient).toEqual([]);
    governed.server({ jsonrpc: "2.0", id: 7, result: { content: [] } });
    expect(governed.toClient).toHaveLength(1);
  });

  it.each([
    ["first", `{"jsonrpc":"2.0","id":7,"result":${nested(20_000)}}`],
    ["last", `{"jsonrpc":"2.0","result":${nested(20_000)},"id":7}`],
    ["last but one", `{"result":${nested(20_000)},"id":7,"jsonrpc":"2.0"}`],
  ])("is answered by an error where its id stands %s", async (_, text) => {
    const governed = await Governed.under(ALLOW);
    governed.client({ ...CALL, id: 6 });
    governed.client(CALL);
    governed.session.fromServer(Buffer.from(text));
    expect(governed.toClient).toEqual([
      {
        jsonrpc: "2.0",
        id: 7,
        error: { code: -32603, message: "The server's answer is too large." },
      },
    ]);
  });

  it("cannot answer a call that was not sent yet", async () => {
    const governed = await Governed.under({ version: "1", default: "allow" });
    governed.client(CALL);
    governed.session.fromServer(Buffer.from(`{"jsonrpc":"2.0","id":7,"result":${nested(20_000)}}`));
    const { id } = governed.toServer[0] as { id: string };
    governed.server({ jsonrpc: "2.0", id, result: { tools: [{ name: "get" }] } });
    await governed.session.settled();
    expect(governed.toClient).toEqual([]);
    governed.server({ jsonrpc: "2.0", id: 7, result: { content: [] } });
    expect(governed.toClient).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import type { LimitCharge } from "../../../runtime/engine/types.ts";
import { openStore, type StateStore } from "../../../runtime/index.ts";
import { Governed, type GovernedOptions, NOW } from "./governed.ts";

// What a call has charged after everything that may happen to it: calls counted, sum charged, slots in use.

const POLICY = {
  version: "1",
  extensions: ["limits.concurrent", "limits.sum"],
  default: "deny",
  tools: {
    pay: {
      limits: [
        { counter: "calls", window: "day", max: 100, scope: "grant" },
        {
          counter: "spent",
          window: "day",
          max: 1_000,
          scope: "grant",
          increment_from: "args.amount",
        },
        { counter: "running", concurrent: true, max: 10, scope: "grant" },
      ],
    },
  },
};

const PAY = { name: "pay", arguments: { amount: 5 } };
const MODERN = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
const CALL = { jsonrpc: "2.0", id: 1, method: "tools/call", params: PAY };
const CANCEL = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } };

function answer(content: object): object {
  return { jsonrpc: "2.0", id: 1, ...content };
}

function counted({ governance }: Governed): [calls: number, spent: number, running: number] {
  const engine = governance.rulebook().engine;
  const { charges } = engine.decide(
    { tool: "pay", args: { amount: 5 } },
    { ...governance, now: NOW },
  );
  const used = (counter: string): number => {
    const charge = charges.find((one) => one.counter === counter) as LimitCharge;
    const room = governance.store.peek([{ ...charge, amount: charge.max + 1 }]);
    if (room instanceof Promise || room.ok) throw new Error("The counter tells nothing.");
    return room.used;
  };
  return [used("calls"), used("spent") / 1e6, used("running")];
}

/** A session with one call on its way. */
async function called(options?: GovernedOptions): Promise<Governed> {
  const governed = await Governed.under(POLICY, options);
  governed.client(CALL);
  expect(counted(governed)).toEqual([1, 5, 1]);
  return governed;
}

const KEPT = [1, 5, 0];
const SUM_BACK = [1, 0, 0];
const ALL_BACK = [0, 0, 0];
const RUNNING = [1, 5, 1];

describe("the answer of the server", () => {
  const error = (code: unknown): object => answer({ error: { code, message: "x" } });

  it.each<[string, object, number[]]>([
    ["a result", answer({ result: { content: [] } }), KEPT],
    ["a result that is an error", answer({ result: { content: [], isError: true } }), KEPT],
    ["parse error", error(-32700), SUM_BACK],
    ["invalid request", error(-32600), SUM_BACK],
    ["method not found", error(-32601), SUM_BACK],
    ["header mismatch", error(-32020), SUM_BACK],
    ["missing capability", error(-32021), SUM_BACK],
    ["unsupported version", error(-32022), SUM_BACK],
    ["URL elicitation required", error(-32042), SUM_BACK],
    ["invalid params", error(-32602), KEPT],
    ["internal error", error(-32603), KEPT],
    ["server error", error(-32000), KEPT],
    ["time-out", error(-32001), KEPT],
    ["an application's error", error(403), KEPT],
    ["a code in text", error("-32601"), KEPT],
    [
      "an error beside a result",
      answer({ result: {}, error: { code: -32601, message: "x" } }),
      KEPT,
    ],
    ["neither result nor error", answer({}), KEPT],
    ["an answer to another id", { jsonrpc: "2.0", id: "1", result: {} }, RUNNING],
    ["an error to no id", { jsonrpc: "2.0", id: null, error: { code: -32700 } }, RUNNING],
    ["a notification", { jsonrpc: "2.0", method: "notifications/message", params: {} }, RUNNING],
  ])("%s", async (_, message, expected) => {
    const governed = await called();
    governed.server(message);
    expect(counted(governed)).toEqual(expected);
  });

  it("in a batch", async () => {
    const governed = await called();
    governed.session.fromServer(Buffer.from(JSON.stringify([error(-32601)])));
    expect(counted(governed)).toEqual(KEPT);
  });

  it("that is too large", async () => {
    const governed = await called();
    const head = Buffer.from('{"jsonrpc":"2.0","id":1,"error":{"code":-32601');
    governed.session.oversizedFromServer({ length: 1e9, head, tail: head }, 1e8);
    expect(counted(governed)).toEqual(KEPT);
  });

  it("counts once, whatever comes after it", async () => {
    const governed = await called();
    governed.server(answer({ result: {} }));
    governed.server(error(-32601));
    governed.session.failed(1, "Lost.", "unsent");
    governed.session.serverGone("Gone.");
    expect(counted(governed)).toEqual(KEPT);
  });

  it("gives back nothing of other calls", async () => {
    const governed = await called();
    governed.client({ ...CALL, id: 2 });
    governed.server(error(-32601));
    governed.server(error(-32601));
    expect(counted(governed)).toEqual([2, 5, 1]);
  });
});

describe("no answer", () => {
  it.each<[string, (governed: Governed) => void, number[]]>([
    ["the server is gone", ({ session }) => session.serverGone("Gone."), KEPT],
    ["the connection is lost", ({ session }) => session.failed(1, "Lost.", "lost"), KEPT],
    ["refused by status", ({ session }) => session.failed(1, "No.", "refused"), SUM_BACK],
    ["nothing was written", ({ session }) => session.failed(1, "No.", "unsent"), ALL_BACK],
    ["cancelled", (governed) => governed.client(CANCEL), RUNNING],
    [
      "cancelled, and then the server is gone",
      (governed) => {
        governed.client(CANCEL);
        governed.session.serverGone("Gone.");
      },
      KEPT,
    ],
    [
      "cancelled, and then refused",
      (governed) => {
        governed.client(CANCEL);
        governed.server(answer({ error: { code: -32601, message: "x" } }));
      },
      KEPT,
    ],
    [
      "cancelled twice, and then answered",
      (governed) => {
        governed.client(CANCEL);
        governed.client(CANCEL);
        governed.server(answer({ result: {} }));
      },
      KEPT,
    ],
  ])("%s", async (_, happens, expected) => {
    const governed = await called();
    happens(governed);
    expect(counted(governed)).toEqual(expected);
  });

  it("because the server takes nothing: all is given back, and the client hears it", async () => {
    const governed = await Governed.under(POLICY, { serverTakes: () => false });
    governed.client(CALL);
    expect(counted(governed)).toEqual(ALL_BACK);
    expect(governed.toClient).toMatchObject([{ id: 1, error: { code: -32603 } }]);
  });

  it("because it was cancelled while it was judged: all is given back, and nothing is sent", async () => {
    const governed = await Governed.under(POLICY, { store: await slowStore() });
    governed.client(CALL);
    governed.client(CANCEL);
    await governed.session.settled();
    expect(governed.toServer).toEqual([]);
    expect(governed.toClient).toEqual([]);
    expect(counted(governed)).toEqual(ALL_BACK);
  });

  it("because the server went while it was judged: all is given back, and the client hears it once", async () => {
    let takes = true;
    const governed = await Governed.under(POLICY, {
      store: await slowStore(),
      serverTakes: () => takes,
    });
    governed.client(CALL);
    governed.client({ ...CALL, id: 2, params: { name: "other" } });
    takes = false;
    governed.session.serverGone("Gone.");
    await governed.session.settled();
    expect(governed.toServer).toEqual([]);
    expect(governed.toClient).toMatchObject([
      { id: 1, error: { code: -32603 } },
      { id: 2, result: { isError: true } },
    ]);
    expect(counted(governed)).toEqual(ALL_BACK);
  });

  it("because it was refused or denied: nothing was charged", async () => {
    const governed = await Governed.under(POLICY);
    governed.client({ ...CALL, params: { ...PAY, arguments: { amount: 2_000 } } });
    governed.client({ ...CALL, id: 2, params: { ...PAY, arguments: { amount: "5" } } });
    governed.client({ ...CALL, id: 3, params: { ...PAY, arguments: { amount: 5, Amount: 1 } } });
    governed.client({ ...CALL, id: 4, params: { name: "other", arguments: { amount: 5 } } });
    expect(governed.toClient).toHaveLength(4);
    expect(governed.toServer).toEqual([]);
    expect(counted(governed)).toEqual(ALL_BACK);
  });
});

describe("further rounds", () => {
  const call = { ...CALL, params: { ...PAY, ...MODERN } };
  const ask = answer({
    result: { resultType: "input_required", inputRequests: {}, requestState: "s" },
  });

  async function asked(): Promise<{ governed: Governed; next: object }> {
    const governed = await Governed.under(POLICY);
    governed.client(call);
    governed.server(ask);
    expect(counted(governed)).toEqual(KEPT);
    const { result } = governed.toClient[0] as { result: { requestState: string } };
    const { requestState } = result;
    const params = { ...call.params, inputResponses: {}, requestState };
    return { governed, next: { ...call, params } };
  }

  it("take a slot while they run, and charge nothing", async () => {
    const { governed, next } = await asked();
    governed.client(next);
    expect(counted(governed)).toEqual(RUNNING);
    // The server gets its own state back, not ours around it.
    expect(governed.toServer[1]).toMatchObject({
      params: { inputResponses: {}, requestState: "s" },
    });
    governed.server(answer({ result: { resultType: "complete", content: [] } }));
    expect(counted(governed)).toEqual(KEPT);
  });

  it("give nothing back that an earlier round charged", async () => {
    const { governed, next } = await asked();
    governed.client(next);
    governed.server(answer({ error: { code: -32601, message: "x" } }));
    expect(counted(governed)).toEqual(KEPT);
  });

  it("that are played twice are new calls", async () => {
    const { governed, next } = await asked();
    governed.client(next);
    governed.server(ask);
    governed.client(next);
    expect(counted(governed)).toEqual([2, 10, 1]);
  });
});

/** Memory that takes its time to answer, as a store over the network does. */
async function slowStore(): Promise<StateStore> {
  const store = await openStore("memory", { clock: () => NOW });
  return Object.assign(Object.create(store) as StateStore, {
    reserve: async (request: Parameters<StateStore["reserve"]>[0]) => {
      await Promise.resolve();
      return store.reserve(request);
    },
    peek: store.peek.bind(store),
    refund: store.refund.bind(store),
  });
}

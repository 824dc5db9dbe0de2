import { describe, expect, it } from "vitest";
import { openStore, type StateStore, StateUnavailable } from "../../../runtime/index.ts";
import { policyOf } from "../engine/helpers.ts";
import { Governed, type GovernedOptions, NOW } from "./governed.ts";

// Calls whose limits cannot be checked: denied, unless it was asked for that they pass.

const LIMITED = { counter: "calls", window: "day", max: 1, scope: "grant" };
const SUM = { ...LIMITED, counter: "spent", max: 50, increment_from: "args.amount" };
const POLICY = {
  version: "1",
  extensions: ["ask_if", "limits.sum"],
  default: "deny",
  tools: {
    pay: { limits: [LIMITED] },
    spend: { limits: [SUM] },
    ask: { ask_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 1 }] }] },
    look: {},
  },
};

interface Failing {
  readonly proxy: Governed;
  /** From now on the state does not answer. */
  readonly fail: () => void;
}

async function failing(options: GovernedOptions = {}): Promise<Failing> {
  const store = await openStore("memory", { clock: () => NOW });
  let fails = false;
  const failure = (): never => {
    throw new StateUnavailable("The state cannot be reached.");
  };
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(held, name) {
        const value: unknown = Reflect.get(held, name);
        if (typeof value === "function") return fails ? failure : value.bind(held);
        return typeof value === "object" && value !== null ? guarded(value) : value;
      },
    });
  const proxy = await Governed.under(policyOf(POLICY), {
    store: guarded<StateStore>(store),
    holdMs: 0,
    ...options,
  });
  return {
    proxy,
    fail: () => {
      fails = true;
    },
  };
}

const call = (id: number, name: string, amount = 5): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: { amount } },
});
const sent = ({ toServer }: Governed): unknown[] => toServer.map(({ id }) => id);

describe("while the state cannot be reached", () => {
  it("calls are denied", async () => {
    const { proxy, fail } = await failing();
    fail();
    proxy.client(call(1, "pay"));
    expect(sent(proxy)).toEqual([]);
    expect(proxy.records).toMatchObject([{ outcome: "deny", rule: "(state unavailable)" }]);
  });

  it("calls are made without their limits where that was asked for, and marked", async () => {
    const { proxy, fail } = await failing({ stateFail: "open" });
    proxy.client(call(1, "pay"));
    proxy.client(call(2, "pay"));
    expect(sent(proxy)).toEqual([1]);
    fail();
    for (const id of [3, 4, 5]) proxy.client(call(id, "pay"));
    expect(sent(proxy)).toEqual([1, 3, 4, 5]);
    expect(proxy.records.map(({ outcome, unchecked }) => [outcome, unchecked])).toEqual([
      ["allow", undefined],
      ["deny", undefined],
      ["allow", true],
      ["allow", true],
      ["allow", true],
    ]);
    expect(proxy.notices).toContain(
      "The state cannot be reached: calls are made without their limits.",
    );
    // What charged nothing gives nothing back.
    proxy.server({ jsonrpc: "2.0", id: 3, error: { code: -32601, message: "no" } });
    proxy.server({ jsonrpc: "2.0", id: 4, result: { content: [] } });
    expect(proxy.notices.filter((text) => text.includes("settled"))).toEqual([]);
  });

  it("what no window could hold is denied nevertheless, and what nobody has approved", async () => {
    const { proxy, fail } = await failing({ stateFail: "open" });
    fail();
    proxy.client(call(1, "spend", 51));
    proxy.client(call(2, "spend", 50));
    proxy.client(call(3, "ask"));
    await proxy.session.settled();
    expect(sent(proxy)).toEqual([2]);
    const answers = proxy.records.map(({ outcome, rule }) => `${outcome} ${rule}`);
    expect(answers).toEqual([
      expect.stringMatching(/^deny \/tools\/spend\/limits\//),
      "allow ",
      "deny (state unavailable)",
    ]);
  });

  it("a call that was approved is not made: nobody knows whether it was before", async () => {
    let spends = false;
    const store = await openStore("memory", { clock: () => NOW });
    const proxy = await Governed.under(policyOf(POLICY), {
      stateFail: "open",
      holdMs: 0,
      store: new Proxy(store, {
        get(held, name) {
          if (name === "reserve" && spends) {
            return () => Promise.reject(new StateUnavailable("The state cannot be reached."));
          }
          const value: unknown = Reflect.get(held, name);
          return typeof value === "function" ? value.bind(held) : value;
        },
      }),
    });
    proxy.client(call(1, "ask"));
    await proxy.session.settled();
    const [asked] = proxy.asked;
    await store.approvals.decide(asked?.id ?? "", { approve: true, by: "ann", at: NOW });
    spends = true;
    proxy.client(call(2, "ask"));
    await proxy.session.settled();
    expect(sent(proxy)).toEqual([]);
    expect(proxy.records.at(-1)).toMatchObject({ outcome: "deny", rule: "(state unavailable)" });
  });

  it("what was frozen stays so", async () => {
    let now = NOW;
    const { proxy, fail } = await failing({ stateFail: "open", now: () => now });
    const freeze = { id: "f", until: NOW + 60_000, because: "Incident", by: "ann", tool: "look" };
    await proxy.governance.store.freezes.freeze(freeze);
    proxy.client(call(1, "look"));
    fail();
    now += 5_000;
    proxy.client(call(2, "look"));
    proxy.client(call(3, "pay"));
    now += 60_000;
    proxy.client(call(4, "look"));
    expect(proxy.records.map(({ outcome, rule }) => `${outcome} ${rule}`)).toEqual([
      "deny (frozen)",
      "deny (frozen)",
      "allow ",
      "allow ",
    ]);
  });
});

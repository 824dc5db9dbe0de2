import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Policy } from "../../../policy/index.ts";
import { MAX_PENDING_OF_GRANT, openStore, type StateStore } from "../../../runtime/index.ts";
import { policyOf } from "../engine/helpers.ts";
import { Governed, type GovernedOptions } from "../proxy/governed.ts";

// Calls that a person is asked about, from the question to the forward, on a clock of our own.

const BIG = { conditions: [{ path: "args.amount", op: "gt", value: 50 }] };
const PAY = { version: "1", default: "deny", tools: { pay: { ask_if: [BIG] }, list: {} } };

let store: StateStore;
beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T09:00:00Z") });
  store = await openStore("memory", { clock: Date.now });
});
afterEach(() => {
  vi.useRealTimers();
});

const governed = (options: GovernedOptions = {}, policy: object = PAY) =>
  Governed.under(policyOf(policy), { store, now: Date.now, holdMs: 20_000, ...options });
const pay = (id: number | string, args: object = { amount: 60 }, params: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "pay", arguments: args, ...params },
});
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
/** The text of the answer to a request. */
const answer = ({ toClient }: Governed, id: number | string): string | undefined => {
  const found = toClient.find((message) => message.id === id && !("method" in message));
  const result = found?.result as { content: { text: string }[] } | undefined;
  return (found?.error as { message?: string } | undefined)?.message ?? result?.content[0]?.text;
};
const sent = ({ toServer }: Governed): unknown[] => toServer.map(({ id }) => id);
const decide = async (approve: boolean, reason?: string, id?: string) => {
  const [first] = await store.approvals.list();
  return store.approvals.decide(id ?? (first?.id as string), {
    approve,
    by: "oncall",
    at: Date.now(),
    ...(reason === undefined ? {} : { reason }),
  });
};

describe("a call that a person is asked about", () => {
  it("is held, and passes once it is approved", async () => {
    const proxy = await governed();
    proxy.client(pay(1));
    await pass(1_000);
    expect(proxy.toClient).toEqual([]);
    expect(proxy.asked).toMatchObject([
      {
        grant: "local",
        server: "shop",
        tool: "pay",
        arguments: '{"amount":60}',
        rule: "/tools/pay/ask_if/0",
        expiresAt: Date.now() - 1_000 + 600_000,
      },
    ]);
    await decide(true, "Fine.");
    await pass(250);
    expect(sent(proxy)).toEqual([1]);
    expect(await store.approvals.list({ all: true })).toMatchObject([{ state: "spent" }]);
    expect(proxy.records.at(-1)).toMatchObject({
      outcome: "allow",
      detail: `Approved by oncall (${proxy.asked[0]?.id}): Fine.`,
    });
  });

  it("is refused with the reason, and so is every retry for the rest of the time", async () => {
    const proxy = await governed();
    proxy.client(pay(1));
    await pass();
    await decide(false, "Not on a Friday.");
    await pass(250);
    const { id = "" } = proxy.asked[0] ?? {};
    const said =
      /^\[POLICY DENIED\] oncall has refused this call: Not on a Friday\. The same call is refused until 09:10 UTC\. \([0-9A-Z]{5}\)$/;
    expect(answer(proxy, 1)).toMatch(said);
    proxy.client(pay(2));
    await pass(599_000);
    expect(answer(proxy, 2)).toMatch(said);
    expect(proxy.toClient[1]).toMatchObject({
      result: { isError: true, _meta: { "dev.mcpp/decision": { outcome: "deny", approval: id } } },
    });
    expect(proxy.toServer).toEqual([]);
    await pass(1_000);
    proxy.client(pay(3));
    await pass();
    expect(proxy.asked).toHaveLength(2);
  });

  it("is answered after the hold, and a retry passes once it is approved, exactly once", async () => {
    const proxy = await governed();
    proxy.client(pay(1));
    await pass(19_900);
    expect(answer(proxy, 1)).toBeUndefined();
    await pass(200);
    const { id = "" } = proxy.asked[0] ?? {};
    expect(answer(proxy, 1)).toBe(
      `[APPROVAL PENDING] This call needs the approval of a person. It was not made; retry when approved (${id})`,
    );
    expect(proxy.toClient[0]).toMatchObject({
      result: {
        isError: true,
        _meta: { "dev.mcpp/decision": { outcome: "pending", approval: id } },
      },
    });
    await decide(true);
    await pass(1_000);
    expect(proxy.toServer).toEqual([]);
    proxy.client(pay(2));
    await pass();
    proxy.client(pay(3));
    await pass();
    expect(sent(proxy)).toEqual([2]);
    expect(proxy.asked).toHaveLength(2);
  });

  it("is answered at once where nothing is held, and where it asks for a task", async () => {
    const none = await governed({ holdMs: 0 });
    none.client(pay(1));
    const task = await governed();
    task.client(pay(2, { amount: 60 }, { task: { ttl: 1_000 } }));
    await pass();
    expect(answer(none, 1)).toContain("[APPROVAL PENDING]");
    expect(answer(task, 2)).toContain("[APPROVAL PENDING]");
    await decide(true, undefined, task.asked[0]?.id);
    task.client(pay(3));
    await pass();
    expect(task.toServer).toEqual([]);
    task.client(pay(4, { amount: 60 }, { task: { ttl: 1_000 } }));
    await pass();
    expect(sent(task)).toEqual([4]);
  });

  it("is held for longer than 20 s only where its client hears of it, in numbers that grow", async () => {
    const proxy = await governed({ holdMs: 60_000 });
    proxy.client(pay(1));
    proxy.client(pay(2, { amount: 70 }, { _meta: { progressToken: "p" } }));
    await pass(21_000);
    expect(answer(proxy, 1)).toContain("[APPROVAL PENDING]");
    expect(answer(proxy, 2)).toBeUndefined();
    await pass(40_000);
    expect(answer(proxy, 2)).toContain("[APPROVAL PENDING]");
    const told = proxy.toClient.filter(({ method }) => method === "notifications/progress");
    const numbers = told.map(({ params }) => (params as { progress: number }).progress);
    expect(numbers).toHaveLength(12);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(Math.max(...numbers)).toBeLessThan(0);
    expect(told[0]).toMatchObject({ params: { progressToken: "p" } });
  });

  it("does not keep later calls waiting", async () => {
    const proxy = await governed();
    proxy.client(pay(1));
    proxy.client({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "list" } });
    await pass();
    expect(sent(proxy)).toEqual([2]);
  });

  it("passes on no approval of other arguments, another grant, or another definition", async () => {
    const one = await governed({ holdMs: 0 });
    one.client(pay(1));
    await pass();
    await decide(true);
    const other = await governed({ holdMs: 0, grant: "other" });
    other.client(pay(2));
    one.client(pay(3, { amount: 61 }));
    one.client(pay(4, { amount: 60, to: "me" }));
    await pass();
    for (const [proxy, id] of [
      [other, 2],
      [one, 3],
      [one, 4],
    ] as const) {
      expect(answer(proxy, id)).toContain("[APPROVAL PENDING]");
    }
    const pinned = structuredClone(PAY) as unknown as {
      version: "1";
      default: "deny";
      tools: Record<string, { pin?: string }>;
    };
    Object.assign(pinned.tools.pay ?? {}, { pin: `sha256:${"0".repeat(64)}` });
    one.reload(pinned as unknown as Policy);
    one.client(pay(5));
    await pass(10_000);
    expect(one.toServer.filter(({ method }) => method === "tools/call")).toEqual([]);
  });

  it("is the same whatever its `_meta`, the order of its keys, and how its text is written", async () => {
    const proxy = await governed({ holdMs: 0 });
    proxy.client(pay(1, { amount: 60, to: "é" }));
    await pass();
    await decide(true);
    const text = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"_meta":{"a":1},"arguments":{"to":"\\u00e9","amount":60.0},"name":"pay"}}`;
    proxy.session.fromClient(Buffer.from(text));
    await pass();
    expect(sent(proxy)).toEqual([2]);
  });

  it("is not asked about where receivers read its arguments differently", async () => {
    const proxy = await governed();
    const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"amount":60,"to":9007199254740993}}}`;
    proxy.session.fromClient(Buffer.from(text));
    proxy.session.fromClient(
      Buffer.from(
        `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"pay","arguments":{"amount":60,"to":"\\ud800"}}}`,
      ),
    );
    await pass();
    expect(answer(proxy, 1)).toContain("receivers read these arguments differently");
    expect(answer(proxy, 2)).toContain("receivers read these arguments differently");
    expect(proxy.asked).toEqual([]);
  });

  it("joins an identical call, of which one runs", async () => {
    const proxy = await governed();
    proxy.client(pay(1));
    proxy.client(pay(2));
    await pass(1_000);
    expect(proxy.asked).toHaveLength(1);
    await decide(true);
    await pass(500);
    expect(proxy.toServer).toHaveLength(1);
    const other = sent(proxy)[0] === 1 ? 2 : 1;
    expect(answer(proxy, other)).toContain("was used by an identical one");
    expect(proxy.asked).toHaveLength(1);
  });

  it("is not asked about beyond 20 of a grant", async () => {
    const proxy = await governed({ holdMs: 0 });
    for (let n = 0; n <= MAX_PENDING_OF_GRANT; n++) proxy.client(pay(n, { amount: 100 + n }));
    await pass();
    expect(proxy.asked).toHaveLength(MAX_PENDING_OF_GRANT);
    // In which order they are recorded says nothing.
    const beyond = proxy.records.filter(({ rule }) => rule === "(too many pending)");
    expect(beyond).toHaveLength(1);
    expect(answer(proxy, MAX_PENDING_OF_GRANT)).toContain("Too many calls wait");
  });

  it("is not asked about when a limit has no room, and takes nothing while it is held", async () => {
    const limit = { counter: "c", window: "hour", max: 1, scope: "grant" };
    const policy = { ...PAY, tools: { pay: { ask_if: [BIG], limits: [limit] } } };
    const proxy = await governed({}, policy);
    proxy.client(pay(1));
    await pass();
    proxy.client(pay(2, { amount: 1 }));
    await pass();
    expect(sent(proxy)).toEqual([2]);
    await decide(true);
    await pass(250);
    expect(answer(proxy, 1)).toContain("1 per hour");
    proxy.client(pay(3, { amount: 99 }));
    await pass();
    expect(answer(proxy, 3)).toContain("1 per hour");
    expect(proxy.asked).toHaveLength(1);
    // The approval is still there for when there is room.
    expect(await store.approvals.list({ all: true })).toMatchObject([{ state: "approved" }]);
  });

  it("does not run when its caller has cancelled, is gone, or cannot be reached", async () => {
    let connected = true;
    const cancelled = await governed();
    const gone = await governed({ grant: "gone" });
    const away = await governed({ grant: "away", connected: () => connected });
    for (const proxy of [cancelled, gone, away]) proxy.client(pay(1));
    await pass();
    cancelled.client({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 1 },
    });
    gone.session.releaseHeld();
    connected = false;
    for (const { id } of await store.approvals.list()) await decide(true, undefined, id);
    await pass(30_000);
    for (const proxy of [cancelled, gone, away]) expect(proxy.toServer).toEqual([]);
    expect(cancelled.toClient).toEqual([]);
    expect(answer(gone, 1)).toContain("[APPROVAL PENDING]");
    // Its approval is there for whoever comes back.
    cancelled.client(pay(2));
    await pass();
    expect(sent(cancelled)).toEqual([2]);
  });

  it("gives its approval back when nothing was written to the server, and only then", async () => {
    let takes = false;
    const proxy = await governed({ serverTakes: () => takes });
    proxy.client(pay(1));
    await pass();
    await decide(true);
    await pass(250);
    expect(answer(proxy, 1)).toContain("nothing was sent");
    takes = true;
    proxy.client(pay(2));
    await pass();
    expect(sent(proxy)).toEqual([2]);
    proxy.server({ jsonrpc: "2.0", id: 2, error: { code: -32602, message: "no" } });
    proxy.client(pay(3));
    await pass();
    expect(sent(proxy)).toEqual([2]);
  });

  it("needs a decision of each of the groups, and spends both at once", async () => {
    const policy = {
      ...PAY,
      tools: {
        pay: {
          ask_if: [
            { ...BIG, approvers: ["a"] },
            { ...BIG, approvers: ["b"] },
          ],
        },
      },
    };
    const proxy = await governed({}, policy);
    proxy.client(pay(1));
    await pass();
    await decide(true);
    await pass(250);
    expect(proxy.toServer).toEqual([]);
    expect(proxy.asked.map(({ approvers }) => approvers)).toEqual([["a"], ["b"]]);
    await decide(true);
    await pass(250);
    expect(sent(proxy)).toEqual([1]);
    const spent = await store.approvals.list({ all: true });
    expect(spent.map(({ state }) => state)).toEqual(["spent", "spent"]);
  });

  it("is judged again in full under a policy that was loaded while it was held", async () => {
    const other = { conditions: [{ path: "args.to", op: "eq", value: "x" }] };
    const moved = { ...PAY, tools: { pay: { ask_if: [other, { ...BIG, on_deny: "New." }] } } };
    const proxy = await governed();
    proxy.client(pay(1));
    proxy.client(pay(2, { amount: 70 }));
    proxy.client(pay(3, { amount: 80 }));
    await pass();
    const [first, , third] = proxy.asked;
    // The same entry at another place: nothing is asked anew, and the approval holds.
    proxy.reload(moved as unknown as Policy);
    await pass(250);
    expect(proxy.asked).toHaveLength(3);
    await decide(true, undefined, first?.id);
    await pass(250);
    expect(sent(proxy)).toEqual([1]);
    // Who decides is another: what was approved before answers nothing.
    proxy.reload({
      ...PAY,
      tools: { pay: { ask_if: [{ ...BIG, approvers: ["b"] }] } },
    } as unknown as Policy);
    await decide(true, undefined, third?.id);
    await pass(250);
    expect(sent(proxy)).toEqual([1]);
    expect(proxy.asked.slice(3).map(({ approvers }) => approvers)).toEqual([["b"], ["b"]]);
    proxy.reload({ version: "1", default: "deny" } as Policy);
    await pass(250);
    expect(answer(proxy, 2)).toContain("[POLICY DENIED]");
    expect(answer(proxy, 3)).toContain("[POLICY DENIED]");
  });

  it("is told that nobody has answered when its time is over", async () => {
    const policy = { ...PAY, tools: { pay: { ask_if: [{ ...BIG, timeout_seconds: 5 }] } } };
    const proxy = await governed({}, policy);
    proxy.client(pay(1));
    await pass(5_250);
    expect(answer(proxy, 1)).toContain("Nobody has answered in time");
    expect(proxy.asked).toHaveLength(1);
    expect(await decide(true, undefined, proxy.asked[0]?.id)).toBeUndefined();
  });

  it("asks nobody where the policy only looks on, or where nobody can be asked", async () => {
    const shadow = await governed({ shadow: true });
    shadow.client(pay(1));
    const nobody = await Governed.under(policyOf(PAY), { store, now: Date.now });
    nobody.client(pay(2));
    await pass();
    expect(shadow.asked).toEqual([]);
    expect(sent(shadow)).toEqual([1]);
    expect(answer(nobody, 2)).toContain("No way to ask for this approval is set up");
    expect(await store.approvals.list({ all: true })).toEqual([]);
  });

  it("is asked about once for all of its rounds", async () => {
    const proxy = await governed();
    const modern = {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    };
    proxy.client(pay(1, { amount: 60 }, modern));
    await pass();
    await decide(true);
    await pass(250);
    proxy.server({
      jsonrpc: "2.0",
      id: 1,
      result: { resultType: "input_required", inputRequests: {}, requestState: "s" },
    });
    const result = proxy.toClient[0]?.result as { requestState?: string } | undefined;
    const further = { ...modern, requestState: result?.requestState, inputResponses: {} };
    proxy.client(pay(2, { amount: 60 }, further));
    await pass();
    expect(sent(proxy)).toEqual([1, 2]);
    // Played again, it is another call.
    proxy.client(pay(3, { amount: 60 }, further));
    await pass();
    expect(sent(proxy)).toEqual([1, 2]);
    expect(proxy.asked).toHaveLength(2);
  });
});

describe("a freeze", () => {
  const freeze = (scope: object = {}) =>
    store.freezes.freeze({
      ...scope,
      id: JSON.stringify(scope),
      until: Date.now() + 3_600_000,
      because: "An incident.",
      by: "root",
    });
  const list = (id: number) => ({ ...pay(id), params: { name: "list" } });

  it("stops calls within a second, held ones too, even where the policy only looks on", async () => {
    const proxy = await governed();
    const shadow = await governed({ shadow: true, grant: "s" });
    proxy.client(pay(1));
    proxy.client(list(2));
    await pass(1_000);
    freeze();
    await pass(1_000);
    const said =
      /^\[POLICY DENIED\] Calls are stopped until 2026-11-23 10:00 UTC: An incident\. \(/;
    expect(answer(proxy, 1)).toMatch(said);
    proxy.client(list(3));
    shadow.client(list(4));
    await pass();
    expect(answer(proxy, 3)).toMatch(said);
    expect(answer(shadow, 4)).toMatch(said);
    expect(sent(proxy)).toEqual([2]);
    expect(sent(shadow)).toEqual([]);
    expect(shadow.records.at(-1)).toMatchObject({ rule: "(frozen)", enforced: true });
    store.freezes.unfreeze({}, "ann");
    await pass(1_000);
    proxy.client(list(5));
    await pass();
    expect(sent(proxy)).toEqual([2, 5]);
  });

  it.each([
    [{ tool: "list" }, true],
    [{ tool: "pay" }, false],
    [{ grant: "local" }, true],
    [{ grant: "other" }, false],
    [{ server: "shop" }, true],
    [{ server: "shop", tool: "pay" }, false],
  ])("of %j", async (scope, stops) => {
    const proxy = await governed();
    freeze(scope);
    proxy.client(list(1));
    await pass();
    expect(sent(proxy)).toEqual(stops ? [] : [1]);
  });

  it("ends by itself, and tells nothing of what is hidden", async () => {
    const proxy = await governed({}, { ...PAY, hide: ["secret"] });
    freeze();
    proxy.client({ ...pay(1), params: { name: "secret" } });
    proxy.server({ jsonrpc: "2.0", id: proxy.toServer[0]?.id, result: { tools: [] } });
    await pass();
    expect(answer(proxy, 1)).toBe("Unknown tool: secret");
    await pass(3_600_000);
    const later = await governed();
    later.client(list(2));
    await pass();
    expect(sent(later)).toEqual([2]);
  });
});

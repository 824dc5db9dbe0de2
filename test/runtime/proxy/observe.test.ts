import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DecisionRecord, FinishedRequest, Observer } from "../../../runtime/index.ts";
import { policyOf } from "../engine/helpers.ts";
import { Governed, type GovernedOptions } from "./governed.ts";

// What an observer hears of requests: each once, when it is over, and why it failed.

const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    pay: { require: [{ conditions: [{ path: "args.amount", op: "lte", value: 50 }] }] },
    ask: { ask_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 50 }] }] },
  },
  hide: ["secret"],
};

class Watching implements Observer {
  readonly decisions: DecisionRecord[] = [];
  readonly requests: FinishedRequest[] = [];
  readonly decided = (decision: DecisionRecord): void => {
    this.decisions.push(decision);
  };
  readonly finished = (request: FinishedRequest): void => {
    // As it is now: it may be changed later.
    this.requests.push({ ...request });
  };

  get errors(): unknown[] {
    return this.requests.map(({ error }) => error ?? "");
  }
}

async function watched(
  options: GovernedOptions = {},
  policy: object = POLICY,
): Promise<{ readonly proxy: Governed; readonly seen: Watching }> {
  const seen = new Watching();
  const proxy = await Governed.under(policyOf(policy), { ...options, observer: seen });
  // The server's list is known from here on.
  proxy.client({ jsonrpc: "2.0", id: "list", method: "tools/list" });
  const tools = ["pay", "ask", "secret"].map((name) => ({ name, inputSchema: { type: "object" } }));
  proxy.server({ jsonrpc: "2.0", id: "list", result: { tools } });
  seen.requests.length = 0;
  seen.decisions.length = 0;
  return { proxy, seen };
}

const call = (id: number, name: string, amount = 5, more: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: { amount }, ...more },
});
const result = (id: number, more: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  result: { content: [], ...more },
});

describe("a request that is over", () => {
  it("tells what was decided, when it was sent, and that it went well", async () => {
    const { proxy, seen } = await watched();
    proxy.client(call(1, "pay"));
    expect(seen.requests).toEqual([]);
    proxy.server(result(1));
    const [one] = seen.requests;
    expect(one).toMatchObject({
      id: 1,
      method: "tools/call",
      name: "pay",
      listed: true,
      decision: { outcome: "allow", rule: "", enforced: true },
    });
    expect(one?.error).toBeUndefined();
    const { began = 0, forwarded = 0, ended = 0 } = one ?? {};
    expect(began).toBeLessThanOrEqual(forwarded);
    expect(forwarded).toBeLessThanOrEqual(ended);
    expect(seen.decisions).toMatchObject([{ id: one?.decision?.id, listed: true }]);
  });

  it("tells why it failed, by us or by the server", async () => {
    const { proxy, seen } = await watched();
    proxy.client(call(1, "pay", 99));
    proxy.client(call(2, "secret"));
    proxy.client(call(3, "no_such_tool"));
    proxy.client(call(4, "pay"));
    proxy.server(result(4, { isError: true }));
    proxy.client(call(5, "pay"));
    proxy.server({ jsonrpc: "2.0", id: 5, error: { code: -32603, message: "It broke." } });
    proxy.client(call(6, "pay"));
    proxy.client({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 6 } });
    proxy.server(result(6));
    proxy.client(call(7, "pay"));
    proxy.session.serverGone("It is gone.");
    proxy.client({ jsonrpc: "2.0", id: 8, method: "no/such" });
    expect(seen.errors).toEqual([
      "policy_denied",
      "-32602",
      "-32602",
      "tool_error",
      "-32603",
      "cancelled",
      "server_lost",
      "policy_denied",
    ]);
    const unsent = seen.requests.filter(({ forwarded }) => forwarded === undefined);
    expect(unsent.map(({ id }) => id)).toEqual([1, 2, 3, 8]);
    expect(seen.requests.map(({ listed }) => listed).slice(0, 4)).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it("tells that a person was not heard in time, and how long it was held", async () => {
    const { proxy, seen } = await watched({ holdMs: 30 });
    proxy.client(call(1, "ask", 99));
    await proxy.session.settled();
    expect(seen.requests).toMatchObject([
      { error: "approval_pending", decision: { outcome: "pending", rule: "/tools/ask/ask_if/0" } },
    ]);
    expect(seen.requests[0]?.held).toBeGreaterThan(0);
    expect(seen.decisions).toMatchObject([{ outcome: "pending" }]);
  });

  it("tells the trace that the message names, and no other text", async () => {
    const { proxy, seen } = await watched();
    const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const of = (traceparent: unknown): object => ({ _meta: { traceparent, tracestate: "a=1" } });
    proxy.client(call(1, "pay", 99, of(good)));
    for (const bad of ["x", 7, good.replace("4bf9", "4BF9"), `00-${"0".repeat(32)}-1-01`]) {
      proxy.client(call(2, "pay", 99, of(bad)));
    }
    expect(seen.requests.map(({ trace }) => trace)).toEqual([
      { traceparent: good, tracestate: "a=1" },
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("under a policy that only looks on is one that went well", async () => {
    const { proxy, seen } = await watched({ shadow: true });
    proxy.client(call(1, "pay", 99));
    proxy.server(result(1));
    expect(seen.errors).toEqual([""]);
    expect(seen.requests[0]?.decision).toMatchObject({ outcome: "deny", enforced: false });
  });

  it("whose record cannot be kept was denied, and counts once", async () => {
    let full = false;
    const { proxy, seen } = await watched({
      keep: () => {
        if (full) throw new Error("The disk is full.");
      },
    });
    full = true;
    proxy.client(call(1, "pay"));
    expect(seen.errors).toEqual(["policy_denied"]);
    expect(seen.decisions).toMatchObject([{ outcome: "deny", rule: "(audit unavailable)" }]);
  });
});

describe("whatever comes in whatever order", () => {
  it("each request that was heard is over once at the end, and each has its decision", async () => {
    const step = fc.record({
      tool: fc.constantFrom("pay", "secret", "no_such_tool", "ask"),
      amount: fc.constantFrom(5, 99),
      next: fc.constantFrom("answer", "error", "tool error", "cancel", "fail", "twice", "nothing"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { proxy, seen } = await watched({ holdMs: 0 });
        for (const [id, { tool, amount, next }] of steps.entries()) {
          proxy.client(call(id, tool, amount));
          if (next === "answer" || next === "twice") proxy.server(result(id));
          if (next === "twice") proxy.server(result(id));
          if (next === "error")
            proxy.server({ jsonrpc: "2.0", id, error: { code: 1, message: "" } });
          if (next === "tool error") proxy.server(result(id, { isError: true }));
          if (next === "fail") proxy.session.failed(id, "It broke.", "refused");
          if (next === "cancel") {
            const params = { requestId: id };
            proxy.client({ jsonrpc: "2.0", method: "notifications/cancelled", params });
          }
        }
        await proxy.session.settled();
        proxy.session.serverGone("It is gone.");
        expect(seen.requests.map(({ id }) => id).sort()).toEqual(steps.map((_, id) => id).sort());
        expect(seen.decisions).toHaveLength(steps.length);
      }),
    );
  });
});

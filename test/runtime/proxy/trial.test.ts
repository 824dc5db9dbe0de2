import { describe, expect, it } from "vitest";
import type { Policy } from "../../../policy/index.ts";
import { compileEngine, Rulebook, Trial } from "../../../runtime/index.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const GRANT = { id: "local", name: "local", labels: {} };
const TOOLS = [{ name: "pay" }, { name: "list" }];

function trial(policy: Partial<Policy>): Trial {
  const whole: Policy = { version: "1", default: "deny", ...policy };
  const rulebook = new Rulebook(whole, compileEngine(whole));
  return new Trial({ rulebook, server: "shop", tools: TOOLS, now: NOW });
}

function judge(on: Trial, tool: string, text = "{}", approved = false) {
  return on.judge(on.read(tool, text), { grant: GRANT, approved });
}

const large = { path: "args.amount", op: "gt", value: 10 } as const;

describe("a trial", () => {
  it("judges as the proxy does, and answers for what is not there", async () => {
    const on = trial({ tools: { pay: { deny_if: [{ conditions: [large] }] } }, hide: ["list"] });
    expect(await judge(on, "pay")).toMatchObject({ outcome: "allow", rule: "" });
    expect(await judge(on, "pay", '{"amount":11}')).toMatchObject({
      outcome: "deny",
      rule: "/tools/pay/deny_if/0",
    });
    expect(await judge(on, "list")).toMatchObject({ outcome: "hide", rule: "(hidden)" });
    expect(await judge(on, "nothing")).toMatchObject({ outcome: "hide", rule: "(unknown tool)" });
    expect(await judge(on, "Pay")).toMatchObject({ outcome: "hide", rule: "(confusable name)" });
  });

  it("refuses what the proxy does not even judge", async () => {
    const on = trial({ tools: { pay: { deny_if: [{ conditions: [large] }] } } });
    expect(await judge(on, "pay", '{"amount":1,"Amount":99}')).toMatchObject({
      outcome: "deny",
      rule: "(refused)",
    });
    expect(await judge(on, "pay", '{"amount":1,"amount":99}')).toMatchObject({
      outcome: "deny",
      rule: "(refused)",
    });
  });

  it("frees what runs at the same time at once", async () => {
    const limit = { counter: "pay_concurrent", concurrent: true, max: 1, scope: "grant" } as const;
    const on = trial({ tools: { pay: { limits: [limit] } } });
    for (let call = 0; call < 3; call++) {
      expect(await judge(on, "pay")).toMatchObject({ outcome: "allow" });
    }
  });

  it("asks anew each time, and any number of times", async () => {
    const on = trial({ tools: { pay: { ask_if: [{ conditions: [large] }] } } });
    for (let call = 0; call < 30; call++) {
      expect(await judge(on, "pay", `{"amount":${20 + call}}`)).toMatchObject({
        outcome: "ask",
        rule: "/tools/pay/ask_if/0",
      });
    }
    expect(await judge(on, "pay", '{"amount":20}', true)).toMatchObject({ outcome: "allow" });
    expect(await judge(on, "pay", '{"amount":20}')).toMatchObject({ outcome: "ask" });
  });

  it("has everybody agree who is asked, and spends what they said", async () => {
    const on = trial({
      tools: {
        pay: {
          ask_if: [
            { conditions: [large], approvers: ["leads"] },
            { conditions: [], approvers: ["owners"] },
          ],
          limits: [{ counter: "pay_rate", window: "minute", max: 2, scope: "grant" }],
        },
      },
    });
    for (let call = 0; call < 2; call++) {
      expect(await judge(on, "pay", '{"amount":20}', true)).toMatchObject({ outcome: "allow" });
    }
    expect(await judge(on, "pay", '{"amount":20}', true)).toMatchObject({
      outcome: "deny",
      rule: "/tools/pay/limits/pay_rate",
    });
    on.now += 60_000;
    expect(await judge(on, "pay", '{"amount":20}', true)).toMatchObject({ outcome: "allow" });
  });

  it("tells what shadow rules would have done", async () => {
    const on = trial({ tools: { pay: { deny_if: [{ conditions: [large], shadow: true }] } } });
    expect(await judge(on, "pay", '{"amount":11}')).toMatchObject({
      outcome: "allow",
      findings: [{ rule: "/tools/pay/deny_if/0" }],
    });
  });
});

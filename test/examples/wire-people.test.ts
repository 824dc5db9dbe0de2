import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LineProcess } from "../end-to-end/lines.ts";
import { connect } from "../end-to-end/mcp-clients.ts";
import { mcpp } from "../end-to-end/mcpp.ts";
import { GatewayFolder, tokenLine, tokenOf } from "../end-to-end/served-gateway.ts";
import { orderTools, Stage, stoppersOf, textOf } from "./attack.ts";

// What a person has to agree to: an agent that agrees by itself, and one that changes what was agreed to.

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.set();
});
afterEach(() => stage.clear());

const withoutAsk = (attack: string): string => {
  const stopper = stoppersOf(attack).find(({ gone }) => gone.startsWith("ask "));
  expect(stopper).toBeDefined();
  return stopper?.unclaimed ?? "";
};

describe("an agent that approves its own call", () => {
  let folder: GatewayFolder;
  beforeEach(() => {
    folder = new GatewayFolder();
  });
  afterEach(() => folder.remove());

  /** What the agent reads of each thing it tries. */
  async function attack(policy: string): Promise<readonly string[]> {
    folder.write("orders.tools.json", JSON.stringify({ tools: orderTools() }));
    folder.write("p.mcpp", policy.replace("../orders.tools.json", "./orders.tools.json"));
    const command = [stage.upstream.command, ...stage.upstream.args];
    folder.write(
      "mcpp.yaml",
      `listen: 127.0.0.1:0
state: sqlite:state.db
approvals:
  hold: 0
  approvers:
    - { name: ann, token: "${tokenLine("ann")}", groups: [leads] }
    - { name: eve, token: "${tokenLine("eve")}", groups: [others] }
servers:
  orders: ${JSON.stringify({ command })}
grants:
  - { name: agent, token: "${tokenLine("agent")}", servers: { orders: ./p.mcpp } }
`,
    );
    const gateway = await folder.serve();
    const url = `http://127.0.0.1:${gateway.port}/mcp/orders`;
    // This client agrees to whatever it is asked (`elicitation/create`).
    const client = await connect("SDK 2, auto", { url, token: tokenOf("agent") });
    const texts: string[] = [];
    for (const further of [{}, { confirmed: true }, {}]) {
      texts.push(await client.call("pay_order", { id: "1", amount: 5000, ...further }));
    }
    await client.close();
    return texts;
  }
  const waiting = async (): Promise<readonly { readonly id: string }[]> => {
    const { stdout } = await mcpp(["approvals", "list", "--format", "json", ...where()]);
    return (JSON.parse(stdout) as { approvals: { id: string }[] }).approvals;
  };
  const where = (): string[] => ["--config", folder.file("mcpp.yaml")];

  it("is told to wait, whatever it says and however often it asks", async () => {
    expect((await attack(textOf("self-approval"))).map((text) => text.slice(0, 18))).toEqual(
      Array(3).fill("[APPROVAL PENDING]"),
    );
    expect(stage.reached("pay_order")).toEqual([]);
  });

  it("cannot decide with its own token, with none, with a made-up one, or as somebody else", async () => {
    await attack(textOf("self-approval"));
    const [question] = await waiting();
    const id = question?.id ?? "";
    for (const token of [tokenOf("agent"), undefined, tokenOf("nobody"), tokenOf("eve")]) {
      const env = token === undefined ? {} : { MCPP_APPROVER_TOKEN: token };
      expect(await mcpp(["approvals", "approve", id, ...where()], env)).toMatchObject({ code: 2 });
    }
    // Nor past the gateway, on its state.
    const state = ["--state", `sqlite:${folder.file("state.db")}`];
    expect(await mcpp(["approvals", "approve", id, ...state])).toMatchObject({ code: 2 });
    expect(stage.reached("pay_order")).toEqual([]);
    const ann = { MCPP_APPROVER_TOKEN: tokenOf("ann") };
    expect(await mcpp(["approvals", "approve", id, ...where()], ann)).toMatchObject({ code: 0 });
  });

  it.each([
    ["without `ask`", () => withoutAsk("self-approval")],
    ["under the naive policy", () => textOf("self-approval", "naive")],
  ])("pays %s", async (_, policy) => {
    await attack(policy());
    expect(stage.reached("pay_order")).toContainEqual({ id: "1", amount: 5000, confirmed: true });
  });

  it("decides where it runs as the user whose proxy it is", async () => {
    const session = await stage.proxied(textOf("self-approval"), ["--hold", "0"]);
    const first = await session.call(1, "pay_order", { id: "1", amount: 5000 });
    await approve(first);
    await session.call(2, "pay_order", { id: "1", amount: 5000 });
    expect(stage.reached("pay_order")).toEqual([{ id: "1", amount: 5000 }]);
    expect(session.stderr).toMatch(/commands/);
  });
});

/** The user of a proxy over stdio agrees to what the answer says is pending. */
async function approve(answer: Awaited<ReturnType<LineProcess["call"]>>): Promise<void> {
  const text = answer.result?.content?.[0]?.text ?? "";
  const id = /\((\w+)\)$/.exec(text)?.[1] ?? "";
  expect(await mcpp(["approvals", "approve", id], stage.env)).toMatchObject({ code: 0 });
}

describe("a value that changes between the approval and the call", () => {
  async function attack(policy: string): Promise<void> {
    const session = await stage.proxied(policy, ["--hold", "0"]);
    const first = await session.call(1, "pay_order", { id: "1", amount: 50 });
    if (first.result?.isError === true) await approve(first);
    await session.call(2, "pay_order", { id: "1", amount: 99 });
    await session.call(3, "pay_order", { id: "2", amount: 50 });
    await session.call(4, "pay_order", { id: "1", amount: 50, confirmed: true });
    await session.call(5, "pay_order", { amount: 50, id: "1" });
    await session.call(6, "pay_order", { id: "1", amount: 50 });
  }

  it("is another call: the approved one is made, once, and no other", async () => {
    await attack(textOf("check-and-use"));
    expect(stage.reached("pay_order")).toEqual([{ amount: 50, id: "1" }]);
  });

  it("is made without `ask`", async () => {
    await attack(withoutAsk("check-and-use"));
    expect(stage.reached("pay_order")).toContainEqual({ id: "1", amount: 99 });
  });
});

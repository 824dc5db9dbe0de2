import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Answer, LineProcess } from "../end-to-end/lines.ts";
import { modern } from "../runtime/proxy/http/proxy.ts";
import { Stage, stoppersOf, textOf } from "./attack.ts";

// A call of several rounds (`input_required`): what the client sends back is not what it was given.

const POLICY = "forged-round";
const QUESTION = {
  jsonrpc: "2.0",
  result: {
    resultType: "input_required",
    requestState: "the server's",
    inputRequests: {
      q: {
        method: "elicitation/create",
        params: {
          mode: "form",
          message: "Really?",
          requestedSchema: { type: "object", properties: {} },
        },
      },
    },
  },
};
const ANSWERED = { inputResponses: { q: { action: "accept", content: {} } } };

let stage: Stage;
let session: LineProcess;
let id = 0;
beforeEach(async () => {
  stage = await Stage.set();
  stage.upstream.play({
    when: { tool: "pay_order" },
    times: 1,
    does: { kind: "replace", message: QUESTION },
  });
});
afterEach(() => stage.clear());

async function pay(amount: number, further: Record<string, unknown> = {}): Promise<Answer> {
  id++;
  const params = { name: "pay_order", arguments: { id: "1", amount }, ...further };
  session.send(modern(id, "tools/call", params).message);
  return session.answer(id);
}

/** The first round, with the state that the client is given. */
async function begun(policy: string): Promise<string> {
  session = stage.modern(policy);
  const state = (await pay(100)).result?.requestState;
  expect(state).toBeTypeOf("string");
  return state as string;
}

const reached = (): number => stage.reached("pay_order").length;

it("goes on where the state is the one that was given", async () => {
  const requestState = await begun(textOf(POLICY));
  expect((await pay(100, { requestState, ...ANSWERED })).result?.isError).not.toBe(true);
  expect(stage.upstream.messages().at(-1)?.params).toMatchObject({ requestState: "the server's" });
  expect(reached()).toBe(2);
});

describe("a round with a forged state", () => {
  it.each([
    ["made up", () => "the server's"],
    ["changed", (state: string) => `${state.slice(0, -2)}AA`],
    ["cut", (state: string) => state.slice(0, -8)],
    ["of nothing", () => ""],
  ])("is refused: %s", async (_, forge) => {
    const state = await begun(textOf(POLICY));
    const answer = await pay(100, { requestState: forge(state), ...ANSWERED });
    expect(answer.error?.code).toBe(-32602);
    expect(reached()).toBe(1);
  });

  it("is refused where the state is of other arguments", async () => {
    const requestState = await begun(textOf(POLICY));
    const answer = await pay(99, { requestState, ...ANSWERED });
    expect(answer.error?.code).toBe(-32602);
    expect(reached()).toBe(1);
  });

  it("reaches a server that nothing stands before", async () => {
    session = await stage.direct();
    await pay(100);
    await pay(5000, { requestState: "made up", ...ANSWERED });
    expect(stage.upstream.messages().at(-1)?.params).toMatchObject({
      arguments: { amount: 5000 },
      requestState: "made up",
    });
  });
});

describe("an answer to a question that was not asked", () => {
  const [judged, counted] = stoppersOf(POLICY).map((stopper) => stopper.unclaimed);
  const unasked = async (policy: string): Promise<void> => {
    session = stage.modern(policy);
    await pay(5000, ANSWERED);
  };

  it("is judged as the call that it is", async () => {
    await unasked(textOf(POLICY));
    expect(reached()).toBe(0);
  });

  it("passes without the rule about it", async () => {
    await unasked(judged as string);
    expect(stage.reached("pay_order")).toEqual([{ id: "1", amount: 5000 }]);
  });

  /** The genuine state again and again. */
  const replayed = async (policy: string): Promise<number> => {
    const requestState = await begun(policy);
    await pay(100, { requestState, ...ANSWERED });
    const before = reached();
    for (let time = 0; time < 3; time++) await pay(100, { requestState, ...ANSWERED });
    return reached() - before;
  };

  it("counts as a call of its own when a state is used twice", async () => {
    expect(await replayed(textOf(POLICY))).toBe(1);
  });

  it("is made as often as it is sent without the limit", async () => {
    expect(await replayed(counted as string)).toBe(3);
  });
});

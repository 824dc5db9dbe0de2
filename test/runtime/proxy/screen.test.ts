import { expect, it } from "vitest";
import { Session } from "../../../runtime/index.ts";
import { Governed } from "./governed.ts";

it("a carriage return in a message of the server makes no second one", async () => {
  const hidden = '{"jsonrpc":"2.0","id":8,"result":{"tools":[{"name":"secret"}]}}';
  const governed = await Governed.under({ version: "1", default: "deny", hide: ["secret"] });
  const passed: string[] = [];
  const session = new Session(governed.governance, {
    toClient: (message) => passed.push(Buffer.from(message as Uint8Array).toString()),
    toServer: () => true,
    noise: () => {},
  });
  session.fromServer(
    Buffer.from(
      `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":\r${hidden}\r}}`,
    ),
  );
  expect(passed).toHaveLength(1);
  expect(passed[0]).not.toContain("\r");
  expect(JSON.parse(passed[0] as string).params.data.id).toBe(8);
});

const TOOLS = [{ name: "get" }, { name: "secret" }];

it.each([
  ["a request", { id: 1, method: "roots/list" }],
  ["a request in flight", { id: 7, method: "roots/list" }],
  ["a notification", { method: "notifications/message" }],
])("%s of the server that is an answer, too, does not pass", async (_, message) => {
  const governed = await Governed.under({
    version: "1",
    default: "deny",
    hide: ["secret"],
    tools: { get: {} },
  });
  governed.client({ jsonrpc: "2.0", id: 7, method: "tools/list" });
  governed.server({ jsonrpc: "2.0", ...message, result: { tools: TOOLS } });
  governed.server({ jsonrpc: "2.0", ...message, error: { code: 1, message: "x", data: TOOLS } });
  expect(governed.toClient).toEqual([]);
  expect(governed.notices).toEqual([
    "A message of the server was not relayed: it is a request and an answer in one.",
    "A message of the server was not relayed: it is a request and an answer in one.",
  ]);
  governed.server({ jsonrpc: "2.0", id: 7, result: { tools: TOOLS } });
  expect(governed.toClient).toEqual([{ jsonrpc: "2.0", id: 7, result: { tools: [TOOLS[0]] } }]);
});

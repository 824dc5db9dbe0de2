import { expect, it } from "vitest";
import { Governed } from "./governed.ts";

const ALLOW = { version: "1", default: "deny", tools: { get: {} } };
const CALL = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "get" } };
const SAMPLING = '"method":"sampling/createMessage"';
const ASK = `"inputRequests":{"a":{${SAMPLING}}}`;

async function refusing(): Promise<Governed> {
  const governed = await Governed.under(ALLOW, { refused: ["sampling"] });
  governed.client(CALL);
  return governed;
}

it.each([
  ["with another method first", `{"jsonrpc":"2.0","id":1,${SAMPLING},"method":"ping"}`],
  ["with a look-alike key", `{"jsonrpc":"2.0","id":1,"Method":"sampling/createMessage"}`],
  ["in capitals", `{"jsonrpc":"2.0","id":1,"method":"Sampling/CreateMessage"}`],
  ["under an id that is none", `{"jsonrpc":"2.0","id":1.5,${SAMPLING}}`],
  ["under no id", `{"jsonrpc":"2.0",${SAMPLING}}`],
  ["under the id null", `{"jsonrpc":"2.0","id":null,${SAMPLING}}`],
  [
    "in a notification with two lists",
    `{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{${ASK},"inputRequests":null}}`,
  ],
])("a request that is refused does not pass %s", async (_, text) => {
  const governed = await refusing();
  governed.session.fromServer(Buffer.from(text));
  expect(governed.toClient).toEqual([]);
});

it.each([
  ["two lists", `{${ASK},"inputRequests":{}}`],
  ["a look-alike list", `{"InputRequests":{"a":{${SAMPLING}}}}`],
  ["two methods", `{"inputRequests":{"a":{${SAMPLING},"method":"roots/list"}}}`],
  ["a look-alike method", `{"inputRequests":{"a":{"METHOD":"sampling/createMessage"}}}`],
  ["one in capitals", `{"inputRequests":{"a":{"method":"Sampling/createmessage"}}}`],
])("a request that is refused does not pass in an answer with %s", async (_, result) => {
  const governed = await refusing();
  governed.session.fromServer(Buffer.from(`{"jsonrpc":"2.0","id":7,"result":${result}}`));
  expect(governed.toClient).toHaveLength(1);
  expect(JSON.stringify(governed.toClient)).not.toMatch(/createmessage/i);
});

it("requests of other kinds pass as they came", async () => {
  const governed = await refusing();
  const asked = { jsonrpc: "2.0", id: 1, method: "elicitation/create", params: {} };
  governed.server(asked);
  const result = { resultType: "x", inputRequests: { a: { method: "roots/list" } } };
  governed.server({ jsonrpc: "2.0", id: 7, result });
  expect(governed.toClient).toEqual([asked, { jsonrpc: "2.0", id: 7, result }]);
});

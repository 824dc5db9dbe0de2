import { describe, expect, it } from "vitest";
import { Seals, Tasks } from "../../../runtime/index.ts";
import { sealTasks } from "../../../runtime/proxy/tasks.ts";
import { Governed } from "./governed.ts";

// Ids of tasks: the client gets them sealed, the server its own, and nobody else's pass.

const RELATED = "io.modelcontextprotocol/related-task";
const SEALED = /^mcpp1\./;

type Dict = Record<string, unknown>;

const TASK = { taskId: "t-1", status: "working", createdAt: "", lastUpdatedAt: "", ttl: 1.0 };

async function made(): Promise<{ readonly governed: Governed; readonly sealed: string }> {
  const governed = await Governed.under({ version: "1", default: "deny", tools: { run: {} } });
  governed.client({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "run", arguments: {}, task: { ttl: 1 } },
  });
  await Promise.resolve();
  governed.server({ jsonrpc: "2.0", id: 1, result: { task: TASK } });
  const [answer] = governed.toClient.slice(-1) as { result: { task: { taskId: string } } }[];
  const task = answer?.result.task as { taskId: string };
  expect(task).toEqual({ ...TASK, taskId: expect.stringMatching(SEALED) });
  return { governed, sealed: task.taskId };
}

function request(method: string, params: Dict, id = 7): Dict {
  return { jsonrpc: "2.0", id, method, params };
}

describe("the id of a task", () => {
  it.each(["tasks/get", "tasks/result", "tasks/update", "tasks/cancel"])(
    "reaches the server as its own in `%s`, and no other does",
    async (method) => {
      const { governed, sealed } = await made();
      const others = new Tasks(new Seals(), { server: "shop", grant: "other" }, true);
      for (const taskId of ["t-1", "", 1, null, `${sealed}x`, others.seal("t-1"), {}]) {
        // The server is asked for one that it does not have, and answers as it always does then.
        governed.client(request(method, { taskId }));
        const none = expect.stringMatching(/^none-[0-9a-f-]{36}$/);
        expect(governed.toServer.at(-1)).toEqual(request(method, { taskId: none }));
        const answer = { jsonrpc: "2.0", id: 7, error: { code: -32602, message: "no such task" } };
        governed.server(answer);
        expect(governed.toClient.at(-1)).toEqual(answer);
      }
      governed.client(request(method, { taskId: sealed }));
      expect(governed.toServer.at(-1)).toEqual(request(method, { taskId: "t-1" }));
    },
  );

  it.each<readonly [string, Dict, (result: Dict) => unknown]>([
    ["tasks/get", { ...TASK }, ({ taskId }) => taskId],
    ["tasks/cancel", { ...TASK, status: "cancelled" }, ({ taskId }) => taskId],
    [
      "tasks/result",
      { content: [], _meta: { [RELATED]: { taskId: "t-1", more: 1 }, other: 2 } },
      ({ _meta }) => ((_meta as Dict)[RELATED] as Dict).taskId,
    ],
  ])("is sealed in the answer to `%s`, and the rest of it stays", async (method, result, idOf) => {
    const { governed, sealed } = await made();
    governed.client(request(method, { taskId: sealed }));
    governed.server({ jsonrpc: "2.0", id: 7, result });
    const answer = governed.toClient.at(-1)?.result as Dict;
    expect(idOf(answer)).toBe(sealed);
    expect(JSON.parse(JSON.stringify(answer).replaceAll(sealed, "t-1"))).toEqual(result);
  });

  it("is sealed in lists, in status, and where a request or report is related to it", async () => {
    const { governed, sealed } = await made();
    const last = () => JSON.stringify(governed.toClient.at(-1));
    const tasks = [TASK, { ...TASK, taskId: "t-2" }];
    governed.client(request("tasks/list", {}));
    governed.server({ jsonrpc: "2.0", id: 7, result: { tasks, nextCursor: "n" } });
    const listed = governed.toClient.at(-1)?.result as { tasks: { taskId: string }[] };
    expect(listed).toMatchObject({ nextCursor: "n" });
    expect(listed.tasks[0]?.taskId).toBe(sealed);
    governed.client(request("tasks/get", { taskId: listed.tasks[1]?.taskId }));
    expect(governed.toServer.at(-1)).toMatchObject({ params: { taskId: "t-2" } });

    for (const method of ["notifications/tasks/status", "notifications/tasks"]) {
      governed.server({ jsonrpc: "2.0", method, params: TASK });
      expect(governed.toClient.at(-1)).toMatchObject({ method, params: { taskId: sealed } });
    }
    const _meta = { [RELATED]: { taskId: "t-1" } };
    governed.server({
      jsonrpc: "2.0",
      id: "s-1",
      method: "elicitation/create",
      params: { message: "?", _meta },
    });
    expect(last()).toContain(sealed);
    expect(last()).not.toContain('"t-1"');
    const answered = { action: "accept", _meta: { [RELATED]: { taskId: sealed } } };
    governed.client({ jsonrpc: "2.0", id: "s-1", result: answered });
    expect(governed.toServer.at(-1)).toEqual({
      jsonrpc: "2.0",
      id: "s-1",
      result: { action: "accept", _meta },
    });
  });

  it("of the client's own tasks passes as it is", async () => {
    const { governed } = await made();
    const ask = request("sampling/createMessage", { messages: [], task: {} }, 9);
    governed.server(ask);
    expect(governed.toClient.at(-1)).toEqual(ask);
    const answer = { jsonrpc: "2.0", id: 9, result: { task: { ...TASK, taskId: "c-1" } } };
    governed.client(answer);
    expect(governed.toServer.at(-1)).toEqual(answer);
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      const poll = request(method, { taskId: "c-1" }, 10);
      governed.server(poll);
      expect(governed.toClient.at(-1)).toEqual(poll);
      const _meta = { [RELATED]: { taskId: "c-1" } };
      const result = { jsonrpc: "2.0", id: 10, result: { content: {}, _meta } };
      governed.client(result);
      expect(governed.toServer.at(-1)).toEqual(result);
    }
    const status = {
      jsonrpc: "2.0",
      method: "notifications/tasks/status",
      params: { taskId: "c-1", status: "working" },
    };
    governed.client(status);
    expect(governed.toServer.at(-1)).toEqual(status);
  });

  it("of nobody here in what a request is related to is unknown", async () => {
    const { governed, sealed } = await made();
    const related = (id: unknown, taskId: unknown): Dict => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "run", arguments: {}, _meta: { [RELATED]: { taskId } } },
    });
    governed.client(related(20, "t-1"));
    expect(governed.toClient.at(-1)).toMatchObject({ id: 20, error: { code: -32602 } });
    governed.client(related(21, sealed));
    await Promise.resolve();
    expect(governed.toServer.at(-1)).toEqual(related(21, "t-1"));
  });

  it("is what a client of 2026-07-28 listens for", async () => {
    const { governed, sealed } = await made();
    const listen = (taskIds: unknown) =>
      request("subscriptions/listen", { notifications: { taskIds } });
    governed.client(listen(["t-1", sealed, 1]));
    expect(governed.toServer.at(-1)).toEqual(listen(["t-1"]));
    const acknowledged = (taskIds: unknown) => ({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: { taskIds, toolsListChanged: true } },
    });
    governed.server(acknowledged(["t-1"]));
    expect(governed.toClient.at(-1)).toEqual(acknowledged([sealed]));
  });

  it("does not pass by an answer that two readers could read differently", async () => {
    const { governed, sealed } = await made();
    governed.client(request("tasks/get", { taskId: sealed }));
    const text = `{"jsonrpc":"2.0","id":7,"result":{"taskId":"t-9","taskId":"t-1","status":"working"}}`;
    governed.session.fromServer(Buffer.from(text));
    expect(governed.toClient.at(-1)).toMatchObject({ id: 7, error: { code: -32603 } });
  });
});

describe("the answer of a task of 2026-07-28", () => {
  const HIDES = { version: "1", default: "allow", hide: ["secret"] };
  const TOOLS = [{ name: "secret" }, { name: "open" }];
  const detailed = { ...TASK, status: "completed", result: { tools: TOOLS, ttlMs: 1e9 } };

  it("loses what is hidden, when it is asked for and when it is told", async () => {
    const governed = await Governed.under(HIDES);
    const sealed = governed.governance.tasks.seal("t-1");
    const expected = {
      ...detailed,
      taskId: sealed,
      result: { tools: [{ name: "open" }], ttlMs: 60_000 },
    };
    governed.client(request("tasks/get", { taskId: sealed }));
    governed.server({ jsonrpc: "2.0", id: 7, result: detailed });
    expect(governed.toClient.at(-1)?.result).toEqual(expected);
    governed.server({ jsonrpc: "2.0", method: "notifications/tasks", params: detailed });
    expect(governed.toClient.at(-1)?.params).toEqual(expected);
  });

  it.each([
    [
      "tells of a list twice",
      `{"taskId":"t-1","status":"x","result":{"tools":[{"name":"secret"}]},"result":1}`,
    ],
    [
      "tells of a list under a look-alike",
      `{"taskId":"t-1","status":"x","result":{"Tools":[{"name":"secret"}]}}`,
    ],
    [
      "has an answer under a look-alike",
      `{"taskId":"t-1","status":"x","Result":{"tools":[{"name":"secret"}]}}`,
    ],
  ])("is not relayed when it %s", async (_, task) => {
    const governed = await Governed.under(HIDES);
    const sealed = governed.governance.tasks.seal("t-1");
    governed.client(request("tasks/get", { taskId: sealed }));
    governed.session.fromServer(Buffer.from(`{"jsonrpc":"2.0","id":7,"result":${task}}`));
    expect(governed.toClient.at(-1)).toMatchObject({ id: 7, error: { code: -32603 } });
    const before = governed.toClient.length;
    governed.session.fromServer(
      Buffer.from(`{"jsonrpc":"2.0","method":"notifications/tasks","params":${task}}`),
    );
    expect(governed.toClient).toHaveLength(before);
  });
});

describe("tasks that several grants can reach", () => {
  const seals = new Seals();
  const of = (grant: string) => new Tasks(seals, { server: "shop", grant }, false);

  it("are the grant's own when they were made or asked for here", () => {
    const [one, other] = [of("one"), of("other")];
    const sealed = one.seal("t-1");
    expect(one.owns("t-1")).toBe(true);
    expect(other.owns("t-1")).toBe(false);
    expect(other.open(sealed)).toBeUndefined();
    // Another replica, or the same after a restart, knows it by its id.
    const replica = of("one");
    expect(replica.owns("t-1")).toBe(false);
    expect(replica.open(sealed)).toBe("t-1");
    expect(replica.owns("t-1")).toBe(true);
    const tasks = [{ taskId: "t-1" }, { taskId: "t-2", status: "working" }, 7, {}];
    const listed = (whose: Tasks) => {
      const message = { jsonrpc: "2.0", id: 1, result: { tasks } };
      return JSON.parse(sealTasks(JSON.stringify(message), message, whose) ?? "").result.tasks;
    };
    expect(listed(one)).toEqual([{ taskId: sealed }]);
    expect(listed(other)).toEqual([]);
    expect(listed(new Tasks(seals, { server: "shop", grant: "one" }, true))).toHaveLength(4);
    // What is sealed is not sealed again.
    expect(one.seal(sealed)).toBe(sealed);
  });
});

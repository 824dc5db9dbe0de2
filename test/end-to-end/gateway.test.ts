import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { MCPP, serverFile } from "./lines.ts";
import { GatewayFolder, type ServedGateway, tokenLine } from "./served-gateway.ts";

// `mcpp serve --config` as a process, in front of a recording upstream over HTTP and of real servers over stdio.

let upstream: RecordingHttp;
let folder: GatewayFolder;

beforeAll(async () => {
  upstream = await startRecordingHttp();
});
afterAll(() => upstream.close());
beforeEach(() => {
  folder = new GatewayFolder();
  folder.write(
    "reader.mcpp",
    "server items\n\nallow get_item limit 2/hour per grant\nhide delete_item\n",
  );
  folder.write(
    "writer.mcpp",
    'server items\n\nallow get_item, put_item limit each 3/hour per grant\ndeny delete_item because "Never."\n',
  );
  folder.write("memory.mcpp", "server memory\n\nallow read_graph\n");
});
afterEach(async () => {
  await folder.remove();
  upstream.clear();
  upstream.play();
});

interface Entry {
  readonly servers: Readonly<Record<string, string>>;
  readonly more?: string;
}

function config(grants: Readonly<Record<string, Entry>>, more = ""): string {
  const entries = Object.entries(grants).map(
    ([name, { servers, more: rest = "" }]) =>
      `  - { id: id_of_${name}, name: ${name}, token: "${tokenLine(name)}", servers: ${JSON.stringify(servers)}${rest} }\n`,
  );
  return `listen: 127.0.0.1:0
state: memory
servers:
  items: { url: "${upstream.url}", headers: { X-Upstream: "\${UPSTREAM_SECRET}" } }
  memory: { command: [node, ${JSON.stringify(serverFile("memory"))}], env: { MEMORY_FILE_PATH: ${JSON.stringify(folder.file("memory.json"))} } }
${more}grants:
${entries.join("")}`;
}

const TWO = {
  reader: { servers: { items: "./reader.mcpp" } },
  writer: { servers: { items: "./writer.mcpp", memory: "./memory.mcpp" } },
};

const serve = (): Promise<ServedGateway> => folder.serve({ UPSTREAM_SECRET: "upstream-secret" });
const namesOf = (tools: readonly { readonly name: string }[] = []) => tools.map(({ name }) => name);
const LIST = { jsonrpc: "2.0", id: 7, method: "tools/list" };

describe("two grants on one server", () => {
  it("see different lists, get different decisions, and count apart", async () => {
    folder.write("mcpp.yaml", config(TWO));
    const gateway = await serve();
    const reader = { "mcp-session-id": await gateway.begin("reader", "items") };
    const writer = { "mcp-session-id": await gateway.begin("writer", "items") };
    const seen = async (grant: string, headers: Record<string, string>) =>
      namesOf((await gateway.ask(grant, "items", LIST, headers)).result?.tools);
    expect(await seen("reader", reader)).toEqual(["get_item", "put_item"]);
    expect(await seen("writer", writer)).toEqual(["get_item", "put_item", "delete_item"]);

    const call = async (grant: string, headers: Record<string, string>, tool: string) => {
      const answer = await gateway.ask(grant, "items", toolCall(1, tool), headers);
      return answer.error?.message ?? answer.result?.content?.[0]?.text ?? "";
    };
    expect(await call("reader", reader, "put_item")).toContain("[POLICY DENIED]");
    expect(await call("writer", writer, "put_item")).not.toContain("DENIED");
    expect(await call("reader", reader, "delete_item")).toBe("Unknown tool: delete_item");
    expect(await call("writer", writer, "delete_item")).toContain("Never.");
    const counted = async (grant: string, headers: Record<string, string>) => {
      let allowed = 0;
      for (let index = 0; index < 5; index++) {
        if (!(await call(grant, headers, "get_item")).includes("DENIED")) allowed++;
      }
      return allowed;
    };
    expect(await counted("reader", reader)).toBe(2);
    expect(await counted("writer", writer)).toBe(3);
  });

  it("reach only their own servers, and what is not theirs gives nothing away", async () => {
    folder.write("mcpp.yaml", config(TWO));
    const gateway = await serve();
    expect((await gateway.ask("reader", "memory", LIST)).status).toBe(401);
    expect((await gateway.ask("nobody", "items", LIST)).status).toBe(401);
    expect((await gateway.ask("reader", "nothing", LIST)).status).toBe(404);
    expect((await gateway.ask("nobody", "nothing", LIST)).status).toBe(401);
    expect((await gateway.ask("reader", "items?x", LIST)).status).toBe(404);
    expect((await gateway.ask("reader", "items/", LIST)).status).toBe(404);
    expect(upstream.requests).toEqual([]);
    const session = await gateway.begin("reader", "items");
    upstream.clear();
    expect((await gateway.ask("writer", "items", LIST, { "mcp-session-id": session })).status).toBe(
      404,
    );
    expect(upstream.requests).toEqual([]);
  });

  it("keep their tokens from the server, and every secret out of the log", async () => {
    folder.write("mcpp.yaml", config(TWO));
    const gateway = await serve();
    const session = await gateway.begin("reader", "items");
    await gateway.ask("reader", "items", toolCall(1, "put_item"), { "mcp-session-id": session });
    await gateway.ask("reader", "items", "nonsense", { "mcp-session-id": session });
    await gateway.ask("nobody", "items", LIST);
    upstream.play({ when: { method: "tools/list" }, does: { kind: "status", status: 401 } });
    await gateway.ask("reader", "items", LIST, { "mcp-session-id": session });
    const everything = JSON.stringify(upstream.requests);
    expect(everything).toContain("upstream-secret");
    expect(everything).not.toMatch(/token-of|authorization/i);
    await gateway.stop();
    expect(gateway.stderr).not.toMatch(/upstream-secret|token-of/);
  });
});

describe("a grant that ends", () => {
  it("is refused, and what it has open is over within a second, when it is revoked", async () => {
    folder.write("mcpp.yaml", config(TWO));
    const gateway = await serve();
    const [reader, writer] = [
      await gateway.begin("reader", "items"),
      await gateway.begin("writer", "memory"),
    ];
    const kept = await gateway.begin("reader", "items");
    const streams = [
      await gateway.listen("reader", "items", reader),
      await gateway.listen("writer", "memory", writer),
    ];
    upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
    const running = gateway
      .ask("writer", "items", toolCall(1, "get_item"), {
        "mcp-session-id": await gateway.begin("writer", "items"),
      })
      .then(
        () => "answered",
        () => "broken off",
      );
    await expect.poll(() => upstream.messages().at(-1)?.method).toBe("tools/call");
    const revoked = spawnSync(process.execPath, [
      MCPP,
      "grant",
      "revoke",
      "writer",
      "--config",
      folder.file("mcpp.yaml"),
    ]);
    expect(revoked.status).toBe(0);
    await streams[1]?.ended;
    expect(await running).toBe("broken off");
    expect((await gateway.ask("writer", "memory", LIST)).status).toBe(401);
    // Whoever was not revoked goes on.
    const answer = await gateway.ask("reader", "items", LIST, { "mcp-session-id": kept });
    expect(answer.status).toBe(200);
    expect(streams[0]?.over).toBe(false);
  });

  it("leaves no call held for a person", async () => {
    folder.write("asking.mcpp", "server items\n\nask put_item\n");
    const approver = "approver-token-of-somebody-who-decides";
    const digest = createHash("sha256").update(approver).digest("hex");
    const approvals = `approvals: { hold: 20s, approvers: [{ name: oncall, token: "sha256:${digest}" }] }\n`;
    const asking = { asking: { servers: { items: "./asking.mcpp" } } };
    folder.write(
      "mcpp.yaml",
      config({ ...TWO, ...asking }, approvals).replace("state: memory", "state: sqlite:./state.db"),
    );
    const gateway = await serve();
    const headers = { "mcp-session-id": await gateway.begin("asking", "items") };
    const held = gateway.ask("asking", "items", toolCall(1, "put_item"), headers).then(
      () => "answered",
      () => "broken off",
    );
    const mcpp = (...args: string[]) =>
      spawnSync(process.execPath, [MCPP, ...args, "--config", folder.file("mcpp.yaml")], {
        encoding: "utf8",
        env: { ...process.env, UPSTREAM_SECRET: "x", MCPP_APPROVER_TOKEN: approver },
      });
    const waiting = (): { readonly id: string }[] =>
      JSON.parse(mcpp("approvals", "list", "--format", "json").stdout).approvals;
    await expect.poll(() => waiting().length).toBe(1);
    const [{ id } = { id: "" }] = waiting();
    expect(mcpp("grant", "revoke", "asking").status).toBe(0);
    expect(await held).toBe("broken off");
    // Whoever decides now decides on nothing that could still run.
    mcpp("approvals", "approve", id);
    const writer = { "mcp-session-id": await gateway.begin("writer", "items") };
    await gateway.ask("writer", "items", toolCall(2, "get_item"), writer);
    expect(JSON.stringify(upstream.messages())).not.toContain('"put_item"');
  });

  it("is refused after its last day", async () => {
    folder.write(
      "mcpp.yaml",
      config({ reader: { servers: { items: "./reader.mcpp" }, more: ", expires: 2020-01-31" } }),
    );
    const gateway = await serve();
    expect((await gateway.ask("reader", "items", LIST)).status).toBe(401);
  });
});

describe("a guard", () => {
  it("denies what a team's policy allows, and counts over all grants", async () => {
    folder.write(
      "org.mcpp",
      'server org\n\ndefault allow\ndeny put_* because "Nobody writes."\nhide delete_item\nlimit all 4/hour per server\n',
    );
    folder.write("open.mcpp", "server items\n\ndefault allow\n");
    folder.write(
      "mcpp.yaml",
      config(
        {
          one: { servers: { items: "./open.mcpp" } },
          two: { servers: { items: "./open.mcpp" } },
          shadow: { servers: { items: "./reader.mcpp" }, more: ", mode: shadow" },
        },
        "guard: ./org.mcpp\n",
      ),
    );
    const gateway = await serve();
    const sessions = new Map<string, string>();
    for (const grant of ["one", "two", "shadow"]) {
      sessions.set(grant, await gateway.begin(grant, "items"));
    }
    const call = async (grant: string, tool: string) => {
      const answer = await gateway.ask(grant, "items", toolCall(1, tool), {
        "mcp-session-id": sessions.get(grant),
      });
      return answer.error?.message ?? answer.result?.content?.[0]?.text ?? "";
    };
    expect(await call("one", "put_item")).toContain("Nobody writes.");
    expect(await call("one", "delete_item")).toBe("Unknown tool: delete_item");
    // A grant that is only looked on is under the guard all the same.
    expect(await call("shadow", "put_item")).toContain("Nobody writes.");
    const allowed: string[] = [];
    for (const grant of ["one", "two", "shadow", "one", "two", "one"]) {
      if (!(await call(grant, "get_item")).includes("DENIED")) allowed.push(grant);
    }
    expect(allowed).toEqual(["one", "two", "shadow", "one"]);
    const list = await gateway.ask("two", "items", LIST, {
      "mcp-session-id": sessions.get("two"),
    });
    expect(namesOf(list.result?.tools)).toEqual(["get_item", "put_item"]);
  });
});

it("a gateway for other machines says so when it would answer to no name", async () => {
  const open = config(TWO)
    .replace("127.0.0.1:0", "0.0.0.0:0")
    .replace("state:", `key: \${MCPP_KEY}\nstate:`);
  const start = (text: string) => {
    folder.write("mcpp.yaml", text);
    const key = randomBytes(32).toString("base64");
    return folder.serve({ UPSTREAM_SECRET: "upstream-secret", MCPP_KEY: key });
  };
  const unnamed = await start(open);
  await expect.poll(() => unnamed.stderr).toContain("`hosts` names none");
  expect((await unnamed.get("/healthz", "mcpp.internal")).status).toBe(403);
  const named = await start(`hosts: [mcpp.internal]\n${open}`);
  expect((await named.get("/healthz", "mcpp.internal:8420")).status).toBe(200);
  await named.stop();
  expect(named.stderr).not.toContain("names none");
});

describe("a gateway that must not start", () => {
  const start = (env: NodeJS.ProcessEnv = { UPSTREAM_SECRET: "x" }) =>
    spawnSync(process.execPath, [MCPP, "serve", "--config", folder.file("mcpp.yaml")], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, ...env },
    });

  it.each<[string, () => void, RegExp]>([
    [
      "a variable that is not set",
      () => {},
      /MCPP807 .*mcpp\.yaml:4:.*\n[\s\S]*`UPSTREAM_SECRET` is not set/,
    ],
    [
      "a policy with errors",
      () => folder.write("reader.mcpp", "allow\n"),
      /MCPP1\d\d .*reader\.mcpp:1/,
    ],
    [
      "a policy that all can write",
      () => chmodSync(folder.file("reader.mcpp"), 0o666),
      /reader\.mcpp` can be written by every user/,
    ],
    [
      "a configuration that all can write",
      () => chmodSync(folder.file("mcpp.yaml"), 0o666),
      /mcpp\.yaml` can be written by every user/,
    ],
    [
      "secrets that all can read",
      () => {
        folder.write("mcpp.yaml", config(TWO).replace(/X-Upstream: "[^"]*"/, "X-Token: literal"));
        chmodSync(folder.file("mcpp.yaml"), 0o644);
      },
      /holds secrets and can be read by every user/,
    ],
    [
      "an address for all without a key",
      () => folder.write("mcpp.yaml", config(TWO).replace("127.0.0.1:0", "0.0.0.0:0")),
      /needs `key`/,
    ],
  ])("%s", (what, prepare, message) => {
    folder.write("mcpp.yaml", config(TWO));
    prepare();
    const { status, stdout, stderr } = start(what.includes("variable") ? {} : undefined);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/literal|at .*\.js/);
  });
});

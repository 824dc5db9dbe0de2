import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { toolCall } from "../runtime/proxy/http/proxy.ts";
import { hasRedis, RedisServer } from "../runtime/state/redis-server.ts";
import { LineProcess, MCPP } from "./lines.ts";
import { type AnyClient, connect } from "./mcp-clients.ts";
import { mcpp } from "./mcpp.ts";
import { GatewayFolder, type ServedGateway, tokenLine, tokenOf } from "./served-gateway.ts";

// Calls that wait for a person, with real clients, the built command line and real stores.

interface Row {
  readonly id: string;
  readonly state: string;
  readonly arguments: unknown;
}

const ASKING = 'server items\n\nallow get_item\nask put_item by "leads" within 10m\n';

let folder: GatewayFolder;
beforeEach(() => {
  folder = new GatewayFolder();
});
afterEach(() => folder.remove());

/** The questions that wait in a state, once there are as many. */
async function waiting(where: readonly string[], count = 1): Promise<readonly Row[]> {
  let rows: readonly Row[] = [];
  await expect
    .poll(async () => {
      const { stdout } = await mcpp(["approvals", "list", "--format", "json", ...where]);
      rows = stdout === "" ? [] : (JSON.parse(stdout) as { approvals: Row[] }).approvals;
      return rows.length;
    })
    .toBe(count);
  return rows;
}

describe("mcpp serve POLICY over stdio", () => {
  let upstream: RecordingStdio;
  let clients: AnyClient[];
  let where: readonly string[];
  beforeEach(async () => {
    upstream = await prepareRecordingStdio();
    clients = [];
    folder.write("p.mcpp", ASKING);
    where = ["--state", `sqlite:${folder.file("state.db")}`];
  });
  afterEach(async () => {
    for (const client of clients) await client.close();
    upstream.dispose();
  });

  const args = (...more: string[]): string[] => [
    MCPP,
    "serve",
    folder.file("p.mcpp"),
    ...where,
    ...more,
    "--",
    upstream.command,
    ...upstream.args,
  ];
  const client = async (...more: string[]): Promise<AnyClient> => {
    const made = await connect("SDK 1", { command: process.execPath, args: args(...more) });
    clients.push(made);
    return made;
  };
  const calls = (): number =>
    upstream.messages().filter(({ method, params }) => {
      return method === "tools/call" && (params as { name?: string }).name === "put_item";
    }).length;

  it("a call is held, approved from the command line, and passes; others do not wait", async () => {
    const sdk = await client();
    const held = sdk.call("put_item", { amount: 5 });
    const [row] = await waiting(where);
    expect(row).toMatchObject({ state: "pending", arguments: { amount: 5 } });
    expect(await sdk.call("get_item", {})).not.toContain("DENIED");
    expect(calls()).toBe(0);
    const approved = await mcpp(["approvals", "approve", row?.id.toLowerCase() ?? "", ...where]);
    expect(approved).toMatchObject({ code: 0, stderr: "" });
    expect(await held).not.toMatch(/DENIED|PENDING/);
    expect(calls()).toBe(1);
    const shown = await mcpp(["approvals", "show", row?.id ?? "", ...where]);
    expect(shown.stdout).toContain("approved, the call was made");
  });

  it("a call to a server over HTTP is held and passes, too", async () => {
    const remote = await startRecordingHttp();
    const bridge = [MCPP, "serve", folder.file("p.mcpp"), ...where, "--url", remote.url];
    const sdk = await connect("SDK 1", { command: process.execPath, args: bridge });
    const held = sdk.call("put_item", { amount: 5 });
    const [row] = await waiting(where);
    expect(await sdk.call("get_item", {})).not.toContain("DENIED");
    await mcpp(["approvals", "approve", row?.id ?? "", ...where]);
    expect(await held).not.toMatch(/DENIED|PENDING/);
    await sdk.close();
    await remote.close();
  });

  it("a refusal's reason is read by the model, and who decides second is told who was first", async () => {
    const sdk = await client();
    const held = sdk.call("put_item", { amount: 5 });
    const [row] = await waiting(where);
    const id = row?.id ?? "";
    const both = await Promise.all([
      mcpp(["approvals", "deny", id, "--reason", "Too much.", ...where]),
      mcpp(["approvals", "deny", id, "--reason", "Too much.", ...where]),
    ]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(both.find(({ code }) => code === 1)?.stderr).toMatch(
      new RegExp(`^mcpp: ${id} was denied already by \\S+ at .* UTC: Too much\\.\\.?\n$`),
    );
    expect(await held).toMatch(/^\[POLICY DENIED\] \S+ has refused this call: Too much\. /);
    expect(calls()).toBe(0);
  });

  it("what was answered as pending passes at another proxy on the state, once, and not if changed", async () => {
    const sdk = await client("--hold", "0");
    const text = await sdk.call("put_item", { amount: 5 });
    const id = /^\[APPROVAL PENDING\] .*retry when approved \(([0-9A-Z]{5})\)$/.exec(text)?.[1];
    await sdk.close();
    expect(await mcpp(["approvals", "approve", id ?? "", ...where])).toMatchObject({ code: 0 });
    const again = await client("--hold", "0");
    const other = await client("--hold", "0", "--as", "other");
    expect(await again.call("put_item", { amount: 6 })).toContain("PENDING");
    expect(await other.call("put_item", { amount: 5 })).toContain("PENDING");
    expect(calls()).toBe(0);
    expect(await again.call("put_item", { amount: 5 })).not.toMatch(/DENIED|PENDING/);
    expect(await again.call("put_item", { amount: 5 })).toContain("PENDING");
    expect(calls()).toBe(1);
  });

  it("a call does not run whose client has cancelled or is gone", async () => {
    const sdk = await client();
    const end = new AbortController();
    const cancelled = sdk.call("put_item", { amount: 1 }, { signal: end.signal });
    const [first] = await waiting(where);
    end.abort();
    await expect(cancelled).rejects.toThrow();
    const proxy = new LineProcess(process.execPath, args());
    await proxy.initialize();
    proxy.send(toolCall(1, "put_item", { amount: 2 }));
    const rows = await waiting(where, 2);
    proxy.process.stdin.end();
    const { result } = await proxy.answer(1);
    expect(result?.content?.[0]?.text).toContain("[APPROVAL PENDING]");
    await proxy.exited;
    for (const { id } of rows) await mcpp(["approvals", "approve", id, ...where]);
    expect(await sdk.call("get_item", {})).not.toContain("DENIED");
    expect(calls()).toBe(0);
    expect(first?.state).toBe("pending");
  });

  it("says at its start who decides, and is silent where nobody is asked", async () => {
    const started = async (...more: string[]): Promise<string> => {
      const proxy = new LineProcess(process.execPath, [
        ...args().slice(0, 3),
        ...more,
        ...args().slice(args().indexOf("--")),
      ]);
      await proxy.initialize();
      await proxy.close();
      return proxy.stderr;
    };
    expect(await started(...where)).toContain(
      "an agent that can run commands as this user can approve its own calls",
    );
    expect(await started("--state", "memory")).toContain("where nobody can approve them");
    folder.write("p.mcpp", "server items\n\nallow get_item\n");
    expect(await started(...where)).not.toContain("need an approval");
  });

  it("shows hostile arguments harmlessly", async () => {
    const sdk = await client("--hold", "0");
    const hostile = "\u001b[2J\u202egpj.exe <script>\u0430dmin\u0000";
    await sdk.call("put_item", { note: hostile, big: "x".repeat(1_000_000) });
    const [row] = await waiting(where);
    for (const more of [[], ["--format", "json"]]) {
      const { stdout } = await mcpp(["approvals", "show", row?.id ?? "", ...where, ...more]);
      expect(stdout).toContain('"\\u001b[2J\\u202egpj.exe <script>\\u0430dmin\\u0000"');
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
      expect(stdout.length).toBeGreaterThan(1_000_000);
    }
  });

  it("a freeze stops calls of every proxy on the state, and ends", async () => {
    const sdk = await client();
    const shadow = await client("--shadow");
    const held = sdk.call("put_item", { amount: 5 });
    await waiting(where);
    const frozen = await mcpp(["freeze", "--for", "1h", "--because", "An incident", ...where]);
    expect(frozen).toMatchObject({ code: 0, stderr: "" });
    expect(frozen.stdout).toMatch(/^Frozen until .* UTC: all calls\.\n$/);
    expect(await held).toMatch(/^\[POLICY DENIED\] Calls are stopped until .*: An incident\. \(/);
    await expect.poll(() => sdk.call("get_item", {})).toContain("An incident");
    await expect.poll(() => shadow.call("get_item", {})).toContain("An incident");
    expect(await mcpp(["unfreeze", "--tool", "get_item", ...where])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("all calls: An incident"),
    });
    expect(await mcpp(["unfreeze", ...where])).toMatchObject({ code: 0 });
    await expect.poll(() => sdk.call("get_item", {})).not.toContain("An incident");
  });

  it("a freeze in the user's state stops a proxy that keeps no state of its own", async () => {
    folder.write("p.mcpp", "server items\n\nallow get_item\n");
    const env = { XDG_STATE_HOME: folder.file("xdg") };
    const plain = new LineProcess(
      process.execPath,
      args().filter((arg) => !where.includes(arg)),
      { ...process.env, ...env },
    );
    await plain.initialize();
    const text = async (id: number): Promise<string> =>
      (await plain.call(id, "get_item", {})).result?.content?.[0]?.text ?? "";
    expect(await text(1)).not.toContain("DENIED");
    const given = ["--tool", "get_item", "--for", "1h", "--because", "Wait."];
    expect(await mcpp(["freeze", ...given], env)).toMatchObject({ code: 0 });
    let id = 1;
    await expect.poll(() => text(++id)).toContain("Wait.");
    await plain.close();
  });

  it.each([
    [["approvals", "approve"], "Say which"],
    [["approvals", "approve", "ZZZZZ"], "There is no approval `ZZZZZ`"],
    [["approvals", "show", "ZZZZZ", "--format", "xml"], "the formats are"],
    [["approvals", "list", "--reason", "x"], "`--reason` goes with"],
    [["approvals", "list", "--state", "memory"], "cannot be reached"],
    [["freeze", "--because", "x"], "Say for how long"],
    [["freeze", "--for", "1h"], "Say why"],
    [["freeze", "--for", "1h", "--because", "x", "--tool", ""], "needs a name"],
    [["serve", "p.mcpp", "--hold", "soon", "--", "x"], "`--hold soon`"],
  ])("%j is refused with a sentence", async (line, sentence) => {
    const { code, stdout, stderr } = await mcpp(line, { XDG_STATE_HOME: folder.file("none") });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
  });
});

describe("a gateway", () => {
  let remote: RecordingHttp;
  let local: RecordingStdio;
  beforeAll(async () => {
    remote = await startRecordingHttp();
    local = await prepareRecordingStdio();
  });
  afterAll(async () => {
    await remote.close();
    local.dispose();
  });
  beforeEach(() => {
    remote.clear();
    local.clear();
    folder.write("p.mcpp", ASKING.replace("server items\n", ""));
  });

  const config = (state: string, approvals = ""): string =>
    [
      "listen: 127.0.0.1:0",
      `state: ${state}`,
      "approvals:",
      approvals,
      "  approvers:",
      `    - { name: ann, token: "${tokenLine("ann")}", groups: [leads] }`,
      `    - { name: bob, token: "${tokenLine("bob")}", groups: [leads, others] }`,
      `    - { name: eve, token: "${tokenLine("eve")}", groups: [others] }`,
      "servers:",
      `  remote: { url: "${remote.url}" }`,
      `  local: ${JSON.stringify({ command: [local.command, ...local.args] })}`,
      "grants:",
      ...["a", "b"].map(
        (name) =>
          `  - { name: ${name}, token: "${tokenLine(name)}", servers: { remote: ./p.mcpp, local: ./p.mcpp } }`,
      ),
      "",
    ].join("\n");
  const where = (): string[] => ["--config", folder.file("mcpp.yaml")];
  const decide = (who: string | undefined, ...line: string[]) =>
    mcpp(
      ["approvals", ...line, ...where()],
      who === undefined ? {} : { MCPP_APPROVER_TOKEN: tokenOf(who) },
    );
  const url = (gateway: ServedGateway, server: string): string =>
    `http://127.0.0.1:${gateway.port}/mcp/${server}`;

  it.each([
    ["SDK 1", "remote"],
    ["SDK 1", "local"],
    ["SDK 2, auto", "remote"],
    ["SDK 2, auto", "local"],
  ] as const)(
    "holds a call of %s to the %s server, with progress, until it is approved",
    async (kind, server) => {
      folder.write("mcpp.yaml", config("sqlite:state.db"));
      const gateway = await folder.serve();
      const sdk = await connect(kind, { url: url(gateway, server), token: tokenOf("a") });
      let progress = 0;
      const onprogress = (): void => {
        progress++;
      };
      const held = sdk.call("put_item", { amount: 5 }, { onprogress });
      const silent = sdk.call("put_item", { amount: 6 });
      const rows = await waiting(where(), 2);
      const idOf = (amount: number): string =>
        rows.find((row) => (row.arguments as { amount: number }).amount === amount)?.id ?? "";
      expect(await sdk.call("get_item", {})).not.toContain("DENIED");
      expect(await decide("ann", "approve", idOf(5))).toMatchObject({ code: 0 });
      expect(await held).not.toMatch(/DENIED|PENDING/);
      expect(progress).toBeGreaterThan(0);
      expect(await decide("bob", "deny", idOf(6), "--reason", "No.")).toMatchObject({ code: 0 });
      expect(await silent).toContain("bob has refused this call: No.");
      await sdk.close();
      const messages = server === "remote" ? remote.messages() : local.messages();
      const put = messages.filter(
        ({ method, params }) =>
          method === "tools/call" && (params as { name?: string }).name === "put_item",
      );
      expect(put).toHaveLength(1);
    },
  );

  it("lets nobody decide but approvers, and each for its groups", async () => {
    folder.write("mcpp.yaml", config("sqlite:state.db", "  hold: 0"));
    const gateway = await folder.serve();
    const text = await gateway.ask("a", "remote", toolCall(1, "put_item", { amount: 5 }), {
      "mcp-session-id": await gateway.begin("a", "remote"),
    });
    expect(text.result?.content?.[0]?.text).toContain("[APPROVAL PENDING]");
    const [row] = await waiting(where());
    const id = row?.id ?? "";
    const direct = ["--state", `sqlite:${folder.file("state.db")}`];
    for (const [result, sentence] of [
      [await decide(undefined, "approve", id), "Say who you are"],
      [await decide("a", "approve", id), "that of no approver"],
      [await decide("eve", "approve", id), "`eve` is in none of these groups"],
      [await mcpp(["approvals", "approve", id, ...direct]), "is a gateway's"],
    ] as const) {
      expect(result).toMatchObject({ code: 2, stdout: "" });
      expect(result.stderr).toContain(sentence);
    }
    const [ann, bob] = await Promise.all([
      decide("ann", "approve", id),
      decide("bob", "deny", id, "--reason", "No."),
    ]);
    expect([ann.code, bob.code].sort()).toEqual([0, 1]);
    const second = ann.code === 1 ? ann : bob;
    expect(second.stderr).toContain(
      ann.code === 1 ? "denied already by bob" : "approved already by ann",
    );
  });

  it("does not run a call whose client is gone", async () => {
    folder.write("mcpp.yaml", config("sqlite:state.db"));
    const gateway = await folder.serve();
    for (const server of ["remote", "local"]) {
      const sdk = await connect("SDK 2, auto", { url: url(gateway, server), token: tokenOf("b") });
      const end = new AbortController();
      const held = sdk.call("put_item", { amount: 7 }, { signal: end.signal }).catch(() => "gone");
      const [row] = await waiting(where());
      end.abort();
      expect(await held).toBe("gone");
      await sdk.call("get_item", {});
      await decide("ann", "approve", row?.id ?? "");
      // The approval is still there for a call that somebody waits for, and it is one.
      expect(await sdk.call("put_item", { amount: 7 })).not.toMatch(/DENIED|PENDING/);
      await sdk.close();
      const messages = server === "remote" ? remote.messages() : local.messages();
      const put = messages.filter(
        ({ params }) => (params as { name?: string })?.name === "put_item",
      );
      expect(put).toHaveLength(1);
    }
  });

  it.each(["remote", "local"])(
    "does not run a call of a session with the %s server whose connection broke",
    async (server) => {
      folder.write("mcpp.yaml", config("sqlite:state.db"));
      const gateway = await folder.serve();
      const session = await gateway.begin("b", server);
      const end = new AbortController();
      const call = fetch(url(gateway, server), {
        method: "POST",
        body: JSON.stringify(toolCall(1, "put_item", { amount: 11 })),
        signal: end.signal,
        headers: {
          authorization: `Bearer ${tokenOf("b")}`,
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "mcp-protocol-version": "2025-11-25",
          "mcp-session-id": session,
        },
      })
        .then((response) => response.text())
        .catch(() => "gone");
      const [row] = await waiting(where());
      end.abort();
      expect(await call).toBe("gone");
      // Another request on the session shows that the first connection's end has arrived.
      const headers = { "mcp-session-id": session };
      await gateway.ask("b", server, toolCall(2, "get_item"), headers);
      await decide("ann", "approve", row?.id ?? "");
      const retried = await gateway.ask(
        "b",
        server,
        toolCall(3, "put_item", { amount: 11 }),
        headers,
      );
      expect(retried.result?.content?.[0]?.text).not.toMatch(/DENIED|PENDING/);
      const messages = server === "remote" ? remote.messages() : local.messages();
      const put = messages.filter(
        ({ params }) => (params as { name?: string })?.name === "put_item",
      );
      expect(put.map(({ id }) => id)).toEqual([3]);
    },
  );

  it("refuses names that it does not have to be frozen, and takes those that it has", async () => {
    folder.write("mcpp.yaml", config("sqlite:state.db"));
    const gateway = await folder.serve();
    const freeze = (...scope: string[]) =>
      mcpp(["freeze", ...scope, "--for", "1h", "--because", "Stop.", ...where()]);
    expect((await freeze("--server", "remot")).stderr).toContain("Did you mean `remote`?");
    expect(await freeze("--server", "remote", "--grant", "a")).toMatchObject({ code: 0 });
    const call = async (grant: string): Promise<string | undefined> => {
      const session = { "mcp-session-id": await gateway.begin(grant, "remote") };
      const answer = await gateway.ask(grant, "remote", toolCall(1, "get_item"), session);
      return answer.result?.content?.[0]?.text;
    };
    await expect.poll(() => call("a")).toContain("Stop.");
    expect(await call("b")).not.toContain("Stop.");
  });

  it("tells its webhook of a question, signed", async () => {
    const told: { body: string; headers: IncomingHttpHeaders }[] = [];
    const hook = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      told.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const { port } = hook.address() as AddressInfo;
    const root = randomBytes(32);
    folder.write(
      "mcpp.yaml",
      `key: \${ROOT}\n${config("sqlite:state.db", `  hold: 0\n  webhook: http://127.0.0.1:${port}/`)}`,
    );
    const gateway = await folder.serve({ ROOT: root.toString("hex") });
    const session = { "mcp-session-id": await gateway.begin("a", "remote") };
    await gateway.ask("a", "remote", toolCall(1, "put_item", { card: "4111" }), session);
    await gateway.ask("a", "remote", toolCall(2, "put_item", { card: "4111" }), session);
    await expect.poll(() => told.length).toBe(1);
    const [{ body, headers } = { body: "", headers: {} as IncomingHttpHeaders }] = told;
    const key = Buffer.from(hkdfSync("sha256", root, "", "mcpp webhook", 32));
    const mac = createHmac("sha256", key).update(`${headers["mcpp-timestamp"]}.${body}`);
    expect(headers["mcpp-signature"]).toBe(`v1=${mac.digest("hex")}`);
    expect(JSON.parse(body)).toMatchObject({ tool: "put_item", grant: "a", approvers: ["leads"] });
    expect(body).not.toContain("4111");
    hook.closeAllConnections();
    hook.close();
  });

  it("without approvers denies what needs an approval, and says so", async () => {
    folder.write(
      "mcpp.yaml",
      config("sqlite:state.db").replace(/approvals:[\s\S]*?(?=servers:)/, ""),
    );
    const gateway = await folder.serve();
    const session = { "mcp-session-id": await gateway.begin("a", "remote") };
    const { result } = await gateway.ask("a", "remote", toolCall(1, "put_item"), session);
    expect(result?.content?.[0]?.text).toContain("No way to ask for this approval is set up");
  });

  it.skipIf(!hasRedis)(
    "of two replicas on one Redis asks once, and one of the calls runs",
    async () => {
      const redis = await RedisServer.start();
      try {
        folder.write("mcpp.yaml", config(redis.address));
        const replicas = await Promise.all([folder.serve(), folder.serve()]);
        const clients = await Promise.all(
          replicas.map((one) =>
            connect("SDK 2, auto", { url: url(one, "remote"), token: tokenOf("a") }),
          ),
        );
        const held = clients.map((one) => one.call("put_item", { amount: 8 }));
        const [row] = await waiting(where());
        await expect.poll(() => remote.messages().length).toBeGreaterThan(1);
        expect(await decide("ann", "approve", row?.id ?? "")).toMatchObject({ code: 0 });
        const texts = await Promise.all(held);
        const refused = texts.filter((text) => /DENIED|PENDING/.test(text));
        expect(refused).toHaveLength(1);
        // What is asked of one and approved passes at the other, after a restart too.
        const end = new AbortController();
        const again = clients[0]?.call("put_item", { amount: 9 }, { signal: end.signal });
        const [next] = (await waiting(where())).filter(
          ({ arguments: given }) => (given as { amount: number }).amount === 9,
        );
        end.abort();
        await again?.catch(() => {});
        await replicas[0]?.stop();
        expect(await decide("bob", "approve", next?.id ?? "")).toMatchObject({ code: 0 });
        expect(await clients[1]?.call("put_item", { amount: 9 })).not.toMatch(/DENIED|PENDING/);
        const put = remote
          .messages()
          .filter(({ params }) => (params as { name?: string })?.name === "put_item");
        expect(put).toHaveLength(2);
        await clients[1]?.close();
        await clients[0]?.close().catch(() => {});
      } finally {
        await redis.stop();
      }
    },
  );
});

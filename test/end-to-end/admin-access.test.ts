import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordingHttp, startRecordingHttp } from "../fixtures/recording-upstream/http.ts";
import {
  prepareRecordingStdio,
  type RecordingStdio,
} from "../fixtures/recording-upstream/stdio.ts";
import { type HttpAnswer, send, toolCall } from "../runtime/proxy/http/proxy.ts";
import { linkOf, writeAdminConfig } from "./admin-gateway.ts";
import { LineProcess, MCPP } from "./lines.ts";
import { mcpp } from "./mcpp.ts";
import { GatewayFolder, type ServedGateway, tokenLine, tokenOf } from "./served-gateway.ts";

// Who gets what at the admin address of the built command line, without a browser.

let remote: RecordingHttp;
let folder: GatewayFolder;
beforeAll(async () => {
  remote = await startRecordingHttp();
});
afterAll(() => remote.close());
beforeEach(() => {
  folder = new GatewayFolder();
  remote.clear();
});
afterEach(() => folder.remove());

/** What is asked of the admin address that a process has printed. */
class Asker {
  readonly origin: string;
  readonly #port: number;

  constructor(process: { readonly stderr: string }) {
    const { origin, port } = new URL(linkOf(process));
    this.origin = origin;
    this.#port = Number(port);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return send(this.#port, { method: "GET", path, headers });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    const text = JSON.stringify(body);
    return send(this.#port, { path, body: text, headers: { origin: this.origin, ...headers } });
  }

  /** What proves the session of the link, or of an approver's token. */
  async enter(secret: { link: string } | { token: string }): Promise<Record<string, string>> {
    const answer = await this.post("link" in secret ? "/api/enter" : "/api/sign-in", secret);
    expect(answer.status).toBe(200);
    const cookie = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    return { cookie, "mcpp-page": (JSON.parse(answer.body) as { token: string }).token };
  }
}

const secretOf = (process: { readonly stderr: string }): string =>
  new URL(linkOf(process)).hash.slice("#link=".length);

interface Waits {
  readonly waiting: readonly { readonly id: string; readonly whyNot?: string }[];
}

async function waits(asker: Asker, proof: Record<string, string>): Promise<Waits["waiting"]> {
  let waiting: Waits["waiting"] = [];
  await expect
    .poll(async () => {
      ({ waiting } = JSON.parse((await asker.get("/api/questions", proof)).body) as Waits);
      return waiting.length;
    })
    .toBe(1);
  return waiting;
}

describe("a gateway", () => {
  let gateway: ServedGateway;
  let asker: Asker;
  const start = async (given: Parameters<typeof writeAdminConfig>[2] = {}): Promise<void> => {
    writeAdminConfig(folder, remote, { approvals: "  hold: 0", ...given });
    gateway = await folder.serve();
    asker = new Asker(gateway);
  };
  /** A call that waits: its id, and the digest that is decided on. */
  const pending = async (proof: Record<string, string>) => {
    const session = await gateway.begin("a", "items");
    const asked = await gateway.ask("a", "items", toolCall(1, "put_item", { id: "x" }), {
      "mcp-session-id": session,
    });
    expect(asked.result?.content?.[0]?.text).toContain("[APPROVAL PENDING]");
    const [{ id } = { id: "" }] = await waits(asker, proof);
    const whole = await asker.get(`/api/question?id=${id}`, proof);
    return { id, digest: (JSON.parse(whole.body) as { digest: string }).digest, session };
  };

  it("gives nothing to the client that made the call, whatever it has", async () => {
    await start();
    const ann = await asker.enter({ token: tokenOf("ann") });
    const { id, digest, session } = await pending(ann);
    const yes = { id, digest, approve: true };
    const bearer = { authorization: `Bearer ${tokenOf("a")}` };
    for (const headers of [
      {},
      bearer,
      { "mcp-session-id": session, ...bearer },
      { "mcpp-page": tokenOf("a"), cookie: `mcpp-admin=${tokenOf("a")}` },
      { "mcpp-page": tokenOf("ann"), authorization: `Bearer ${tokenOf("ann")}` },
    ]) {
      expect((await asker.post("/api/decide", yes, headers)).status).toBe(401);
      expect((await asker.get("/api/questions", headers)).status).toBe(401);
      expect((await asker.get("/metrics", headers)).status).toBe(401);
    }
    expect((await asker.post("/api/sign-in", { token: tokenOf("a") })).status).toBe(401);
    // Nor does the gateway's own port know of the page, or the page's of calls.
    const there = await gateway.get("/api/questions");
    expect([there.status, (await gateway.get("/")).status]).toEqual([401, 401]);
    const call = await asker.post("/mcp/items", toolCall(1, "get_item"), bearer);
    expect(call.status).toBe(401);
    expect(remote.messages().some(({ method }) => method === "tools/call")).toBe(false);
  });

  it("decides nothing for a foreign Origin, without the page's proof, by GET, or twice", async () => {
    await start();
    const ann = await asker.enter({ token: tokenOf("ann") });
    const { id, digest } = await pending(ann);
    const yes = { id, digest, approve: true };
    const { cookie = "", "mcpp-page": page = "" } = ann;
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await asker.post("/api/decide", yes, headers)).status;
    expect(await status({ ...ann, origin: "https://evil.example" })).toBe(403);
    expect(await status({ ...ann, origin: "http://127.0.0.1:1" })).toBe(403);
    expect(await status({ ...ann, host: "evil.example" })).toBe(403);
    expect(await status({ cookie })).toBe(401);
    expect(await status({ "mcpp-page": page })).toBe(401);
    expect(await status({ cookie, "mcpp-page": page.replace(/^./, "_") })).toBe(401);
    const query = new URLSearchParams({ ...yes, approve: "true" });
    expect((await asker.get(`/api/decide?${query}`, ann)).status).toBe(405);
    expect(await waits(asker, ann)).toHaveLength(1);
    expect(await status(ann)).toBe(200);
    expect(await status(ann)).toBe(409);
  });

  it("opens its link once, for looking only", async () => {
    await start();
    const link = secretOf(gateway);
    const operator = await asker.enter({ link });
    const { id, digest } = await pending(operator);
    const refused = await asker.post("/api/decide", { id, digest, approve: true }, operator);
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      403,
      { error: "You may look, and decide on nothing: sign in as an approver." },
    ]);
    const freeze = { minutes: 1, because: "x" };
    expect((await asker.post("/api/freeze", freeze, operator)).status).toBe(403);
    expect((await asker.post("/api/enter", { link })).status).toBe(401);
  });

  it.skipIf(process.platform === "win32")(
    "prints a new link when it is asked to, and the old one is worth nothing",
    async () => {
      await start();
      const old = secretOf(gateway);
      gateway.process.kill("SIGUSR2");
      await expect.poll(() => gateway.stderr.match(/#link=/g)?.length).toBe(2);
      expect((await asker.post("/api/enter", { link: old })).status).toBe(401);
      const link = /#link=(\S+)\s*$/.exec(gateway.stderr.trimEnd())?.[1] ?? "";
      await asker.enter({ link });
    },
  );

  it("ends the session of an approver who is taken out, and records who was turned away", async () => {
    await start();
    const bob = await asker.enter({ token: tokenOf("bob") });
    expect((await asker.get("/api/me", bob)).body).toContain('"name":"bob"');
    await asker.get("/api/me");
    writeAdminConfig(folder, remote, { approvals: "  hold: 0" });
    const text = readFileSync(folder.file("mcpp.yaml"), "utf8");
    folder.write("mcpp.yaml", text.replace(/.*name: bob.*\n/, ""));
    await expect.poll(async () => (await asker.get("/api/me", bob)).status).toBe(401);
    expect(await gateway.stop()).toBe(0);
    const { stdout } = await mcpp(["audit", "query", folder.file("audit")]);
    expect(stdout).toMatch(/"causes":\{[^}]*"admin: session":\d+/);
    expect(stdout + gateway.stderr).not.toContain(tokenOf("bob"));
  });

  it("tells its webhook where the question is shown, in a link that opens nothing by itself", async () => {
    const bodies: string[] = [];
    const hook = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      bodies.push(Buffer.concat(chunks).toString());
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const { port } = hook.address() as AddressInfo;
    await start({
      approvals: `  hold: 0\n  webhook: http://127.0.0.1:${port}/`,
      more: `key: "${Buffer.from([...Array(32).keys()]).toString("base64")}"\nadmin: { listen: "127.0.0.1:0", url: "https://mcpp.example.com", token: "${tokenLine("prometheus")}" }\n`,
    });
    expect(new URL(linkOf(gateway)).origin).toBe("https://mcpp.example.com");
    const session = await gateway.begin("a", "items");
    await gateway.ask("a", "items", toolCall(1, "put_item", { id: "x" }), {
      "mcp-session-id": session,
    });
    await expect.poll(() => bodies.length).toBe(1);
    const { id, page } = JSON.parse(bodies[0] ?? "") as { id: string; page: string };
    expect(page).toBe(`https://mcpp.example.com/#waiting/${id}`);
    hook.closeAllConnections();
    hook.close();
  });

  it("ends at once while pages look on", async () => {
    await start();
    const ann = await asker.enter({ token: tokenOf("ann") });
    const answers = await Promise.all([1, 2, 3].map(() => asker.get("/api/questions", ann)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await gateway.stop()).toBe(0);
  });
});

describe("mcpp serve POLICY --admin", () => {
  let upstream: RecordingStdio;
  beforeEach(async () => {
    upstream = await prepareRecordingStdio();
    folder.write("p.mcpp", "server items\n\nallow get_item\nask put_item within 10m\n");
  });
  afterEach(() => upstream.dispose());
  const serve = (...options: string[]): LineProcess =>
    new LineProcess(process.execPath, [
      ...[MCPP, "serve", folder.file("p.mcpp"), ...options],
      ...["--", upstream.command, ...upstream.args],
    ]);

  it("lets the local user decide who has the link, and nobody else", async () => {
    const state = `sqlite:${folder.file("state.db")}`;
    const proxy = serve("--state", state, "--admin", "127.0.0.1:0");
    await proxy.initialize();
    const asker = new Asker(proxy);
    const operator = await asker.enter({ link: secretOf(proxy) });
    proxy.send(toolCall(1, "put_item", { id: "x" }));
    const [waiting] = await waits(asker, operator);
    expect(waiting).not.toHaveProperty("whyNot");
    const id = waiting?.id ?? "";
    const whole = await asker.get(`/api/question?id=${id}`, operator);
    const { digest } = JSON.parse(whole.body) as { digest: string };
    const yes = { id, digest, approve: true };
    expect((await asker.post("/api/decide", yes)).status).toBe(401);
    expect((await asker.post("/api/sign-in", { token: "x" })).status).toBe(401);
    expect((await asker.post("/api/decide", yes, operator)).status).toBe(200);
    const { result } = await proxy.answer(1);
    expect(result?.content?.[0]?.text).not.toMatch(/DENIED|PENDING/);
    const limits = await asker.get("/api/limits", operator);
    expect(JSON.parse(limits.body)).toMatchObject({ bars: [] });
    await proxy.close();
    expect(proxy.stderr.match(/the admin page/g)).toHaveLength(1);
  });

  it("freezes where the user's other proxies look, though it keeps no state itself", async () => {
    folder.write("p.mcpp", "server items\n\nallow get_item\n");
    const proxy = new LineProcess(
      process.execPath,
      [
        ...[MCPP, "serve", folder.file("p.mcpp"), "--admin", "127.0.0.1:0"],
        ...["--", upstream.command, ...upstream.args],
      ],
      { ...process.env, XDG_STATE_HOME: folder.file("xdg") },
    );
    await proxy.initialize();
    const asker = new Asker(proxy);
    const operator = await asker.enter({ link: secretOf(proxy) });
    const freeze = { minutes: 5, because: "Wait." };
    expect((await asker.post("/api/freeze", freeze, operator)).status).toBe(200);
    let id = 1;
    const text = async (): Promise<string> =>
      (await proxy.call(++id, "get_item", {})).result?.content?.[0]?.text ?? "";
    await expect.poll(text).toContain("Wait.");
    expect((await asker.post("/api/unfreeze", {}, operator)).status).toBe(200);
    await expect.poll(text).not.toContain("Wait.");
    await proxy.close();
  });

  it("says on a page that may only look why nobody decides", async () => {
    const proxy = serve("--state", "memory", "--admin", "127.0.0.1:0");
    await proxy.initialize();
    const asker = new Asker(proxy);
    const operator = await asker.enter({ link: secretOf(proxy) });
    expect(JSON.parse((await asker.get("/api/me", operator)).body)).toMatchObject({
      nobody: "Nobody can approve calls of this proxy, so those that need it are denied.",
      signsIn: false,
    });
    const audit = await asker.get("/api/audit", operator);
    expect([audit.status, audit.body]).toEqual([404, expect.stringContaining("`--audit DIR`")]);
    await proxy.close();
  });

  it.each([
    ["8421x", "is not of the form HOST:PORT"],
    ["0.0.0.0:8421", "can be reached by other machines"],
  ])("is refused on %s", async (address, sentence) => {
    const line = ["serve", folder.file("p.mcpp"), "--admin", address, "--", "x"];
    const { code, stdout, stderr } = await mcpp(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
  });

  it("is refused where the port is taken, and nothing is started", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const line = ["serve", folder.file("p.mcpp"), "--admin", `127.0.0.1:${port}`, "--"];
    const { code, stderr } = await mcpp([...line, upstream.command, ...upstream.args]);
    taken.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/The admin page cannot be had on `127\.0\.0\.1:\d+`: .* Port 0 takes/);
    expect(upstream.messages()).toEqual([]);
  });
});

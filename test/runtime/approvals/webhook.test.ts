import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Webhook } from "../../../runtime/approvals/webhook.ts";
import type { Approval } from "../../../runtime/index.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const KEY = Buffer.alloc(32, 7);
const approval: Approval = {
  id: "7F3K2",
  grant: "g_1",
  grantName: "ci",
  server: "shop",
  tool: "pay",
  digest: "d",
  entries: ["e"],
  approvers: ["leads"],
  arguments: '{"card":"4111111111111111"}',
  askedAt: NOW,
  expiresAt: NOW + 600_000,
  state: "pending",
};

describe("the webhook", () => {
  let server: Server;
  let url: URL;
  let statuses: number[];
  let got: { headers: IncomingMessage["headers"]; body: string; url: string | undefined }[];
  let waits: number[];
  let notices: string[];
  let now: number;
  beforeEach(async () => {
    got = [];
    waits = [];
    notices = [];
    statuses = [];
    now = NOW;
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      got.push({ headers: request.headers, body, url: request.url });
      response.writeHead(statuses.shift() ?? 204, { location: "/elsewhere" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const webhook = () =>
    new Webhook({
      url,
      key: KEY,
      now: () => now,
      notice: (text) => notices.push(text),
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    });

  it("is told of a question, signed over time and body, and not of what the call carries", async () => {
    await webhook().tell(approval);
    const body = got[0]?.body ?? "";
    const time = got[0]?.headers["mcpp-timestamp"];
    expect(time).toBe(String(NOW / 1_000));
    const mac = createHmac("sha256", KEY).update(`${time}.${body}`).digest("hex");
    expect(got[0]?.headers["mcpp-signature"]).toBe(`v1=${mac}`);
    expect(JSON.parse(body)).toEqual({
      type: "approval.asked",
      id: "7F3K2",
      server: "shop",
      tool: "pay",
      grant: "ci",
      approvers: ["leads"],
      digest: "d",
      asked_at: "2026-11-23T09:00:00.000Z",
      expires_at: "2026-11-23T09:10:00.000Z",
    });
    expect(notices).toEqual([]);
  });

  it("is tried again, later and later, each time signed anew", async () => {
    statuses = [500, 429, 503];
    await webhook().tell(approval);
    expect(waits).toEqual([1_000, 4_000, 16_000]);
    expect(new Set(got.map(({ headers }) => headers["mcpp-signature"])).size).toBe(4);
    expect(notices).toEqual([]);
  });

  it.each([
    ["a redirect is not followed", [302], 1, "status 302"],
    ["a refusal is final", [403], 1, "status 403"],
    ["it is given up at last", [500, 500, 500, 500, 500], 5, "status 500"],
  ])("%s", async (_, answers, tries, problem) => {
    statuses = answers;
    await webhook().tell(approval);
    expect(got.map((one) => one.url)).toEqual(Array(tries).fill("/hook"));
    expect(notices).toEqual([expect.stringContaining(problem)]);
    expect(notices[0]).not.toContain("127.0.0.1");
  });

  it("is not told of what nobody can answer any more, and says when nobody answers", async () => {
    await webhook().tell({ ...approval, expiresAt: NOW });
    const closed = webhook();
    closed.close();
    await closed.tell(approval);
    expect(got).toEqual([]);
    url = new URL("http://127.0.0.1:9/hook");
    await webhook().tell(approval);
    expect(notices).toEqual([expect.stringContaining("it does not answer")]);
  });
});

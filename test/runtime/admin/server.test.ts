import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdminRoute, jsonAnswer } from "../../../runtime/admin/route.ts";
import type { AdminOptions } from "../../../runtime/admin/server.ts";
import { StateUnavailable } from "../../../runtime/state/store.ts";
import type { Sent } from "../proxy/http/proxy.ts";
import { sha256, TestAdmin } from "./browser.ts";

// Who gets in at the admin address, and who does not.

const METRICS = "metrics-token";
const HOUR = 3_600_000;

const routes: readonly AdminRoute[] = [
  {
    method: "GET",
    path: "/",
    right: "anybody",
    answer: () => ({ status: 200, type: "text/html; charset=utf-8", body: "<!doctype html>" }),
  },
  {
    method: "GET",
    path: "/api/who",
    right: "session",
    answer: ({ session }) => jsonAnswer(200, session?.person ?? null),
  },
  {
    method: "POST",
    path: "/api/do",
    right: "session",
    answer: ({ session, body }) => jsonAnswer(200, { by: session?.person?.name, body }),
  },
  {
    method: "GET",
    path: "/metrics",
    right: "metrics",
    answer: () => ({ status: 200, type: "text/plain", body: "up 1\n" }),
  },
  {
    method: "POST",
    path: "/api/fail",
    right: "session",
    answer: ({ body }) => {
      throw body.state === true ? new StateUnavailable("Redis is gone.") : new Error("s3cret");
    },
  },
];

let admin: TestAdmin;
const start = async (given: Partial<AdminOptions> = {}): Promise<TestAdmin> => {
  admin = await new TestAdmin(routes, { token: sha256(METRICS), ...given }).listen();
  return admin;
};
beforeEach(async () => {
  await start();
});
afterEach(() => admin.server.close());

const status = async (path: string, sent: Sent = {}): Promise<number> =>
  (await admin.ask(path, sent)).status;

describe("the one-time link", () => {
  it("opens one session, once, and stands after the # of the address", async () => {
    const url = new URL(admin.server.newLink());
    expect(url.origin + url.pathname + url.search).toBe(`http://127.0.0.1:${admin.port}/`);
    const link = url.hash.slice("#link=".length);
    expect(link).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const proof = await admin.proof("/api/enter", { link });
    expect((await admin.ask("/api/who", { headers: proof })).body).toBe('{"name":"me"}');
    const again = await admin.post("/api/enter", { link });
    expect(again.status).toBe(401);
    expect(again.headers["set-cookie"]).toBeUndefined();
    expect(admin.turnedAway).toEqual(["admin: link"]);
  });

  it("is good for an hour, and only the last one is", async () => {
    const old = admin.link();
    const link = admin.link();
    expect((await admin.post("/api/enter", { link: old })).status).toBe(401);
    admin.time += HOUR;
    expect((await admin.post("/api/enter", { link })).status).toBe(401);
    const last = admin.link();
    admin.time += HOUR - 1;
    expect((await admin.post("/api/enter", { link: last })).status).toBe(200);
  });

  it.each([[""], ["x".repeat(43)], [null], [["a"]], [undefined]])("%j is none", async (link) => {
    admin.link();
    expect((await admin.post("/api/enter", { link })).status).toBe(401);
  });
});

describe("a session", () => {
  it("has a cookie that no script reads and no other site sends", async () => {
    const { headers, body } = await admin.post("/api/enter", { link: admin.link() });
    expect(headers["set-cookie"]?.[0]).toMatch(
      new RegExp(`^mcpp-admin-${admin.port}=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(JSON.parse(body)).toEqual({ token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) });
  });

  it("needs the cookie and what the page knows, both of the same session", async () => {
    const one = await admin.proof();
    const other = await admin.proof();
    const page = { "mcpp-page": one["mcpp-page"] };
    for (const headers of [
      {},
      page,
      { cookie: one.cookie },
      { cookie: one.cookie, "mcpp-page": other["mcpp-page"] },
      { cookie: `${one.cookie}; ${other.cookie}`, ...page },
      { cookie: one.cookie?.replace("-admin-", "-other-"), ...page },
      { cookie: one.cookie, authorization: `Bearer ${one["mcpp-page"]}` },
      { authorization: `Bearer ${METRICS}` },
    ]) {
      expect(await status("/api/who", { headers })).toBe(401);
      expect((await admin.post("/api/do", {}, headers)).status).toBe(401);
    }
    expect(await status("/api/who", { headers: one })).toBe(200);
    const others = { ...one, cookie: `a=b; ${one.cookie}; c` };
    expect(await status("/api/who", { headers: others })).toBe(200);
  });

  it("ends when it is signed out, unused for two hours, or twelve hours old", async () => {
    const left = await admin.proof();
    expect((await admin.post("/api/sign-out", {}, left)).headers["set-cookie"]?.[0]).toContain(
      "Max-Age=0",
    );
    expect(await status("/api/who", { headers: left })).toBe(401);
    const idle = await admin.proof();
    admin.time += 2 * HOUR;
    expect(await status("/api/who", { headers: idle })).toBe(401);
    const used = await admin.proof();
    for (let hour = 0; hour < 11; hour++) {
      admin.time += HOUR;
      expect(await status("/api/who", { headers: used })).toBe(200);
    }
    admin.time += HOUR;
    expect(await status("/api/who", { headers: used })).toBe(401);
  });

  it("is one of 64, of which the one unused for longest ends", async () => {
    const first = await admin.proof();
    const second = await admin.proof();
    for (let more = 0; more < 62; more++) await admin.proof();
    expect(await status("/api/who", { headers: first })).toBe(200);
    await admin.proof();
    expect(await status("/api/who", { headers: first })).toBe(200);
    expect(await status("/api/who", { headers: second })).toBe(401);
  });
});

describe("an approver", () => {
  it("signs in with a token, for as long as it is theirs", async () => {
    admin.approvers.set(sha256("anns"), { name: "ann", groups: ["leads"] });
    expect((await admin.post("/api/sign-in", { token: "bobs" })).status).toBe(401);
    const proof = await admin.proof("/api/sign-in", { token: "anns" });
    const who = await admin.ask("/api/who", { headers: proof });
    expect(JSON.parse(who.body)).toEqual({ name: "ann", groups: ["leads"] });
    admin.approvers.set(sha256("anns"), { name: "ann", groups: [] });
    expect((await admin.ask("/api/who", { headers: proof })).body).toContain('"groups":[]');
    admin.approvers.delete(sha256("anns"));
    expect(await status("/api/who", { headers: proof })).toBe(401);
    admin.approvers.set(sha256("anns"), { name: "ann" });
    expect(await status("/api/who", { headers: proof })).toBe(401);
  });

  it("is nobody else any more from then on", async () => {
    admin.approvers.set(sha256("anns"), { name: "ann" });
    const operator = await admin.proof();
    const token = { token: "anns" };
    expect((await admin.post("/api/sign-in", token, operator)).status).toBe(200);
    expect(await status("/api/who", { headers: operator })).toBe(401);
  });
});

describe("machines", () => {
  it("read the metrics with their token, by whatever name, and nothing else", async () => {
    const headers = { authorization: `Bearer ${METRICS}` };
    expect(await status("/metrics", { headers })).toBe(200);
    expect(await status("/metrics", { headers: { ...headers, host: "10.1.2.3:9" } })).toBe(200);
    expect(await status("/api/who", { headers })).toBe(401);
    for (const authorization of [undefined, "Bearer x", METRICS, `Bearer ${sha256(METRICS)}`]) {
      expect(await status("/metrics", { headers: { authorization } })).toBe(401);
    }
    const { cookie } = await admin.proof();
    expect(await status("/metrics", { headers: { cookie } })).toBe(200);
  });

  it("have none where none is configured", async () => {
    await admin.server.close();
    admin = await new TestAdmin(routes).listen();
    const headers = { authorization: "Bearer undefined" };
    expect(await status("/metrics", { headers })).toBe(401);
  });
});

describe("refused before anything else", () => {
  it.each([
    ["evil.example"],
    ["127.0.0.1"],
    ["127.0.0.1:1"],
    ["localhost.evil.example:PORT"],
    ["mcpp.internal:1"],
    [undefined],
    [""],
  ])("the Host %j", async (name) => {
    const host = name?.replace("PORT", String(admin.port));
    expect(await status("/", { headers: { host } })).toBe(host === undefined ? 400 : 403);
  });

  it("accepts the names that are configured, and the loopback with its port", async () => {
    await admin.server.close();
    await start({
      hosts: ["MCPP.internal", "other.internal:99"],
      url: new URL("https://mcpp.example.com"),
    });
    for (const name of [
      "localhost:PORT",
      "LOCALHOST:PORT",
      "[::1]:PORT",
      "mcpp.internal",
      "mcpp.internal:PORT",
      "other.internal:99",
      "mcpp.example.com",
    ]) {
      const host = name.replace("PORT", String(admin.port));
      expect([name, await status("/", { headers: { host } })]).toEqual([name, 200]);
    }
    for (const host of ["other.internal", "mcpp.example.com:1"]) {
      expect(await status("/", { headers: { host } })).toBe(403);
    }
    expect(admin.server.newLink()).toMatch(/^https:\/\/mcpp\.example\.com\/#link=/);
    const answer = await admin.post("/api/enter", { link: admin.link() });
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/; Secure$/);
  });

  it.each([
    ["http://evil.example"],
    ["http://127.0.0.1:1"],
    ["https://127.0.0.1"],
    ["null"],
    [""],
    [undefined],
  ])("a POST of the Origin %j", async (origin) => {
    const proof = await admin.proof();
    expect((await admin.post("/api/do", {}, { ...proof, origin })).status).toBe(403);
    const { status } = await admin.post("/api/enter", { link: admin.link() }, { origin });
    expect(status).toBe(403);
  });

  it("pages of another origin, also of another port of the same host", async () => {
    const proof = await admin.proof();
    for (const site of ["same-site", "cross-site", "none"]) {
      const headers = { ...proof, "sec-fetch-site": site };
      expect(await status("/api/who", { headers })).toBe(403);
      expect((await admin.post("/api/do", {}, headers)).status).toBe(403);
    }
    expect(await status("/", { headers: { "sec-fetch-site": "cross-site" } })).toBe(200);
    const own = { ...proof, "sec-fetch-site": "same-origin" };
    expect(await status("/api/who", { headers: own })).toBe(200);
  });

  it("what is asked for in another way", async () => {
    const proof = await admin.proof();
    const got = await admin.ask("/api/do", { headers: proof });
    expect([got.status, got.headers.allow]).toEqual([405, "POST"]);
    expect(await status("/api/who", { method: "PUT", headers: proof })).toBe(403);
    expect(await status("/metrics", { method: "HEAD", headers: proof })).toBe(405);
    expect(await status("/api/do", { headers: {} })).toBe(401);
    expect(await status("/api/nothing", { headers: proof })).toBe(404);
    expect(await status("/api/nothing")).toBe(401);
    expect(await status("/%61pi/who", { headers: proof })).toBe(404);
    expect(await status("/api/do?x=1", { headers: proof })).toBe(405);
  });

  it("bodies that are no JSON object", async () => {
    const proof = await admin.proof();
    const origin = `http://127.0.0.1:${admin.port}`;
    const post = async (body: string, more: Sent["headers"] = {}): Promise<number> =>
      (
        await admin.ask("/api/do", {
          method: "POST",
          body,
          headers: { ...proof, origin, ...more },
        })
      ).status;
    for (const body of ["", "[]", "null", '"x"', "{", "\ufeff{}"]) {
      expect([body, await post(body)]).toEqual([body, 400]);
    }
    for (const type of ["text/plain", "application/x-www-form-urlencoded", undefined]) {
      expect(await post("{}", { "content-type": type })).toBe(415);
    }
    expect(await post(JSON.stringify({ reason: "x".repeat(70_000) }))).toBe(413);
    expect(await post('{"a":1}')).toBe(200);
  });
});

describe("of all that a request can have", () => {
  it("only what is right in each respect is answered", async () => {
    const [one, other] = [await admin.proof(), await admin.proof()];
    const own = `127.0.0.1:${admin.port}`;
    const all = product({
      host: [own, "evil.example"],
      origin: [`http://${own}`, "http://evil.example", undefined],
      site: ["same-origin", "same-site", undefined],
      cookie: [one.cookie, other.cookie, undefined],
      page: [one["mcpp-page"], other["mcpp-page"], undefined],
      bearer: [METRICS, undefined],
      asked: [
        "GET /",
        "GET /api/who",
        "POST /api/do",
        "GET /api/do",
        "POST /api/who",
        "GET /metrics",
      ],
    });
    const wrong: unknown[] = [];
    let answered = 0;
    for (const seen of all) {
      const { host, origin, site, cookie, page, bearer, asked = "" } = seen;
      const [method = "", path = ""] = asked.split(" ");
      const { status } = await admin.ask(path, {
        method,
        ...(method === "POST" ? { body: "{}" } : {}),
        headers: {
          ...{ host, origin, "sec-fetch-site": site, cookie, "mcpp-page": page },
          authorization: bearer === undefined ? undefined : `Bearer ${bearer}`,
        },
      });
      const isOurs = origin === `http://${own}` || (origin === undefined && method === "GET");
      const isPage = host === own && isOurs && site !== "same-site";
      const isSession = [one, other].some(
        (proof) => proof.cookie === cookie && proof["mcpp-page"] === page,
      );
      const right: Readonly<Record<string, boolean>> = {
        "GET /": host === own,
        "GET /api/who": isPage && isSession,
        "POST /api/do": isPage && isSession,
        "GET /metrics": bearer === METRICS || (host === own && cookie !== undefined),
      };
      if (status === 200) answered++;
      if ((status === 200) !== (right[asked] ?? false)) wrong.push({ status, ...seen });
    }
    expect(wrong).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  });
});

describe("every answer", () => {
  it("loads nothing from elsewhere, is framed by nobody, and is kept by nobody", async () => {
    const proof = await admin.proof();
    const answers = [
      await admin.ask("/"),
      await admin.ask("/api/who"),
      await admin.ask("/api/who", { headers: proof }),
      await admin.ask("/", { headers: { host: "evil.example" } }),
      await admin.post("/api/fail", {}, proof),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 401, 200, 403, 500]);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": expect.stringMatching(
          /^default-src 'self'; .*frame-ancestors 'none'/,
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("says nothing of what failed inside; the log does", async () => {
    const proof = await admin.proof();
    const failed = await admin.post("/api/fail", {}, proof);
    expect(JSON.parse(failed.body)).toEqual({ error: "The proxy has failed; its log says how." });
    expect(admin.notices[0]).toContain("s3cret");
    const away = await admin.post("/api/fail", { state: true }, proof);
    expect(away.status).toBe(503);
    expect(away.body).not.toContain("Redis");
  });
});

type Seen<K extends string> = { readonly [key in K]: string | undefined };

/** Everything that these values can be together. */
function product<K extends string>(
  values: {
    readonly [key in K]: readonly (string | undefined)[];
  },
): readonly Seen<K>[] {
  let all: readonly Partial<Seen<K>>[] = [{}];
  for (const [name, own] of Object.entries(values) as [K, readonly (string | undefined)[]][]) {
    all = all.flatMap((one) => own.map((value) => ({ ...one, [name]: value }) as Partial<Seen<K>>));
  }
  return all as readonly Seen<K>[];
}

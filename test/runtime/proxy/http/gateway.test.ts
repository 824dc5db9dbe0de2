import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { validatePolicy } from "../../../../policy/index.ts";
import {
  type Backend,
  compileEngine,
  Freezes,
  Gateway,
  type GatewayServer,
  type GrantInForce,
  HttpRelay,
  HttpServer,
  HttpUpstream,
  MAX_MESSAGE,
  MAX_SERVER_MESSAGE,
  openStore,
  Rulebook,
  Seals,
  Snapshot,
} from "../../../../runtime/index.ts";
import { startRecordingHttp } from "../../../fixtures/recording-upstream/http.ts";
import { send } from "./proxy.ts";

// How grants and servers end while a gateway runs.

const T0 = Date.parse("2027-01-31T12:00:00Z");
const MIDNIGHT = Date.parse("2027-02-01T00:00:00Z");

const validated = validatePolicy({ version: "1", default: "allow" });
if (!("policy" in validated)) throw new Error("The policy is not valid.");
const ALLOW = new Rulebook(validated.policy, compileEngine(validated.policy));

interface GrantOptions {
  readonly token?: string;
  readonly expiresAt?: number;
  readonly servers?: readonly string[];
}

function grant(id: string, options: GrantOptions = {}): GrantInForce {
  const { token = id, expiresAt, servers = ["one", "two"] } = options;
  return {
    grant: { id, name: id, labels: {} },
    token: createHash("sha256").update(token).digest("hex"),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    rulebooks: new Map(servers.map((server) => [server, ALLOW])),
  };
}

/** A server that only says what becomes of it. */
function server(name: string, events: string[], identity = name): GatewayServer {
  const told = (what: string): void => {
    events.push(`${identity}: ${what}`);
  };
  const backend: Backend = {
    post: async () => {},
    listen: async () => {},
    endSession: async () => {},
    refused: () => {},
    listsChanged: () => {},
    forget: (id) => told(`forget ${id}`),
    drain: () => told("drain"),
    close: async () => told("close"),
  };
  return {
    name,
    identity,
    refusedRequests: new Set(),
    ownProcess: false,
    start: () => {
      told("start");
      return backend;
    },
  };
}

describe("with a clock of its own", () => {
  let events: string[];
  let gateway: Gateway;
  const now = () => Date.now();
  const snapshot = (...grants: readonly GrantInForce[]) => new Snapshot(grants, now);
  const servers = (...identities: readonly string[]): GatewayServer[] =>
    (identities.length === 0 ? ["one", "two"] : identities).map((identity) =>
      server(identity.slice(0, 3), events, identity),
    );
  /** What happened since it was asked the last time. */
  const since = () => events.splice(0);

  async function start(...grants: readonly GrantInForce[]): Promise<void> {
    const store = await openStore("memory");
    gateway = new Gateway(snapshot(...grants), servers(), {
      store,
      seals: new Seals(),
      freezes: new Freezes(store.freezes),
      now,
      record: () => {},
      notice: () => {},
      breakOff: (id, of) => events.push(`break off ${id}${of === undefined ? "" : ` on ${of}`}`),
    });
    since();
  }
  beforeEach(() => {
    events = [];
    vi.useFakeTimers({ now: T0, toFake: ["setTimeout", "clearTimeout", "Date"] });
  });
  afterEach(() => {
    gateway.stop();
    vi.useRealTimers();
  });

  const ENDS_A = ["break off a", "one: forget a", "two: forget a"];

  it("a grant ends with its last day, at that moment, once, and no other does", async () => {
    await start(grant("a", { expiresAt: MIDNIGHT }), grant("b"));
    vi.advanceTimersByTime(MIDNIGHT - T0 - 1);
    expect(gateway.ofToken("a", "one")?.id).toBe("a");
    expect(since()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(since()).toEqual(ENDS_A);
    expect(gateway.ofToken("a", "one")).toBeUndefined();
    expect(gateway.ofToken("b", "one")?.id).toBe("b");
    vi.advanceTimersByTime(24 * 3_600_000);
    expect(since()).toEqual([]);
  });

  it("it ends within a second when the clock is set, or the machine has slept", async () => {
    await start(grant("a", { expiresAt: MIDNIGHT }));
    vi.advanceTimersByTime(5_000);
    vi.setSystemTime(MIDNIGHT + 3_600_000);
    // No call is let in even before that is noticed.
    expect(gateway.ofToken("a", "one")).toBeUndefined();
    expect(gateway.rulebook("a", "one").permitsByDefault).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(since()).toEqual(ENDS_A);
  });

  it("each grant ends at its own time", async () => {
    await start(grant("a", { expiresAt: T0 + 10_000 }), grant("b", { expiresAt: T0 + 20_000 }));
    vi.advanceTimersByTime(10_000);
    expect(since()).toEqual(ENDS_A);
    vi.advanceTimersByTime(10_000);
    expect(since()).toEqual(["break off b", "one: forget b", "two: forget b"]);
  });

  it("one that is prolonged goes on, and one whose day is put into the past ends at once", async () => {
    await start(grant("a", { expiresAt: T0 + 10_000 }));
    gateway.replace(snapshot(grant("a", { expiresAt: T0 + 20_000 })), servers());
    vi.advanceTimersByTime(15_000);
    expect(since()).toEqual([]);
    expect(gateway.ofToken("a")?.id).toBe("a");
    gateway.replace(snapshot(grant("a", { expiresAt: T0 })), servers());
    expect(since().slice(0, 3)).toEqual(ENDS_A);
    expect(gateway.ofToken("a")).toBeUndefined();
  });

  it("one that had ended and was prolonged ends again", async () => {
    await start(grant("a", { expiresAt: T0 + 10_000 }));
    vi.advanceTimersByTime(10_000);
    gateway.replace(snapshot(grant("a", { expiresAt: T0 + 30_000 })), servers());
    expect(gateway.ofToken("a")?.id).toBe("a");
    since();
    vi.advanceTimersByTime(20_000);
    expect(since()).toEqual(ENDS_A);
  });

  it("a token that is rotated is of no more use, nor is what was begun with it", async () => {
    await start(grant("a", { token: "old" }), grant("b"));
    gateway.replace(snapshot(grant("a", { token: "new" }), grant("b")), servers());
    expect(since()).toEqual(ENDS_A);
    expect(gateway.ofToken("old")).toBeUndefined();
    expect(gateway.ofToken("new", "one")?.id).toBe("a");
  });

  it("a grant that is revoked ends on all servers", async () => {
    await start(grant("a"), grant("b"));
    gateway.replace(snapshot(grant("b")), servers());
    expect(since()).toEqual(ENDS_A);
    expect(gateway.ofToken("a")).toBeUndefined();
  });

  it("a server that is taken from a grant ends there, and nothing else does", async () => {
    await start(grant("a"), grant("b"));
    gateway.replace(snapshot(grant("a", { servers: ["two"] }), grant("b")), servers());
    expect(since()).toEqual(["break off a on one", "one: forget a"]);
    expect(gateway.ofToken("a", "one")).toBeUndefined();
    expect(gateway.rulebook("a", "one").permitsByDefault).toBe(false);
    expect(gateway.ofToken("a", "two")?.id).toBe("a");
    expect(gateway.ofToken("b", "one")?.id).toBe("b");
  });

  it("a server that is changed takes no more calls, and has ten seconds for those it has", async () => {
    await start(grant("a"));
    const before = gateway.at("/mcp/two")?.backend;
    gateway.replace(snapshot(grant("a")), servers("one", "two, changed"));
    expect(since()).toEqual(["two: drain", "two, changed: start"]);
    expect(gateway.at("/mcp/two")?.backend).not.toBe(before);
    expect([...gateway.all()]).toContain(before);
    // What ends elsewhere is none of its business.
    const without = snapshot(grant("a", { servers: ["two"] }));
    gateway.replace(without, servers("one", "two, changed"));
    expect(since()).toEqual(["break off a on one", "one: forget a"]);
    // A grant that ends does so there, too.
    gateway.replace(snapshot(), servers("one", "two, changed"));
    expect(since()).toContain("two: forget a");
    await vi.advanceTimersByTimeAsync(9_999);
    expect(since()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(since()).toEqual(["two: close"]);
    expect([...gateway.all()]).not.toContain(before);
  });

  it("a server that is the same goes on as it is", async () => {
    await start(grant("a"));
    const backends = [...gateway.all()];
    gateway.replace(snapshot(grant("a")), servers());
    expect(since()).toEqual([]);
    expect([...gateway.all()]).toEqual(backends);
  });
});

it("what a grant has open is broken off when its day is over, and it is let in no more", async () => {
  const upstream = await startRecordingHttp();
  let time = T0;
  const now = () => time;
  const seals = new Seals();
  const one: GatewayServer = {
    ...server("one", []),
    start: (governanceOf) =>
      new HttpRelay({
        upstream: new HttpUpstream({
          url: new URL(upstream.url),
          headers: {},
          timeoutMs: 10_000,
        }),
        governanceOf,
        seals,
        forwardHeaders: new Set(),
        maxMessage: MAX_SERVER_MESSAGE,
        timeoutMs: 10_000,
      }),
  };
  const store = await openStore("memory");
  const gateway: Gateway = new Gateway(
    new Snapshot([grant("a", { expiresAt: MIDNIGHT, servers: ["one"] })], now),
    [one],
    {
      store,
      seals,
      freezes: new Freezes(store.freezes),
      now,
      record: () => {},
      notice: () => {},
      breakOff: (id, of) => http.breakOff(id, of),
    },
  );
  const http = new HttpServer({
    address: { host: "127.0.0.1", port: 0 },
    grants: gateway,
    hosts: [],
    origins: [],
    routes: gateway,
    messagesPerSecond: Number.MAX_SAFE_INTEGER,
    maxMessage: MAX_MESSAGE,
    notice: () => {},
  });
  const port = await http.listen();
  try {
    const headers = { authorization: "Bearer a" };
    const over = (sent: Promise<unknown>) =>
      sent.then(
        () => "answered",
        () => "broken off",
      );
    upstream.play({ when: { tool: "get_item" }, does: { kind: "hang" } });
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "get_item", arguments: { id: "1" } },
    });
    const open = [
      over(send(port, { path: "/mcp/one", method: "GET", headers })),
      over(send(port, { path: "/mcp/one", headers, body })),
    ];
    await expect.poll(() => upstream.messages().at(-1)?.method).toBe("tools/call");
    await expect.poll(() => upstream.openStreams()).toBe(1);
    time = MIDNIGHT;
    expect(await Promise.all(open)).toEqual(["broken off", "broken off"]);
    await expect.poll(() => [upstream.openStreams(), upstream.abandoned()]).toEqual([0, 2]);
    expect((await send(port, { path: "/mcp/one", headers, body })).status).toBe(401);
  } finally {
    gateway.stop();
    await http.close(0);
    await upstream.close();
  }
});

import { describe, expect, it } from "vitest";
import type { DecisionRecord, Governance } from "../../../runtime/index.ts";
import { Governed, type GovernedOptions, NOW } from "./governed.ts";

// What happens to messages whose records are kept, not kept, or not kept yet.

const POLICY = {
  version: "1",
  default: "deny",
  tools: {
    pay: { limits: [{ counter: "calls", window: "day", max: 100, scope: "grant" }] },
    look: {},
  },
};

function call(id: number, name: string): object {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: { amount: 5 } } };
}

function under(options: GovernedOptions): Promise<Governed> {
  return Governed.under(POLICY, options);
}

const fails: Governance["record"] = () => {
  throw new Error("The disk is full.");
};

function used({ governance }: Governed): number {
  const { charges } = governance
    .rulebook()
    .engine.decide({ tool: "pay", args: {} }, { ...governance, now: NOW });
  const room = governance.store.peek(charges.map((charge) => ({ ...charge, amount: 101 })));
  if (room instanceof Promise || room.ok) throw new Error("The counter tells nothing.");
  return room.used;
}

describe("a record that cannot be kept", () => {
  it("denies the call, which reaches nobody and is charged nothing", async () => {
    const governed = await under({ keep: fails });
    governed.client(call(1, "pay"));
    expect(governed.toServer).toEqual([]);
    expect(JSON.stringify(governed.toClient[0])).toContain("(audit unavailable)");
    expect(JSON.stringify(governed.toClient[0])).not.toContain("disk");
    expect(used(governed)).toBe(0);
  });

  it("denies it under a policy that only looks on, too", async () => {
    for (const tool of ["pay", "drop"]) {
      const governed = await under({ keep: fails, shadow: true });
      governed.client(call(1, tool));
      expect(governed.toServer).toEqual([]);
      expect(JSON.stringify(governed.toClient[0])).toContain("(audit unavailable)");
    }
  });

  it("leaves a denial what it is, and refuses what is not a call as well", async () => {
    const governed = await under({ keep: fails });
    governed.client(call(1, "drop"));
    expect(JSON.stringify(governed.toClient[0])).toContain("(default deny)");
    governed.client({ jsonrpc: "2.0", id: 2, method: "tools/list" });
    expect(governed.toClient[1]).toMatchObject({ id: 2, error: { code: 403 } });
    governed.client({ jsonrpc: "2.0", id: 3 });
    expect(governed.toServer).toEqual([]);
  });

  it("is known later, where a flush is waited for", async () => {
    const governed = await under({ keep: () => Promise.reject(new Error("EIO")) });
    governed.client(call(1, "pay"));
    await governed.session.settled();
    expect(governed.toServer).toEqual([]);
    expect(JSON.stringify(governed.toClient[0])).toContain("(audit unavailable)");
    expect(used(governed)).toBe(0);
  });
});

describe("a record that is not kept yet", () => {
  it("holds its call and all that come after it, in their order", async () => {
    const kept: (() => void)[] = [];
    const governed = await under({
      keep: () => new Promise<void>((resolve) => void kept.push(resolve)),
    });
    governed.client(call(1, "pay"));
    governed.client(call(2, "look"));
    kept[1]?.();
    await Promise.resolve();
    expect(governed.toServer).toEqual([]);
    kept[0]?.();
    await governed.session.settled();
    expect(governed.toServer.map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("what a record is given", () => {
  it("names the resource that was read, where the policy says nothing of it, too", async () => {
    const governed = await under({});
    const read = (id: number, uri: unknown): void =>
      governed.client({ jsonrpc: "2.0", id, method: "resources/read", params: { uri } });
    read(1, "file:///a");
    read(2, 7);
    expect(governed.records).toMatchObject([
      { outcome: "allow", method: "resources/read", name: "file:///a" },
      { outcome: "allow", method: "resources/read" },
    ]);
    expect(governed.records[1]?.name).toBeUndefined();
    expect(governed.toServer).toHaveLength(2);
  });

  it("is what was decided, by what, and how long that took", async () => {
    const records: DecisionRecord[] = [];
    const governed = await under({ keep: (record) => void records.push(record) });
    governed.client(call(1, "pay"));
    expect(records).toMatchObject([
      { outcome: "allow", method: "tools/call", name: "pay", args: { amount: 5 } },
    ]);
    expect(records[0]?.rulebook).toBe(governed.governance.rulebook());
    expect(records[0]?.took).toBeGreaterThanOrEqual(0);
  });
});

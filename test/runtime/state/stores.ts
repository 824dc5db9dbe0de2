import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../../runtime/state/open.ts";
import { RedisStore } from "../../../runtime/state/redis.ts";
import type { Charge, ChargeWindow, StateStore } from "../../../runtime/state/store.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

/** A kind of store, and how to open empty ones by a clock of the test. */
export interface Kind {
  readonly name: string;
  readonly there: boolean;
  open(clock: () => number): Promise<StateStore>;
  end(): Promise<void>;
}

/** All kinds of store, for tests that hold for each. */
export function kinds(): Kind[] {
  const dir = mkdtempSync(join(tmpdir(), "mcpp-state-"));
  let files = 0;
  let redis: RedisServer | undefined;
  return [
    {
      name: "memory",
      there: true,
      open: (clock) => openStore("memory", { clock }),
      end: async () => undefined,
    },
    {
      name: "sqlite",
      there: true,
      open: (clock) => openStore(`sqlite:${join(dir, `${files++}.db`)}`, { clock }),
      end: async () => rmSync(dir, { recursive: true, force: true }),
    },
    {
      name: "redis",
      there: hasRedis,
      open: async (clock) => {
        redis ??= await RedisServer.start();
        await redis.command("FLUSHALL");
        return (await RedisStore.open(redis.address, { clock, ...PATIENT })).forServer("server");
      },
      end: async () => redis?.end(),
    },
  ];
}

/** A busy machine is no reason for a Redis to be taken for unreachable. */
export const PATIENT = { commandMs: 30_000 };

/** A key as the engine makes them: 64 hexadecimal digits. */
export function key(name: string | number): string {
  return Buffer.from(`${name}`).toString("hex").padStart(64, "0").slice(-64);
}

export function charge(
  name: string | number,
  max: number,
  window: ChargeWindow,
  more: Partial<Charge> = {},
): Charge {
  return { key: key(name), amount: 1, max, window, ...more };
}

export const minute: ChargeWindow = { kind: "calendar", unit: "minute" };

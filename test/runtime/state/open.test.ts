import { describe, expect, it } from "vitest";
import { openStore } from "../../../runtime/state/open.ts";
import { parseAddress } from "../../../runtime/state/redis/address.ts";
import { StateRefused } from "../../../runtime/state/store.ts";

describe("openStore", () => {
  it.each([
    "",
    "Memory",
    "memory:",
    "sqlite",
    "sqlite:",
    "sqlite::memory:",
    "redis:localhost",
    "redis://",
    "redis://host/notanumber",
    "redis://host:port",
    "redis://host?db=1",
    "redis://:s3cret@host:port",
    "redis://:%zz@host",
    "postgres://me:s3cret@host/db",
  ])("refuses %j in a sentence without its secrets", async (spec) => {
    const error = await openStore(spec).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StateRefused);
    expect((error as Error).message).toMatchSnapshot();
    expect((error as Error).message).not.toContain("s3cret");
  });

  it("reads the address of a Redis", () => {
    expect(parseAddress("redis://localhost")).toEqual({
      ...{ host: "localhost", port: 6379, db: 0, tls: false, shown: "localhost:6379" },
    });
    expect(parseAddress("rediss://me:a%2Fb%40@[::1]:7000/3")).toEqual({
      ...{ host: "::1", port: 7000, db: 3, tls: true, shown: "[::1]:7000" },
      ...{ username: "me", password: "a/b@" },
    });
  });
});

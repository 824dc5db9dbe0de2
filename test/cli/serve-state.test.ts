import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { counts, openState, stateFile } from "../../cli/serve-state.ts";
import type { Policy } from "../../policy/index.ts";
import { folderWith } from "../end-to-end/lines.ts";

const LIMIT = { counter: "c", window: "day", max: 1, scope: "grant" } as const;
const LIMITED: Policy = { version: "1", default: "deny", tools: { t: { limits: [LIMIT] } } };

describe("the state file", () => {
  it.each<[NodeJS.Platform, NodeJS.ProcessEnv, string, string]>([
    ["linux", {}, "/home/u", "/home/u/.local/state/mcpp/state.db"],
    ["linux", { XDG_STATE_HOME: "/s" }, "/home/u", "/s/mcpp/state.db"],
    ["linux", { XDG_STATE_HOME: "" }, "/home/u", "/home/u/.local/state/mcpp/state.db"],
    ["linux", { XDG_STATE_HOME: "state" }, "/home/u", "/home/u/.local/state/mcpp/state.db"],
    ["darwin", {}, "/Users/u", "/Users/u/Library/Application Support/mcpp/state.db"],
    ["darwin", { XDG_STATE_HOME: "/s" }, "/Users/u", "/s/mcpp/state.db"],
    ["win32", { LOCALAPPDATA: "/local" }, "/Users/u", "/local/mcpp/state.db"],
    ["win32", {}, "/Users/u", "/Users/u/AppData/Local/mcpp/state.db"],
  ])("on %s with %j is in the user's state folder", (platform, env, home, path) => {
    expect(stateFile(env, platform, home)).toBe(path);
  });
});

describe("what must be remembered", () => {
  const policy: Policy = { version: "1", default: "deny" };
  const conditions = [{ path: "args.x", op: "eq", value: 1 }] as const;

  it.each<[string, Policy, boolean]>([
    ["a limit of a tool", LIMITED, true],
    ["a limit of all tools", { ...policy, all_tools: { limits: [LIMIT] } }, true],
    [
      "a concurrency limit",
      {
        ...policy,
        tools: { t: { limits: [{ counter: "c", concurrent: true, max: 1, scope: "grant" }] } },
      },
      true,
    ],
    ["a question", { ...policy, tools: { t: { ask_if: [{ conditions: [] }] } } }, true],
    ["nothing", policy, false],
    ["rules alone", { ...policy, tools: { t: { deny_if: [{ conditions }] }, u: {} } }, false],
    ["empty lists", { ...policy, all_tools: { limits: [] }, tools: { t: { limits: [] } } }, false],
  ])("%s", (_, asked, expected) => {
    expect(counts(asked)).toBe(expected);
  });
});

describe("opening the state", () => {
  const files = folderWith({});
  afterEach(() => vi.unstubAllEnvs());

  it("makes folder and file for this user alone, and says where", async () => {
    vi.stubEnv("XDG_STATE_HOME", files.path("fresh"));
    const { store, where } = await openState(undefined, counts(LIMITED));
    await store.close();
    const file = files.path("fresh/mcpp/state.db");
    expect(store.name).toBe("sqlite");
    expect(where).toBe(`counters in ${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(files.path("fresh/mcpp")).mode & 0o777).toBe(0o700);
  });

  it("opens no file for a policy that counts nothing", async () => {
    vi.stubEnv("XDG_STATE_HOME", "/dev/null/nowhere");
    const { store, where } = await openState(undefined, false);
    expect([store.name, where]).toEqual(["memory", "nothing to count"]);
  });

  it.each([
    ["a file stands in the way", (home: string) => writeFileSync(join(home, "mcpp"), "")],
    [
      "it is a folder",
      (home: string) => mkdirSync(join(home, "mcpp/state.db"), { recursive: true }),
    ],
    [
      "others can read it",
      (home: string) => {
        mkdirSync(join(home, "mcpp"));
        writeFileSync(join(home, "mcpp/state.db"), "", { mode: 0o644 });
      },
    ],
    [
      "it is no database",
      (home: string) => {
        mkdirSync(join(home, "mcpp"));
        writeFileSync(join(home, "mcpp/state.db"), "x".repeat(4_096), { mode: 0o600 });
      },
    ],
  ])("fails where %s, and names both ways out", async (name, prepare) => {
    const home = files.path(name.replaceAll(" ", "-"));
    mkdirSync(home);
    prepare(home);
    vi.stubEnv("XDG_STATE_HOME", home);
    const failure = expect(openState(undefined, counts(LIMITED))).rejects;
    await failure.toThrow(`The counters cannot be kept in \`${join(home, "mcpp/state.db")}\`: `);
    await failure.toThrow("`--state sqlite:PATH`");
    await failure.toThrow("`--state memory`");
  });

  it("opens what is named even for a policy that counts nothing", async () => {
    await expect(openState("tape:", true)).rejects.toThrow("The state could not be opened: ");
    const { store, where } = await openState(`sqlite:${files.path("own.db")}`, true);
    await store.close();
    expect(where).toBe("counters in sqlite");
  });
});

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { prepareRecordingStdio } from "../fixtures/recording-upstream/stdio.ts";
import { folderWith, type LineProcess, MCPP, serve } from "./lines.ts";

// Audit trails of real proxies, judged again by the built command line.

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const POLICY = `server shop

allow echo if args.text starts with "t"
shadow deny echo if args.amount > 50 because "Fifty is a lot."
limit echo 4/hour per grant
allow drop if args.reason == "broken"
`;

interface Replayed {
  readonly code: number | null;
  readonly stderr: string;
  readonly report: {
    readonly calls: number;
    readonly changed: number;
    readonly changes: readonly Readonly<Record<string, unknown>>[];
    readonly shadow?: readonly unknown[];
    readonly aside: Readonly<Record<string, unknown>>;
  };
}

function replay(...args: string[]): Replayed {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MCPP, "replay", ...args, "--format", "json"],
    { encoding: "utf8" },
  );
  return { code: status, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
}

async function recorded(
  options: readonly string[],
  talk: (proxy: LineProcess) => Promise<void>,
  policy = POLICY,
): Promise<{ readonly dir: string; readonly path: (name: string) => string }> {
  const files = folderWith({ "shop.mcpp": policy });
  const upstream = await prepareRecordingStdio();
  cleanUps.push(files.remove, upstream.dispose);
  const dir = files.path("audit");
  const server = [upstream.command, ...upstream.args];
  const all = ["--audit", dir, "--state", "memory", ...options];
  const proxy = serve(files.path("shop.mcpp"), server, all);
  cleanUps.push(() => proxy.close());
  await talk(proxy);
  await proxy.close();
  return { dir, path: files.path };
}

async function someCalls(proxy: LineProcess): Promise<void> {
  await proxy.call(1, "echo", { text: "ten", amount: 10 });
  await proxy.call(2, "echo", { text: "one" });
  await proxy.call(3, "echo", { text: "ten", amount: 70 });
  await proxy.call(4, "nothing", {});
  await proxy.call(5, "drop", { reason: "old", secret: "4242" });
  for (let id = 6; id < 10; id++) await proxy.call(id, "echo", { text: "ten", amount: 1 });
  proxy.send("not JSON");
  await proxy.answer(null);
  proxy.send({ jsonrpc: "2.0", id: 10, method: "tools/list" });
  await proxy.answer(10);
}

describe("mcpp replay", () => {
  it("finds nothing changed under the policy that was in force, and what another changes", async () => {
    for (const mode of ["judged", "full"]) {
      const { dir, path } = await recorded(["--audit-arguments", mode], someCalls);
      const same = replay(dir, path("shop.mcpp"));
      expect(same.stderr).toBe("");
      expect(same).toMatchObject({ code: 0, report: { calls: 9, changed: 0, changes: [] } });
      expect(same.report.aside).toMatchObject({ requests: 1, refused: 1, incomplete: 0 });
      // What the shadow rule would have done was not done, and is not done by the same policy.
      expect(same.report.shadow).toEqual([
        {
          tool: "echo",
          outcome: "deny",
          rule: "/tools/echo/deny_if/0",
          count: 1,
          same: 0,
        },
      ]);
      writeFileSync(path("next.mcpp"), POLICY.replace("shadow deny", "deny").replace("4/h", "9/h"));
      const next = replay(dir, path("next.mcpp"));
      expect(next.code).toBe(1);
      expect(next.report.shadow).toEqual([expect.objectContaining({ count: 1, same: 1 })]);
      expect(next.report.changes).toEqual([
        expect.objectContaining({ before: "deny", after: "allow", direction: "wider", count: 2 }),
        expect.objectContaining({
          tool: "echo",
          before: "allow",
          after: "deny",
          direction: "narrower",
          source: `${path("next.mcpp")}:4:1`,
          count: 1,
          examples: [
            expect.objectContaining({
              id: expect.stringMatching(/^[0-9A-Z]{5}$/),
              grant: "local",
              arguments: { text: "ten", amount: 70 },
              shadow: expect.objectContaining({ message: "Fifty is a lot." }),
            }),
          ],
        }),
      ]);
      const file = join(dir, readdirSync(dir)[0] as string);
      const piped = spawnSync(process.execPath, [MCPP, "replay", "-", path("next.mcpp")], {
        encoding: "utf8",
        input: readFileSync(file),
      });
      expect(piped.status).toBe(1);
      expect(piped.stdout).toMatch(
        /9 calls judged again, 3 decided otherwise: 2 wider, 1 narrower/,
      );
    }
  });

  it("refuses calls of which it is not recorded what the policy reads, by name", async () => {
    const { dir, path } = await recorded([], someCalls);
    const deny = 'deny drop if args.secret == "4242"\n';
    writeFileSync(path("next.mcpp"), POLICY + deny);
    const refused = replay(dir, path("next.mcpp"));
    expect(refused).toMatchObject({ code: 2, report: undefined });
    expect(refused.stderr).toMatch(
      /Record \d of `\S+`, a call of `drop`: the policy reads `args\.secret`, which was not recorded\. With `mcpp serve --audit-arguments full`/,
    );
    expect(replay(dir, path("next.mcpp"), "--skip-incomplete")).toMatchObject({
      code: 0,
      report: { calls: 8, aside: { incomplete: 1 } },
    });
  });

  it("judges what a proxy that only looked on has let through", async () => {
    const { dir, path } = await recorded(["--shadow", "--audit-arguments", "full"], someCalls);
    const { code, report } = replay(dir, path("shop.mcpp"));
    expect(code).toBe(1);
    // All was done; the policy in force would deny what it denied as a shadow.
    expect(report.changes.map(({ before }) => before)).not.toContain("deny");
    for (const watched of report.shadow as { count: number; same: number; rule: string }[]) {
      if (watched.rule !== "/tools/echo/deny_if/0") expect(watched.same).toBe(watched.count);
    }
    expect(report.shadow).toContainEqual({
      tool: "echo",
      outcome: "deny",
      rule: "/tools/echo/limits/echo_per_hour",
      count: 2,
      same: 2,
    });
  });

  it("refuses a trail that was changed, unless it is told not to look", async () => {
    const { dir, path } = await recorded([], someCalls);
    const file = join(dir, readdirSync(dir)[0] as string);
    writeFileSync(file, readFileSync(file, "utf8").replace('"text":"one"', '"text":"two"'));
    const refused = replay(dir, path("shop.mcpp"));
    expect(refused).toMatchObject({ code: 2, report: undefined });
    expect(refused.stderr).toMatch(/is not as it was written\. `mcpp audit verify` says more/);
    const forced = replay(dir, path("shop.mcpp"), "--no-verify");
    expect(forced).toMatchObject({ code: 1, report: { changed: 2 } });
  });
});

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** The last line of code-server that runs on Node 20; it is VS Code 1.100. */
const VERSION = "4.100.3";

/**
 * Installs code-server into a folder, once, and gives its own folder. Its install script would fetch binaries from
 * elsewhere and refuses to run as root, so that its steps are done one by one. There is no ripgrep: text search is off.
 */
export function installCodeServer(folder: string): string {
  const home = join(folder, "node_modules/code-server");
  const vscode = join(home, "lib/vscode");
  const done = join(folder, `installed-${VERSION}`);
  if (existsSync(done)) return home;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const npm = (cwd: string, ...args: string[]): number | null =>
    spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, npm_config_unsafe_perm: "true" },
    }).status;
  const must = (status: number | null, what: string): void => {
    if (status !== 0) throw new Error(`code-server could not be installed: ${what} failed.`);
  };
  must(npm(folder, "install", `code-server@${VERSION}`, "--ignore-scripts"), "the download");
  must(npm(folder, "rebuild", "argon2", "--build-from-source"), "the build of argon2");
  for (const part of [vscode, join(vscode, "extensions")]) {
    must(npm(part, "install", "--omit=dev", "--ignore-scripts"), `the install in ${part}`);
    rmSync(join(part, "node_modules.asar"), { force: true });
    symlinkSync("node_modules", join(part, "node_modules.asar"));
  }
  // The last one fails to build, and its prebuilt package is used.
  npm(vscode, "rebuild", "node-pty", "@vscode/spdlog", "native-watchdog", "@parcel/watcher");
  writeFileSync(done, "");
  return home;
}

export interface CodeServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it on a free port, with an extension and settings of its own. */
export async function startCodeServer(
  home: string,
  scratch: string,
  vsix: string,
  settings: object,
): Promise<CodeServer> {
  const data = join(scratch, "data");
  const extensions = join(scratch, "extensions");
  mkdirSync(join(data, "User"), { recursive: true });
  writeFileSync(join(data, "User/settings.json"), JSON.stringify(settings, null, 2));
  const common = ["out/node/entry.js", "--user-data-dir", data, "--extensions-dir", extensions];
  const installed = spawnSync(process.execPath, [...common, "--install-extension", vsix], {
    cwd: home,
    encoding: "utf8",
  });
  if (installed.status !== 0)
    throw new Error(`The extension could not be installed: ${installed.stderr}`);
  const port = await freePort();
  const server = spawn(
    process.execPath,
    [
      ...common,
      "--auth",
      "none",
      "--bind-addr",
      `127.0.0.1:${port}`,
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-workspace-trust",
    ],
    { cwd: home, stdio: "ignore", detached: true },
  );
  const url = `http://127.0.0.1:${port}/`;
  try {
    await reachable(url, server);
  } catch (error) {
    await ended(server);
    throw error;
  }
  return { url, stop: () => ended(server) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}

async function reachable(url: string, server: ChildProcess): Promise<void> {
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    if (server.exitCode !== null) throw new Error(`code-server ended with ${server.exitCode}.`);
    const answer = await fetch(`${url}healthz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("code-server did not start within two minutes.");
}

/** With the processes that it started: they are a group of their own. */
async function ended({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!signalled(pid, signal)) return;
    for (let i = 0; i < 50 && signalled(pid, 0); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** False when none of the group is left. */
function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

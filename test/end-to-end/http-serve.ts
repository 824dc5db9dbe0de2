import { type ChildProcess, spawn } from "node:child_process";
import { MCPP } from "./lines.ts";

/** `mcpp serve --listen` as a process of its own. */
export interface ServedHttp {
  readonly url: string;
  readonly token: string | undefined;
  readonly process: ChildProcess;
  stderr(): string;
  /** Ends it in order; resolves with how it ended. */
  stop(
    signal?: NodeJS.Signals,
  ): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts it on a free port, and waits until it listens. `args`: everything after `serve`. */
export async function serveHttp(
  args: readonly string[],
  program: string = MCPP,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServedHttp> {
  const split = args.indexOf("--");
  const own = split === -1 ? args : args.slice(0, split);
  const rest = split === -1 ? [] : args.slice(split);
  const child = spawn(
    process.execPath,
    [program, "serve", ...own, "--listen", "127.0.0.1:0", ...rest],
    { stdio: ["ignore", "pipe", "pipe"], env },
  );
  let stderr = "";
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      const found = /listening on (http:\S+)\n/.exec(stderr)?.[1];
      // The token is told right after the address.
      if (found !== undefined && (args.includes("--no-token") || stderr.includes("Bearer "))) {
        resolve(found);
      }
    });
    child.once("close", () => reject(new Error(`It ended before it listened.\n${stderr}`)));
  });
  return {
    url,
    token: /Authorization: Bearer (\S+)\n/.exec(stderr)?.[1],
    process: child,
    stderr: () => stderr,
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
  };
}

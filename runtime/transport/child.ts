import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { writeLog } from "./log.ts";

/** How a process ended. */
export interface Exit {
  /** Its status; undefined when a signal ended it. */
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** True when we ended it, by TERM or KILL, because it did not go by itself. */
  readonly forced: boolean;
}

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where its stderr goes; absent means ours. */
  readonly log?: Writable;
  /** Milliseconds between closing stdin and TERM, and between TERM and KILL. */
  readonly graceMs?: number;
}

/** The command could not be started; the message is a sentence. */
export class ChildNotStarted extends Error {
  override readonly name = "ChildNotStarted";
}

type Process = ChildProcessByStdio<Writable, Readable, Readable | null>;

/** A stdio server as a child process. */
export class Child {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has ended and all its output was read. */
  readonly exited: Promise<Exit>;
  readonly #process: Process;
  readonly #graceMs: number;
  #stopping: Promise<Exit> | undefined;
  #forced = false;

  constructor(process: Process, graceMs: number) {
    this.#process = process;
    this.#graceMs = graceMs;
    this.stdin = process.stdin;
    this.stdout = process.stdout;
    // A child that closes its stdin or dies makes writes fail; its end is reported by `exited`.
    this.stdin.on("error", () => {});
    this.exited = new Promise((resolve) => {
      const done = (code: number | null, signal: NodeJS.Signals | null): void =>
        resolve({
          ...(code === null ? {} : { code }),
          ...(signal === null ? {} : { signal }),
          forced: this.#forced,
        });
      process.once("close", done);
      process.once("exit", (code, signal) => {
        // A grandchild may hold the pipe open for ever; what the child itself wrote is read by then, unless
        // the reader is slow.
        const late = setInterval(() => {
          if (this.stdout.isPaused() && this.#stopping === undefined) return;
          clearInterval(late);
          done(code, signal);
        }, this.#graceMs);
        process.once("close", () => clearInterval(late));
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it in order: stdin is closed, then TERM, then KILL. */
  stop(): Promise<Exit> {
    this.stdin.end();
    this.#stopping ??= this.#stop(["SIGTERM", "SIGKILL"]);
    return this.#stopping;
  }

  /** Passes a signal on that ends us; a child that does not follow is killed. */
  end(signal: NodeJS.Signals): Promise<Exit> {
    this.signal(signal);
    this.#stopping = this.#stop(["SIGKILL"]);
    return this.#stopping;
  }

  async #stop(signals: readonly NodeJS.Signals[]): Promise<Exit> {
    for (const signal of signals) {
      if (await within(this.exited, this.#graceMs)) break;
      this.#forced = true;
      this.signal(signal);
    }
    return this.exited;
  }
}

/** True when `promise` resolves within `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a command, without a shell. Rejects with `ChildNotStarted`. */
export async function startChild(options: ChildOptions): Promise<Child> {
  // Windows has no executable scripts: `npx` is `npx.cmd`, which needs its arguments quoted for cmd.exe.
  const start = process.platform === "win32" ? (await import("cross-spawn")).default.spawn : spawn;
  const { log } = options;
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(new ChildNotStarted(sentence(options.command, error), { cause: error }));
    try {
      const child = start(options.command, [...options.args], {
        env: options.env,
        stdio: ["pipe", "pipe", log === undefined ? "inherit" : "pipe"],
        windowsHide: true,
      }) as Process;
      if (log !== undefined) child.stderr?.on("data", (bytes: Buffer) => writeLog(log, bytes));
      child.once("error", failed);
      child.once("spawn", () => {
        child.off("error", failed);
        child.on("error", () => {});
        resolve(new Child(child, options.graceMs ?? 2_000));
      });
    } catch (error) {
      failed(error as Error);
    }
  });
}

function sentence(command: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
      return `The command \`${command}\` was not found.`;
    case "EACCES":
      return `The command \`${command}\` is not executable.`;
    default:
      return `The command \`${command}\` could not be started: ${error.message}.`;
  }
}

/** The environment of a server: ours, less what configures mcpp. */
export function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.toUpperCase().startsWith("MCPP_")),
  );
}

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built command line; `npm test` builds it first. */
export const MCPP = fileURLToPath(new URL("../../dist/mcpp.js", import.meta.url));
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The entry file of one of the real servers. */
export function serverFile(name: "everything" | "filesystem" | "memory"): string {
  return join(ROOT, "node_modules/@modelcontextprotocol", `server-${name}`, "dist/index.js");
}

/** A process that is talked to in lines, as an MCP client does over stdio. */
export class LineProcess {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr = "";
  #lines: string[] = [];
  #partial = "";
  #waiting: ((line: string | undefined) => void)[] = [];
  #ended = false;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.process = spawn(command, [...args], { env });
    this.process.stdin.on("error", () => {});
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.process.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.#partial + text).split("\n");
      this.#partial = parts.pop() as string;
      for (const line of parts) {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#lines.push(line);
        else waiting(line);
      }
    });
    this.process.stdout.on("close", () => {
      this.#ended = true;
      for (const waiting of this.#waiting) waiting(undefined);
    });
    this.exited = new Promise((resolve) => {
      this.process.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** Text and bytes go out as they are, with a line break; other values as JSON. */
  send(message: unknown): void {
    if (Buffer.isBuffer(message)) this.process.stdin.write(Buffer.concat([message, LF]));
    else {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      this.process.stdin.write(`${text}\n`);
    }
  }

  /** The next line of its output; rejects when there is none any more. */
  async line(): Promise<string> {
    const line =
      this.#lines.shift() ??
      (this.#ended
        ? undefined
        : await new Promise<string | undefined>((resolve) => this.#waiting.push(resolve)));
    if (line === undefined) throw new Error(`The output has ended.\n${this.stderr}`);
    return line;
  }

  async message(): Promise<Answer> {
    return JSON.parse(await this.line()) as Answer;
  }

  /** Reads on until the answer with this id. */
  async answer(id: string | number | null): Promise<Answer> {
    for (;;) {
      const message = await this.message();
      if (message.id === id && message.method === undefined) return message;
    }
  }

  async call(id: string | number, name: string, args?: unknown): Promise<Answer> {
    this.send(toolCall(id, name, args));
    return this.answer(id);
  }

  async initialize(): Promise<Answer> {
    this.send({
      jsonrpc: "2.0",
      id: "init",
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      },
    });
    const answer = await this.answer("init");
    this.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    return answer;
  }

  async close(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.process.stdin.end();
    return this.exited;
  }
}

const LF = Buffer.from("\n");

export interface Answer {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly result?: {
    readonly content?: readonly { readonly type: string; readonly text: string }[];
    readonly isError?: boolean;
    readonly resultType?: string;
    readonly tools?: readonly { readonly name: string }[];
    readonly _meta?: Readonly<Record<string, unknown>>;
  } & Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export function toolCall(id: string | number, name: string, args?: unknown): object {
  return {
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name, ...(args === undefined ? {} : { arguments: args }) },
  };
}

/** A folder with these files, removed by the caller's clean-up. */
export function folderWith(files: Readonly<Record<string, unknown>>): {
  path: (name: string) => string;
  remove: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-e2e-"));
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(join(folder, name), text, { mode: 0o644 });
  }
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `mcpp serve` with this policy file before this server. */
export function serve(
  policy: string,
  server: readonly string[],
  options: readonly string[] = [],
  env: NodeJS.ProcessEnv = process.env,
): LineProcess {
  const args = [MCPP, "serve", policy, ...options, "--", ...server];
  return new LineProcess(process.execPath, args, env);
}

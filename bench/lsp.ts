import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";

/** Keystrokes of each measurement, the first `WARM` not counted. */
const KEYSTROKES = 120;
const WARM = 30;
const EDITS = 10_000;
const RULES = 2_000;
const TOOLS = 250;

/** The folder of the bundles: this file is somewhere in it. */
const dist = dirname(process.argv[1] as string);

const tools = Array.from({ length: TOOLS }, (_, index) => ({
  name: `tool_${index}`,
  description: `Does the thing number ${index}.`,
  inputSchema: {
    type: "object",
    properties: {
      amount: { type: "number" },
      reason: { enum: ["a", "b", "c"] },
      path: { type: "string" },
    },
    required: ["amount"],
  },
}));

function policyOf(rules: number): string {
  const lines = ['server bench tools "./bench.tools.json"', "", "default deny", ""];
  for (let index = 0; index < rules; index++) {
    const tool = `tool_${index % TOOLS}`;
    lines.push(
      index < TOOLS
        ? `allow ${tool} if args.amount <= ${index + 1} limit ${index + 1}/hour per grant`
        : `deny ${tool} unless args.amount <= ${index * 3} because "Rule ${index}."`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** An editor with one policy open, who types at the end of it. */
class Typist {
  readonly connection: ProtocolConnection;
  readonly server: ChildProcess;
  readonly uri: string;
  #version = 1;
  #line: number;
  #typed = "";
  #waiting: { readonly version: number; readonly resolve: () => void } | undefined;

  constructor(server: ChildProcess, folder: string, lines: number) {
    this.server = server;
    this.#line = lines;
    this.uri = pathToFileURL(join(folder, "bench.mcpp")).href;
    this.connection = createProtocolConnection(
      new StreamMessageReader(server.stdout as NodeJS.ReadableStream),
      new StreamMessageWriter(server.stdin as NodeJS.WritableStream),
    );
    this.connection.onNotification(
      "textDocument/publishDiagnostics",
      ({ version }: PublishDiagnosticsParams) => {
        if (this.#waiting?.version === version) this.#waiting?.resolve();
      },
    );
    this.connection.listen();
  }

  async open(text: string): Promise<void> {
    await this.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
    });
    await this.connection.sendNotification("initialized", {});
    const checked = this.#checked(1);
    const textDocument = { uri: this.uri, languageId: "mcpp", version: 1, text };
    await this.connection.sendNotification("textDocument/didOpen", { textDocument });
    await checked;
  }

  /** The next letter of a rule; the rule is taken away when it is whole. */
  async type(): Promise<void> {
    const rule = "deny tool_7 unless args.amount <= 5";
    const isWhole = this.#typed.length === rule.length;
    const character = isWhole ? 0 : this.#typed.length;
    const text = isWhole ? "" : (rule[this.#typed.length] as string);
    const range = {
      start: { line: this.#line, character },
      end: { line: this.#line, character: isWhole ? rule.length : character },
    };
    this.#typed = isWhole ? "" : this.#typed + text;
    this.#version++;
    await this.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri, version: this.#version },
      contentChanges: [{ range, text }],
    });
  }

  checked(): Promise<void> {
    return this.#checked(this.#version);
  }

  #checked(version: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { version, resolve };
    });
  }

  ask(method: string): Promise<unknown> {
    return this.connection.sendRequest(method, {
      textDocument: { uri: this.uri },
      position: { line: this.#line, character: this.#typed.length },
      // What an editor shows of the file: it asks about no more for some things.
      range: {
        start: { line: Math.max(0, this.#line - 50), character: 0 },
        end: { line: this.#line, character: this.#typed.length },
      },
    });
  }

  /** Resident memory of the server, in MiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.server.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    this.connection.dispose();
  }
}

async function start(rules: number): Promise<{ readonly typist: Typist; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
  writeFileSync(
    join(folder, "bench.tools.json"),
    JSON.stringify({ server: { name: "bench" }, tools }),
  );
  const server = spawn(process.execPath, [join(dist, "mcpp.js"), "lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const text = policyOf(rules);
  const typist = new Typist(server, folder, text.split("\n").length - 1);
  await typist.open(text);
  return { typist, folder };
}

async function measure(
  work: () => Promise<void>,
): Promise<{ readonly p50: number; readonly p99: number }> {
  const times: number[] = [];
  for (let index = 0; index < KEYSTROKES; index++) {
    const start = performance.now();
    await work();
    if (index >= WARM) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (part: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * part))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

export async function run(): Promise<void> {
  const rows: { what: string; p50: number; p99: number; floor: number }[] = [];
  let floor = 0;
  for (const rules of [0, RULES]) {
    const { typist, folder } = await start(rules);
    const of = rules === 0 ? "an empty policy" : `${rules} rules`;
    if (rules === 0) {
      // What the pipes and the protocol cost: a question that has no answer.
      const pipe = await measure(async () => {
        await typist.connection.sendRequest("mcpp/status", { uri: "file:///nowhere.mcpp" });
      });
      floor = pipe.p50;
      rows.push({ what: "there and back (the floor)", ...pipe, floor });
    }
    const asked = async (method: string) => {
      await typist.type();
      await typist.ask(method);
    };
    const cases: readonly (readonly [string, () => Promise<void>])[] = [
      [
        "diagnostics",
        async () => {
          await typist.type();
          await typist.checked();
        },
      ],
      ["completion", () => asked("textDocument/completion")],
      ["semantic tokens", () => asked("textDocument/semanticTokens/full")],
      ["inlay hints of a screen", () => asked("textDocument/inlayHint")],
      ["code lenses", () => asked("textDocument/codeLens")],
      ["symbols", () => asked("textDocument/documentSymbol")],
      ["folding", () => asked("textDocument/foldingRange")],
    ];
    for (const [what, work] of cases) {
      rows.push({ what: `keystroke to ${what}, ${of}`, ...(await measure(work)), floor });
    }
    if (rules > 0) {
      const before = typist.memory();
      for (let index = 0; index < EDITS; index++) {
        await typist.type();
        if (index % 100 === 99)
          await typist.ask("textDocument/documentHighlight").catch(() => undefined);
      }
      await typist.checked();
      console.log(
        `memory: ${before.toFixed(0)} MiB, after ${EDITS} edits ${typist.memory().toFixed(0)} MiB\n`,
      );
    }
    await typist.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `${"".padEnd(46)}${"p50".padStart(10)}${"p99".padStart(10)}${"× floor".padStart(10)}`,
  );
  for (const { what, p50, p99 } of rows) {
    console.log(
      `${what.padEnd(46)}${`${p50.toFixed(1)} ms`.padStart(10)}${`${p99.toFixed(1)} ms`.padStart(10)}${(p50 / floor).toFixed(0).padStart(10)}`,
    );
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import type {
  ClientCapabilities,
  Diagnostic,
  InitializeResult,
  Position,
  ProtocolConnection,
  PublishDiagnosticsParams,
  Range,
  TextEdit,
} from "vscode-languageserver-protocol/node";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { Source, type Span } from "../../language/index.ts";
import { offsetAt, rangeOf, spanOf } from "../../lsp/positions.ts";
import { type MarkedSource, mark, marked } from "../compiler/source-marks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let bundle: Promise<string> | undefined;

/** The command line as it ships, from the sources of this moment. */
export function mcppBundle(): Promise<string> {
  bundle ??= bundled();
  return bundle;
}

async function bundled(): Promise<string> {
  const cache = join(root, "node_modules/.cache/mcpp");
  mkdirSync(cache, { recursive: true });
  // Workers of tests end without a word, and leave their bundle behind.
  for (const name of readdirSync(cache)) {
    const pid = /^lsp-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(cache, name), { recursive: true, force: true });
  }
  const folder = join(cache, `lsp-${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: { mcpp: "cli/main.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    define: { MCPP_VERSION: '"0.0.0-test"' },
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    external: ["@photostructure/sqlite", "node:sqlite"],
    logLevel: "error",
  });
  return join(folder, "mcpp.mjs");
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** What a server may ask of an editor. */
const ASKED = [
  "client/registerCapability",
  "workspace/configuration",
  "workspace/diagnostic/refresh",
  "workspace/inlayHint/refresh",
  "workspace/codeLens/refresh",
  "workspace/textDocumentContent/refresh",
] as const;

export interface EditorOptions {
  /** Files of the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly capabilities?: ClientCapabilities;
  readonly initializationOptions?: object;
  /** The folders that it has open, by path; the workspace itself unless they are given. */
  readonly folders?: readonly string[];
}

/** An editor that speaks to `mcpp lsp --stdio` over the pipes of its process. */
export class Editor {
  readonly folder: string;
  readonly connection: ProtocolConnection;
  readonly server: ChildProcess;
  initialized!: InitializeResult;
  /** What the server asked of the editor, by method. */
  readonly asked: { readonly method: string; readonly params: unknown }[] = [];
  /** The section `mcpp` of its settings. */
  settings: object | null = null;
  /** What it logged. */
  readonly logged: string[] = [];
  readonly #documents = new Map<string, OpenDocument>();
  readonly #published = new Map<string, PublishDiagnosticsParams[]>();
  #wake: (() => void)[] = [];
  #count = 0;

  private constructor(folder: string, server: ChildProcess) {
    this.folder = folder;
    this.server = server;
    this.connection = createProtocolConnection(
      new StreamMessageReader(server.stdout as NodeJS.ReadableStream),
      new StreamMessageWriter(server.stdin as NodeJS.WritableStream),
    );
    this.connection.onNotification(
      "textDocument/publishDiagnostics",
      (params: PublishDiagnosticsParams) => {
        const known = this.#published.get(params.uri) ?? [];
        this.#published.set(params.uri, [...known, params]);
        this.#woken();
      },
    );
    this.connection.onNotification("window/logMessage", ({ message }: { message: string }) => {
      this.logged.push(message);
    });
    for (const method of ASKED) {
      this.connection.onRequest(method, (params: unknown) => {
        this.asked.push({ method, params });
        this.#woken();
        return method === "workspace/configuration" ? [this.settings] : null;
      });
    }
    this.connection.listen();
  }

  static async start(options: EditorOptions = {}): Promise<Editor> {
    const folder = mkdtempSync(join(tmpdir(), "mcpp-lsp-"));
    for (const [path, text] of Object.entries(options.files ?? {})) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const server = spawn(process.execPath, [await mcppBundle(), "lsp", "--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const editor = new Editor(folder, server);
    editor.initialized = await editor.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: (options.folders ?? ["."]).map((path) => ({
        uri: editor.uri(path),
        name: path,
      })),
      capabilities: options.capabilities ?? {},
      initializationOptions: options.initializationOptions,
    });
    await editor.connection.sendNotification("initialized", {});
    return editor;
  }

  /** Writes messages in one piece, beside those of the connection. */
  write(...messages: readonly object[]): void {
    const frames = messages.map((message) => {
      const text = JSON.stringify(message);
      return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
    });
    this.server.stdin?.write(frames.join(""));
  }

  /** The answer to a message that was written so. */
  rawAnswer(id: string): Promise<object> {
    const { stdout } = this.server;
    return new Promise((resolve) => {
      let text = "";
      const listen = (chunk: Buffer): void => {
        text += chunk;
        const frame = text
          .split(/Content-Length: \d+\r\n\r\n/)
          .find((part) => part.includes(`"id":"${id}"`));
        if (frame === undefined) return;
        stdout?.off("data", listen);
        resolve(JSON.parse(frame));
      };
      stdout?.on("data", listen);
    });
  }

  /** Says good-bye as the protocol wants it; gives the exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.server.once("exit", resolve));
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    const code = await ended;
    this.connection.dispose();
    rmSync(this.folder, { recursive: true, force: true });
    return code;
  }

  uri(path: string): string {
    return pathToFileURL(join(this.folder, path)).href;
  }

  /** Opens a text with marks, under a name of its own unless one is given. */
  async open(source: string, path = `policy-${this.#count++}.mcpp`): Promise<OpenDocument> {
    const document = new OpenDocument(this, this.uri(path), marked(source));
    this.#documents.set(document.uri, document);
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: document.uri, languageId: "mcpp", version: 1, text: document.text },
    });
    return document;
  }

  document(uri: string): OpenDocument | undefined {
    return this.#documents.get(uri);
  }

  async close(document: OpenDocument): Promise<void> {
    this.#documents.delete(document.uri);
    await this.connection.sendNotification("textDocument/didClose", {
      textDocument: { uri: document.uri },
    });
  }

  /** The diagnostics that were sent for a version of a document, or for none of a closed one. */
  async published(
    uri: string,
    version: number | undefined,
    fits: (items: readonly Diagnostic[]) => boolean = () => true,
  ): Promise<readonly Diagnostic[]> {
    for (;;) {
      const found = this.#published
        .get(uri)
        ?.findLast((params) => params.version === version && fits(params.diagnostics));
      if (found !== undefined) return found.diagnostics;
      await this.#news();
    }
  }

  /** Everything that was sent for a URI. */
  allPublished(uri: string): readonly PublishDiagnosticsParams[] {
    return this.#published.get(uri) ?? [];
  }

  /** Waits until the server has asked for something. */
  async whenAsked(method: string, after = 0): Promise<void> {
    while (this.asked.slice(after).every((request) => request.method !== method))
      await this.#news();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #woken(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const resolve of waiting) resolve();
  }
}

/**
 * The offset, moved behind the character or the line break that it is inside of. An editor never stands there: the
 * protocol has no position between CR and LF, and halves of a character cannot be sent.
 */
export function sendable(text: string, offset: number): number {
  const pair = text.slice(offset - 1, offset + 1);
  return offset > 0 && /^(?:\r\n|[\ud800-\udbff][\udc00-\udfff])$/.test(pair) ? offset + 1 : offset;
}

/** A document that the editor has open, with the marks that it was opened with. */
export class OpenDocument {
  readonly uri: string;
  readonly spans: readonly Span[];
  readonly cursors: readonly number[];
  readonly #editor: Editor;
  version = 1;
  #source: Source;

  constructor(editor: Editor, uri: string, { text, spans, cursors }: MarkedSource) {
    this.#editor = editor;
    this.uri = uri;
    this.spans = spans;
    this.cursors = cursors;
    this.#source = new Source(uri, text);
  }

  get text(): string {
    return this.#source.text;
  }

  get id(): { readonly textDocument: { readonly uri: string } } {
    return { textDocument: { uri: this.uri } };
  }

  /** The position of a mark, as parameters of a request. */
  at(cursor = 0): { readonly textDocument: { readonly uri: string }; readonly position: Position } {
    const offset = this.cursors[cursor];
    if (offset === undefined) throw new Error(`The source has no cursor ${cursor}.`);
    return { ...this.id, position: this.position(offset) };
  }

  position(offset: number): Position {
    return rangeOf(this.#source, { start: offset, end: offset }).start;
  }

  range(span = 0): Range {
    return rangeOf(this.#source, this.spans[span] as Span);
  }

  whole(): Range {
    return rangeOf(this.#source, { start: 0, end: this.text.length });
  }

  offset(position: Position): number {
    return offsetAt(this.#source, position);
  }

  slice(range: Range): string {
    return this.#source.slice(spanOf(this.#source, range));
  }

  /** The text with marks around ranges. */
  mark(ranges: readonly Range[]): string {
    return mark(
      this.text,
      ranges.map((range) => spanOf(this.#source, range)),
    );
  }

  request<T>(method: string, params: object): Promise<T> {
    return this.#editor.connection.sendRequest(method, params);
  }

  /** Replaces spans, each given in the text as the ones before have left it. */
  async edit(
    ...edits: readonly { readonly start: number; readonly end: number; readonly text: string }[]
  ): Promise<void> {
    const contentChanges = edits.map(({ start, end, text }) => {
      if (sendable(this.text, start) !== start || sendable(this.text, end) !== end) {
        throw new Error(`No editor edits inside a character or a line break: ${start} to ${end}.`);
      }
      const range = rangeOf(this.#source, { start, end });
      this.#source = new Source(this.uri, this.text.slice(0, start) + text + this.text.slice(end));
      return { range, text };
    });
    this.version++;
    await this.#change(contentChanges);
  }

  /** Replaces the whole text. */
  async replace(text: string): Promise<void> {
    this.#source = new Source(this.uri, text);
    this.version++;
    await this.#change([{ text }]);
  }

  #change(contentChanges: readonly object[]): Promise<void> {
    return this.#editor.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri, version: this.version },
      contentChanges,
    });
  }

  /** The diagnostics of the text as it is. */
  diagnostics(): Promise<readonly Diagnostic[]> {
    return this.#editor.published(this.uri, this.version);
  }

  /** The text with edits made; they must not overlap. */
  edited(edits: readonly TextEdit[]): string {
    const ordered = edits
      .map(({ range, newText }) => ({ ...spanOf(this.#source, range), newText }))
      .sort((a, b) => b.start - a.start || b.end - a.end);
    let { text } = this;
    let last = text.length + 1;
    for (const { start, end, newText } of ordered) {
      if (end > last) throw new Error(`The edits overlap at ${start}.`);
      text = text.slice(0, start) + newText + text.slice(end);
      last = start;
    }
    return text;
  }
}

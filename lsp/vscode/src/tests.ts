import { basename } from "node:path";
import * as vscode from "vscode";
import {
  type Diagnostic,
  type LanguageClient,
  type Range,
  State,
} from "vscode-languageclient/node";

/** What the server answers to `mcpp/tests`. */
interface TestsOfFile {
  readonly uri: string;
  readonly tests: readonly { readonly name: string; readonly range: Range }[];
}

/** What the server answers to its command `mcpp.runTests`; null where there is nothing to run any more. */
type RunAnswer = {
  readonly errors: number;
  readonly tests: readonly {
    readonly name: string;
    readonly failures: readonly Diagnostic[];
  }[];
} | null;

/** How long typing may go on before the list follows (milliseconds). */
const DELAY = 300;

/** The tests of all policies in the test explorer: one item a file, below it one a test. */
export function showTests(context: vscode.ExtensionContext, client: LanguageClient): void {
  const controller = vscode.tests.createTestController("mcpp", "mcpp policies");
  const list = new TestList(controller, client);
  controller.refreshHandler = () => list.all();
  controller.createRunProfile(
    "Run",
    vscode.TestRunProfileKind.Run,
    (request, token) => new Runner(controller, client).run(request, token),
    true,
  );
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.mcpp");
  context.subscriptions.push(
    controller,
    watcher,
    { dispose: () => list.stop() },
    watcher.onDidCreate((uri) => list.soon(uri)),
    watcher.onDidChange((uri) => list.soon(uri)),
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString())),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.languageId === "mcpp") list.soon(document.uri);
    }),
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) void list.all();
    }),
  );
}

/** Keeps the items what the server says that there is. */
class TestList {
  readonly #controller: vscode.TestController;
  readonly #client: LanguageClient;
  readonly #waiting = new Map<string, NodeJS.Timeout>();

  constructor(controller: vscode.TestController, client: LanguageClient) {
    this.#controller = controller;
    this.#client = client;
  }

  async all(): Promise<void> {
    const files = await this.#ask({});
    this.#controller.items.replace([]);
    for (const file of files) this.#show(file);
  }

  /** After a file has changed. */
  soon(uri: vscode.Uri): void {
    const key = uri.toString();
    clearTimeout(this.#waiting.get(key));
    const timer = setTimeout(() => {
      this.#waiting.delete(key);
      void this.#one(key);
    }, DELAY);
    this.#waiting.set(key, timer);
  }

  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
  }

  async #one(uri: string): Promise<void> {
    for (const file of await this.#ask({ uri })) this.#show(file);
  }

  async #ask(params: { readonly uri?: string }): Promise<readonly TestsOfFile[]> {
    if (!this.#client.isRunning()) return [];
    return this.#client.sendRequest<TestsOfFile[]>("mcpp/tests", params).catch(() => []);
  }

  #show({ uri, tests }: TestsOfFile): void {
    const file = vscode.Uri.parse(uri);
    const id = file.toString();
    if (tests.length === 0) {
      this.#controller.items.delete(id);
      return;
    }
    const item =
      this.#controller.items.get(id) ??
      this.#controller.createTestItem(id, vscode.workspace.asRelativePath(file), file);
    item.sortText = basename(file.path);
    item.children.replace(
      tests.map(({ name, range }) => {
        const test = item.children.get(name) ?? this.#controller.createTestItem(name, name, file);
        test.range = this.#client.protocol2CodeConverter.asRange(range);
        return test;
      }),
    );
    this.#controller.items.add(item);
  }
}

/** One run that a person has asked for. */
class Runner {
  readonly #controller: vscode.TestController;
  readonly #client: LanguageClient;

  constructor(controller: vscode.TestController, client: LanguageClient) {
    this.#controller = controller;
    this.#client = client;
  }

  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.#controller.createTestRun(request);
    try {
      for (const [uri, tests] of this.#chosen(request)) {
        if (token.isCancellationRequested) break;
        await this.#runFile(run, uri, tests);
      }
    } finally {
      run.end();
    }
  }

  /** The tests to run, by the URI of their file. */
  #chosen({ include, exclude = [] }: vscode.TestRunRequest): Map<string, vscode.TestItem[]> {
    const found = new Map<string, vscode.TestItem[]>();
    const add = (item: vscode.TestItem): void => {
      if (exclude.includes(item)) return;
      if (item.parent === undefined) {
        item.children.forEach(add);
        return;
      }
      const uri = item.parent.id;
      found.set(uri, [...(found.get(uri) ?? []), item]);
    };
    if (include === undefined) this.#controller.items.forEach(add);
    else include.forEach(add);
    return found;
  }

  async #runFile(
    run: vscode.TestRun,
    uri: string,
    items: readonly vscode.TestItem[],
  ): Promise<void> {
    for (const item of items) run.started(item);
    const [only, second] = items;
    const args = only !== undefined && second === undefined ? [uri, only.id] : [uri];
    const answer = await this.#client
      .sendRequest<RunAnswer>("workspace/executeCommand", {
        command: "mcpp.runTests",
        arguments: args,
      })
      .catch((error: unknown) => String(error));
    for (const item of items) this.#tell(run, item, answer);
  }

  #tell(run: vscode.TestRun, item: vscode.TestItem, answer: RunAnswer | string): void {
    if (typeof answer === "string") {
      run.errored(item, new vscode.TestMessage(answer));
      return;
    }
    if (answer !== null && answer.errors > 0) {
      const text = "The policy has errors, so its tests cannot run; they are listed as problems.";
      run.errored(item, new vscode.TestMessage(text));
      return;
    }
    const result = answer?.tests.find(({ name }) => name === item.id);
    if (result === undefined) run.skipped(item);
    else if (result.failures.length === 0) run.passed(item);
    else
      run.failed(
        item,
        result.failures.map((failure) => this.#message(item, failure)),
      );
  }

  #message(item: vscode.TestItem, { message, range }: Diagnostic): vscode.TestMessage {
    const told = new vscode.TestMessage(typeof message === "string" ? message : message.value);
    if (item.uri !== undefined) {
      const place = this.#client.protocol2CodeConverter.asRange(range);
      told.location = new vscode.Location(item.uri, place);
    }
    return told;
  }
}

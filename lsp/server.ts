import type { Readable, Writable } from "node:stream";
import type {
  DocumentDiagnosticParams,
  DocumentDiagnosticReport,
  Position,
  TextDocumentIdentifier,
  WorkspaceDocumentDiagnosticReport,
} from "vscode-languageserver/node";
import {
  type CancellationToken,
  createConnection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DocumentDiagnosticReportKind,
  LSPErrorCodes,
  ProposedFeatures,
  ResponseError,
} from "vscode-languageserver/node";
import type { Judge } from "../compiler/index.ts";
import { COMPILE_COMMAND, capabilitiesOf } from "./capabilities.ts";
import { Checks } from "./checks.ts";
import { type Client, clientOf, DEFAULT_SETTINGS, settingsOf } from "./client.ts";
import { codeActions } from "./features/code-actions.ts";
import { codeLenses } from "./features/code-lens.ts";
import { compiledText, policyOfCompiledUri } from "./features/compiled.ts";
import { type CompletionData, completion, resolveCompletion } from "./features/completion.ts";
import { definition } from "./features/definition.ts";
import { foldingRanges } from "./features/folding.ts";
import { formatting, formattingOnType } from "./features/formatting.ts";
import { documentHighlights } from "./features/highlights.ts";
import { hover } from "./features/hover.ts";
import { inlayHints } from "./features/inlay-hints.ts";
import { documentLinks } from "./features/links.ts";
import { documentReport, workspaceReports } from "./features/pull-diagnostics.ts";
import { references } from "./features/references.ts";
import { prepareRename, rename } from "./features/rename.ts";
import { selectionRanges } from "./features/selection.ts";
import { semanticTokens, TokenMemory } from "./features/semantic-tokens.ts";
import { signatureHelp } from "./features/signature.ts";
import { statusOf } from "./features/status.ts";
import { documentSymbols, workspaceSymbols } from "./features/symbols.ts";
import {
  allTests,
  RUN_TESTS_COMMAND,
  type RunAnswer,
  runAnswer,
  testLenses,
  testsOf,
} from "./features/tests.ts";
import { findPolicies, folderOf, isInside, nameOf, uriOf } from "./files.ts";
import { offsetAt, spanOf } from "./positions.ts";
import type { TestRunner } from "./test-runs.ts";
import { type View, Workspace } from "./workspace.ts";

export interface LanguageServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly version: string;
  /** How often files that policies are made of are looked at, in milliseconds: not every editor watches them. */
  readonly pollMs?: number;
  /** Runs tests; without it they can only be read. */
  readonly runTests?: TestRunner;
  /** Decides the calls that refute claims; without it none is refuted. */
  readonly judge?: Judge;
}

/** Answers an editor until it says `exit` or its end of the streams closes, which ends the process (LSP 3.18). */
export function serveLanguage({
  input,
  output,
  version,
  pollMs = 2_000,
  runTests,
  judge,
}: LanguageServerOptions): void {
  const connection = createConnection(ProposedFeatures.all, input, output);
  const workspace = new Workspace({ runTests, judge });
  const { files } = workspace;
  const memory = new TokenMemory();
  let client: Client = clientOf({ processId: null, rootUri: null, capabilities: {} });
  let settings = DEFAULT_SETTINGS;
  let folders: string[] = [];
  const checks = new Checks(connection, workspace, () => client);

  // The life of a session ------------------------------------------------------------------------

  connection.onInitialize((params) => {
    client = clientOf(params);
    settings = settingsOf(
      (params.initializationOptions as { settings?: unknown } | undefined)?.settings,
    );
    const uris =
      params.workspaceFolders?.map(({ uri }) => uri) ?? (params.rootUri ? [params.rootUri] : []);
    folders = uris.map(folderOf);
    files.folder = folders[0];
    return {
      capabilities: capabilitiesOf(client, workspace.tests.canRun),
      serverInfo: { name: "mcpp", version },
    };
  });

  connection.onInitialized(async () => {
    const poll = setInterval(() => checks.now(), pollMs);
    poll.unref();
    if (client.watchesFiles) {
      void connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: "**/*.mcpp" }, { globPattern: "**/*.json" }],
      });
    }
    if (client.configuration) {
      void connection.client.register(DidChangeConfigurationNotification.type, { section: "mcpp" });
      await configure();
    }
    if (client.workspaceFolders) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = new Set(removed.map(({ uri }) => folderOf(uri)));
        const fresh = added.map(({ uri }) => folderOf(uri));
        folders = [...folders.filter((folder) => !gone.has(folder)), ...fresh];
        files.folder = folders[0];
        workspace.forget((name) => !folders.some((folder) => isInside(name, folder)));
        void scan(fresh);
      });
    }
    await scan(folders);
  });

  async function scan(among: readonly string[]): Promise<void> {
    for (const folder of among) workspace.add(await findPolicies(folder));
    checks.now();
  }

  async function configure(): Promise<void> {
    settings = settingsOf(
      await connection.workspace.getConfiguration("mcpp").catch(() => undefined),
    );
  }

  connection.onDidChangeConfiguration(async (change) => {
    if (client.configuration) await configure();
    else settings = settingsOf((change.settings as { mcpp?: unknown } | null)?.mcpp);
    checks.refreshHints();
  });

  connection.onShutdown(() => checks.stop());

  // Texts ----------------------------------------------------------------------------------------

  connection.onDidOpenTextDocument(
    ({ textDocument: { uri, version: opened, text, languageId } }) => {
      files.open(uri, opened, text, languageId === "mcpp" || uri.endsWith(".mcpp"));
      checks.now();
    },
  );

  connection.onDidChangeTextDocument(
    ({ textDocument: { uri, version: changed }, contentChanges }) => {
      files.change(uri, changed, contentChanges);
      checks.soon();
    },
  );

  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
    files.close(uri);
    memory.forget(uri);
    if (uri.endsWith(".mcpp")) workspace.add([nameOf(uri)]);
    checks.now();
  });

  connection.onDidSaveTextDocument(() => checks.now());

  connection.onDidChangeWatchedFiles(({ changes }) => {
    const policies = changes.filter(({ uri }) => uri.endsWith(".mcpp"));
    workspace.add(policies.map(({ uri }) => nameOf(uri)));
    checks.now();
  });

  // Questions ------------------------------------------------------------------------------------

  interface About {
    readonly textDocument: TextDocumentIdentifier;
  }

  /**
   * Answers about the text that was asked about, or not at all. What is asked at every keystroke is answered at
   * once: an editor shows no list at all while it is told that the text goes on.
   */
  function about<P extends About, R>(
    none: R,
    answer: (view: View, params: P) => R,
    when: "settled" | "at once" = "settled",
  ) {
    return async (params: P, token: CancellationToken): Promise<R> => {
      const { uri } = params.textDocument;
      const asked = files.get(uri)?.version;
      if (when === "settled") await settled();
      if (token.isCancellationRequested) {
        throw new ResponseError(LSPErrorCodes.RequestCancelled, "The request was cancelled.");
      }
      if (files.get(uri)?.version !== asked) {
        throw new ResponseError(LSPErrorCodes.ContentModified, "The text has changed since.");
      }
      const view = workspace.view(uri);
      return view === undefined ? none : answer(view, params);
    };
  }

  function at<P extends About & { readonly position: Position }, R>(
    none: R,
    answer: (view: View, offset: number, params: P) => R,
    when?: "settled" | "at once",
  ) {
    return about<P, R>(
      none,
      (view, params) => answer(view, offsetAt(view.source, params.position), params),
      when,
    );
  }

  connection.onCompletion(at(null, (view, offset) => completion(view, offset, client), "at once"));
  connection.onCompletionResolve((item) => {
    const { uri } = item.data as CompletionData;
    return resolveCompletion(workspace.view(uri), item);
  });
  connection.onHover(at(null, hover));
  connection.onSignatureHelp(at(null, signatureHelp, "at once"));
  connection.onDefinition(at([], definition));
  connection.onReferences(
    at([], (view, offset, { context }) => references(view, offset, context.includeDeclaration)),
  );
  connection.onDocumentHighlight(at([], documentHighlights));
  connection.onPrepareRename(at(null, prepareRename));
  connection.onRenameRequest(
    at(null, (view, offset, { newName }) => rename(view, offset, newName, client)),
  );
  connection.onDocumentSymbol(about([], documentSymbols));
  connection.onWorkspaceSymbol(({ query }) => workspaceSymbols(workspace, query));
  connection.onFoldingRanges(about([], foldingRanges));
  connection.onSelectionRanges(
    about([], (view, { positions }) => selectionRanges(view, positions)),
  );
  connection.onDocumentLinks(about([], documentLinks));
  connection.onCodeLens(
    about([], (view) => {
      if (!settings.codeLens) return [];
      const ofTests = client.testExplorer ? [] : testLenses(view, workspace.tests);
      return [...codeLenses(view, client.commands), ...ofTests];
    }),
  );
  connection.onCodeAction(
    about([], (view, { range, context }) =>
      codeActions(view, spanOf(view.source, range), context.only, client),
    ),
  );
  connection.onDocumentFormatting(about([], (view) => formatting(view)));
  connection.onDocumentRangeFormatting(
    about([], (view, { range }) => formatting(view, [spanOf(view.source, range)])),
  );
  connection.onDocumentRangesFormatting(
    about([], (view, { ranges }) =>
      formatting(
        view,
        ranges.map((range) => spanOf(view.source, range)),
      ),
    ),
  );
  connection.onDocumentOnTypeFormatting(
    at([], (view, offset, { ch }) => formattingOnType(view, offset, ch)),
  );
  connection.languages.inlayHint.on(
    about([], (view, { range }) =>
      inlayHints(view, spanOf(view.source, range), settings.inlayHints),
    ),
  );
  connection.languages.semanticTokens.on(
    about({ data: [] }, (view) => memory.full(view.uri, semanticTokens(view))),
  );
  connection.languages.semanticTokens.onDelta(
    about({ data: [] }, (view, { previousResultId }) =>
      memory.delta(view.uri, previousResultId, semanticTokens(view)),
    ),
  );
  connection.languages.semanticTokens.onRange(
    about({ data: [] }, (view, { range }) => ({
      data: semanticTokens(view, spanOf(view.source, range)),
    })),
  );

  // Diagnostics that the editor asks for -------------------------------------------------------------

  connection.languages.diagnostics.on(
    about<DocumentDiagnosticParams, DocumentDiagnosticReport>(
      { kind: DocumentDiagnosticReportKind.Full, items: [] },
      (view, { previousResultId }) =>
        documentReport(view, previousResultId, client.relatedDocuments),
    ),
  );

  connection.languages.diagnostics.onWorkspace(async ({ previousResultIds }, token) => {
    const items: WorkspaceDocumentDiagnosticReport[] = [];
    // What the editor asks meanwhile comes first.
    for await (const report of workspaceReports(workspace, previousResultIds, settled)) {
      if (token.isCancellationRequested) break;
      items.push(report);
    }
    return { items };
  });

  // What a policy compiles to ------------------------------------------------------------------------

  connection.workspace.textDocumentContent.on(({ uri }) => {
    const policy = policyOfCompiledUri(uri);
    if (policy === undefined) return null;
    checks.shows(policy);
    const text = compiledText(workspace, policy);
    return text === null ? null : { text };
  });

  // For the status line of an editor: `{ uri }` → `{ server?, tools?, errors }`.
  connection.onRequest("mcpp/status", ({ uri }: { readonly uri: string }) => {
    const view = workspace.view(uri);
    return view === undefined ? null : statusOf(view);
  });

  // For an editor's list of tests: the tests of every policy, or of the one with `{ uri }`.
  connection.onRequest("mcpp/tests", ({ uri }: { readonly uri?: string } = {}) => {
    if (uri === undefined) return allTests(workspace);
    const source = workspace.files.source(nameOf(uri));
    return source === undefined ? [] : [testsOf(workspace, source)];
  });

  connection.onExecuteCommand(({ command, arguments: given = [] }) => {
    const [path, test] = given as readonly unknown[];
    if (typeof path !== "string") return null;
    const uri = path.includes(":") ? path : uriOf(path);
    if (command === COMPILE_COMMAND) return compiledText(workspace, uri);
    if (command !== RUN_TESTS_COMMAND) return null;
    return testRun(uri, typeof test === "string" ? test : undefined);
  });

  async function testRun(uri: string, test: string | undefined): Promise<RunAnswer | null> {
    const run = await workspace.tests.run(uri, test);
    if (run === null) return null;
    checks.tested();
    return runAnswer(uri, run, workspace);
  }

  connection.listen();
}

/**
 * Lets what has arrived meanwhile be heard: changes of the text, and requests that are not wanted any more. The
 * connection hears one message a turn of the event loop.
 */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

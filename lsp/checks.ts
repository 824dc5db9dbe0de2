import type { Connection, Diagnostic } from "vscode-languageserver/node";
import type { Source } from "../language/index.ts";
import type { Client } from "./client.ts";
import { compiledUri } from "./features/compiled.ts";
import { resultId, toLsp } from "./features/diagnostics.ts";
import { diagnosticsIn, type View, type Workspace } from "./workspace.ts";

/** How long typing may go on, in milliseconds, before a policy that is slow to check is checked. */
const LONGEST_DELAY = 150;
/** Policies that are checked faster than this, in milliseconds, are checked at every keystroke. */
const FAST = 50;

/**
 * Checks the open policies when something has changed: sends their diagnostics, or tells an editor that asks for
 * them that they may be other ones now.
 */
export class Checks {
  readonly #connection: Connection;
  readonly #workspace: Workspace;
  readonly #client: () => Client;
  #timer: NodeJS.Timeout | undefined;
  #cost = 0;
  /** What was last sent, by URI. */
  readonly #sent = new Map<string, { readonly version: number | undefined; readonly id: string }>();
  /** What each open policy was when it was last looked at. */
  readonly #seen = new Map<string, View>();
  /** Policies whose JSON the editor shows. */
  readonly #shown = new Set<string>();

  constructor(connection: Connection, workspace: Workspace, client: () => Client) {
    this.#connection = connection;
    this.#workspace = workspace;
    this.#client = client;
  }

  /** After the editor has changed a text. Several changes at once are one. */
  soon(): void {
    clearTimeout(this.#timer);
    const delay = this.#cost < FAST ? 0 : Math.min(this.#cost, LONGEST_DELAY);
    this.#timer = setTimeout(() => this.now(), delay);
  }

  /** After files have changed, or may have. */
  now(): void {
    clearTimeout(this.#timer);
    const start = performance.now();
    const opened = this.#workspace.files.opened();
    const views = opened.flatMap(({ uri }) => this.#workspace.view(uri) ?? []);
    // What they are now, not what they may be when the next change is compared with them.
    for (const view of views) void view.compilations;
    this.#cost = performance.now() - start;
    const stale = views.filter((view) => isOther(view, this.#seen.get(view.uri)));
    const byFiles = stale.some((view) => this.#seen.get(view.uri)?.version === view.version);
    this.#seen.clear();
    for (const view of views) this.#seen.set(view.uri, view);
    // An editor asks by itself about the text that it changed, yet knows nothing of the files on disk.
    if (!this.#client().pullsDiagnostics) this.#send(views);
    if (byFiles) this.#refresh();
    for (const { uri } of stale) this.#refreshContent(uri);
  }

  /** After tests have run: what has failed is told like what the checker finds. */
  tested(): void {
    this.now();
    this.#refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The editor shows the JSON of a policy. */
  shows(uri: string): void {
    this.#shown.add(uri);
  }

  #send(views: readonly View[]): void {
    const found = new Map<string, { readonly version?: number; readonly items: Diagnostic[] }>();
    for (const view of views) {
      const { uri, version } = view;
      const items = this.#workspace
        .diagnosticsOf(view)
        .map((diagnostic) => toLsp(diagnostic, this.#workspace));
      found.set(uri, { version, items });
    }
    for (const { uri, items } of others(views, this.#workspace)) {
      if (!found.has(uri)) found.set(uri, { items });
    }
    for (const uri of this.#sent.keys()) if (!found.has(uri)) found.set(uri, { items: [] });
    for (const [uri, { version, items }] of found) {
      const id = resultId(items);
      const last = this.#sent.get(uri);
      if (last?.id === id && last.version === version) continue;
      if (version === undefined && items.length === 0) this.#sent.delete(uri);
      else this.#sent.set(uri, { version, id });
      const diagnostics = {
        uri,
        diagnostics: items,
        ...(version === undefined ? {} : { version }),
      };
      void this.#connection.sendDiagnostics(diagnostics);
    }
  }

  #refresh(): void {
    if (this.#client().refreshesDiagnostics) this.#connection.languages.diagnostics.refresh();
    this.refreshHints();
  }

  /** Hints and lenses may be other ones now, though no text has changed. */
  refreshHints(): void {
    const { refreshesHints, refreshesLenses } = this.#client();
    if (refreshesHints) void this.#connection.languages.inlayHint.refresh().catch(ignored);
    if (refreshesLenses)
      void this.#connection.sendRequest("workspace/codeLens/refresh").catch(ignored);
  }

  #refreshContent(uri: string): void {
    if (!this.#shown.has(uri) || !this.#client().refreshesContent) return;
    const { textDocumentContent } = this.#connection.workspace;
    void textDocumentContent.refresh(compiledUri(uri)).catch(ignored);
  }
}

/** An editor that cannot be told has nothing to refresh. */
function ignored(): void {}

function isOther(view: View, before: View | undefined): boolean {
  return (
    before === undefined ||
    view.compilations.length !== before.compilations.length ||
    view.compilations.some((compilation, index) => compilation !== before.compilations[index])
  );
}

/** What is to say of files that the open policies read and that are not open themselves. */
export function others(
  views: readonly View[],
  workspace: Workspace,
): readonly { readonly uri: string; readonly items: Diagnostic[] }[] {
  const compilations = [...new Set(views.flatMap((view) => view.compilations))];
  const open = new Set(views.map(({ source }) => source.name));
  const sources = new Map<string, Source>();
  for (const { source } of compilations.flatMap(({ diagnostics }) => diagnostics)) {
    if (!open.has(source.name)) sources.set(source.name, source);
  }
  return [...sources.values()].map((source) => ({
    uri: workspace.uriOf(source),
    items: diagnosticsIn(source, compilations).map((diagnostic) => toLsp(diagnostic, workspace)),
  }));
}

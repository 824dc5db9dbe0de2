import type { InitializeParams } from "vscode-languageserver/node";

/** What the editor understands, and what the user has set. */
export interface Client {
  readonly documentChanges: boolean;
  readonly snippets: boolean;
  readonly insertReplace: boolean;
  /** It asks for diagnostics; else they are sent. */
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly refreshesHints: boolean;
  readonly refreshesLenses: boolean;
  readonly refreshesContent: boolean;
  readonly relatedDocuments: boolean;
  readonly watchesFiles: boolean;
  readonly configuration: boolean;
  readonly workspaceFolders: boolean;
  /** It lets a rename be prepared. */
  readonly preparesRename: boolean;
  /** It lists tests itself and runs them from its list: `initializationOptions.testExplorer`. */
  readonly testExplorer: boolean;
  /** Commands that it carries out itself: `initializationOptions.commands`. */
  readonly commands: ReadonlySet<string>;
}

export function clientOf({ capabilities, initializationOptions }: InitializeParams): Client {
  const { textDocument, workspace } = capabilities;
  const item = textDocument?.completion?.completionItem;
  const options = record(initializationOptions);
  const given = options.commands;
  const commands = Array.isArray(given) ? given.filter((name) => typeof name === "string") : [];
  return {
    documentChanges: workspace?.workspaceEdit?.documentChanges === true,
    snippets: item?.snippetSupport === true,
    insertReplace: item?.insertReplaceSupport === true,
    pullsDiagnostics: textDocument?.diagnostic !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    refreshesHints: workspace?.inlayHint?.refreshSupport === true,
    refreshesLenses: workspace?.codeLens?.refreshSupport === true,
    refreshesContent: workspace?.textDocumentContent !== undefined,
    relatedDocuments: textDocument?.diagnostic?.relatedDocumentSupport === true,
    watchesFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    configuration: workspace?.configuration === true,
    workspaceFolders: workspace?.workspaceFolders === true,
    preparesRename: textDocument?.rename?.prepareSupport === true,
    testExplorer: options.testExplorer === true,
    commands: new Set(commands),
  };
}

/** The section `mcpp` of the editor's settings. */
export interface Settings {
  readonly inlayHints: {
    readonly targets: boolean;
    readonly rates: boolean;
    readonly types: boolean;
  };
  readonly codeLens: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  inlayHints: { targets: true, rates: true, types: true },
  codeLens: true,
};

/** What is not set, or set to what is no boolean, is as by default. */
export function settingsOf(given: unknown): Settings {
  const section = record(given);
  const hints = record(section.inlayHints);
  const { inlayHints, codeLens } = DEFAULT_SETTINGS;
  return {
    inlayHints: {
      targets: flag(hints.targets, inlayHints.targets),
      rates: flag(hints.rates, inlayHints.rates),
      types: flag(hints.types, inlayHints.types),
    },
    codeLens: flag(section.codeLens, codeLens),
  };
}

function record(value: unknown): { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null ? (value as { [key: string]: unknown }) : {};
}

function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === "boolean" ? value : otherwise;
}

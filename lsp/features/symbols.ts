import type { DocumentSymbol, WorkspaceSymbol } from "vscode-languageserver/node";
import { SymbolKind } from "vscode-languageserver/node";
import type { Document, On, Rule, Source, Span, Statement, When } from "../../language/index.ts";
import { parsed, printTargets } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import type { View, Workspace } from "../workspace.ts";

const MOST = 1_000;

interface Outline {
  readonly name: string;
  readonly detail?: string;
  readonly kind: SymbolKind;
  readonly span: Span;
  /** What is selected when it is gone to. */
  readonly at: Span;
  readonly children?: readonly Outline[];
}

/** The statements of a file, those in blocks below them. */
export function documentSymbols({ document, source }: View): DocumentSymbol[] {
  return outline(document).map((entry) => toSymbol(entry, source));
}

function toSymbol(
  { name, detail, kind, span, at, children }: Outline,
  source: Source,
): DocumentSymbol {
  return {
    name,
    kind,
    range: rangeOf(source, span),
    selectionRange: rangeOf(source, at),
    ...(detail === undefined ? {} : { detail }),
    ...(children === undefined
      ? {}
      : { children: children.map((child) => toSymbol(child, source)) }),
  };
}

/** The statements of every policy that match a query: its letters in their order. */
export function workspaceSymbols(workspace: Workspace, query: string): WorkspaceSymbol[] {
  const found: WorkspaceSymbol[] = [];
  for (const name of workspace.policies()) {
    const source = workspace.files.source(name);
    if (source === undefined) continue;
    const pending = [...outline(parsed(source).document)];
    for (let entry = pending.shift(); entry !== undefined; entry = pending.shift()) {
      pending.unshift(...(entry.children ?? []));
      if (!matches(entry.name, query)) continue;
      found.push({
        name: entry.name,
        kind: entry.kind,
        location: { uri: workspace.uriOf(source), range: rangeOf(source, entry.at) },
        containerName: source.name.slice(source.name.lastIndexOf("/") + 1),
      });
      if (found.length >= MOST) return found;
    }
  }
  return found;
}

function matches(name: string, query: string): boolean {
  let at = 0;
  const folded = name.toLowerCase();
  for (const letter of query.toLowerCase()) {
    at = folded.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function outline({ statements }: Document): readonly Outline[] {
  return statements.flatMap((statement) => entriesOf(statement));
}

function entriesOf(node: Statement | Rule | On | When): readonly Outline[] {
  const { span } = node;
  switch (node.kind) {
    case "server":
      return [
        {
          name: node.name.value,
          detail: "server",
          kind: SymbolKind.Module,
          span,
          at: node.name.span,
        },
      ];
    case "default":
      return [
        {
          name: `default ${node.effect}`,
          kind: SymbolKind.Property,
          span,
          at: node.effectSpan,
          ...(node.of === "tool" ? {} : { detail: `${node.of}s` }),
        },
      ];
    case "validate":
    case "pin":
      return [
        {
          name: node.kind === "pin" ? "pin tools" : "validate arguments",
          kind: SymbolKind.Property,
          span,
          at: span,
        },
      ];
    case "labels":
      return node.labels.map(({ name, span: whole }) => ({
        name: name.value,
        detail: "label",
        kind: SymbolKind.Enum,
        span: whole,
        at: name.span,
      }));
    case "import":
      return [
        {
          name: node.path.value === "" ? '""' : node.path.value,
          detail: "import",
          kind: SymbolKind.File,
          span,
          at: node.path.span,
        },
      ];
    case "let":
      return [
        {
          name: node.name.value,
          detail: "let",
          kind: SymbolKind.Constant,
          span,
          at: node.name.span,
        },
      ];
    case "group":
      return [
        {
          name: `@${node.name.value}`,
          detail: printTargets(node.targets),
          kind: SymbolKind.Class,
          span,
          at: node.name.span,
        },
      ];
    case "on":
      return [
        {
          name: `on ${printTargets(node.targets)}`,
          kind: SymbolKind.Namespace,
          span,
          at: node.targets.span,
          children: node.body.flatMap((rule) => entriesOf(rule)),
        },
      ];
    case "when":
      return [
        {
          name: "when",
          kind: SymbolKind.Namespace,
          span,
          at: node.condition.span,
          children: node.body.flatMap((rule) => entriesOf(rule)),
        },
      ];
    case "test":
      return [
        {
          name: node.name.value === "" ? '""' : node.name.value,
          detail: "test",
          kind: SymbolKind.Method,
          span,
          at: node.name.span,
        },
      ];
    case "claim":
      return [
        {
          name: `${node.claim} ${printTargets(node.targets)}`,
          kind: SymbolKind.Boolean,
          span,
          at: node.targets.span,
        },
      ];
    case "broken":
      return [];
    default: {
      const targets = node.targets === undefined ? "" : ` ${printTargets(node.targets)}`;
      const all = node.kind === "limit" && node.all !== undefined ? " all" : "";
      return [
        {
          name: `${node.kind}${targets}${all}`,
          kind: SymbolKind.Function,
          span,
          at: node.targets?.span ?? node.keyword,
        },
      ];
    }
  }
}

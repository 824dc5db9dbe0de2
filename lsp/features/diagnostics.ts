import type {
  DiagnosticRelatedInformation,
  Diagnostic as LspDiagnostic,
} from "vscode-languageserver/node";
import { DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver/node";
import type { Diagnostic, Severity } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import type { Workspace } from "../workspace.ts";

const SEVERITY: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};

/** A diagnostic in the terms of the protocol; its hint is its last line. */
export function toLsp(diagnostic: Diagnostic, workspace: Workspace): LspDiagnostic {
  const { source, span, severity, code, message, hint, related = [], tags = [] } = diagnostic;
  const relatedInformation = related.map(
    (place): DiagnosticRelatedInformation => ({
      location: { uri: workspace.uriOf(place.source), range: rangeOf(place.source, place.span) },
      message: place.message,
    }),
  );
  return {
    range: rangeOf(source, span),
    severity: SEVERITY[severity],
    code,
    source: "mcpp",
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...(relatedInformation.length === 0 ? {} : { relatedInformation }),
    ...(tags.length === 0 ? {} : { tags: tags.map(() => DiagnosticTag.Unnecessary) }),
  };
}

/** A text that two lists of diagnostics share exactly when they are the same. */
export function resultId(diagnostics: readonly LspDiagnostic[]): string {
  const text = JSON.stringify(diagnostics);
  let hash = 0n;
  // FNV-1a, 64 bits: a changed list must not look like the one before.
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return `${text.length}.${hash.toString(36)}`;
}

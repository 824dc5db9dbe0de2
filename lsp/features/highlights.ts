import type { DocumentHighlight } from "vscode-languageserver/node";
import { DocumentHighlightKind } from "vscode-languageserver/node";
import { mentionAt, mentionsOf } from "../../compiler/index.ts";
import { rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";

/** The mentions of the name at an offset in its own file. */
export function documentHighlights(view: View, offset: number): DocumentHighlight[] {
  const mention = mentionAt(view.document, offset);
  if (mention === undefined) return [];
  return mentionsOf(view.program, mention)
    .filter(({ source }) => source === view.source)
    .map(({ span, role }) => ({
      range: rangeOf(view.source, span),
      kind: role === "definition" ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
    }));
}

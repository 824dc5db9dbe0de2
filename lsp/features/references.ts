import type { Location } from "vscode-languageserver/node";
import { type Mention, mentionAt, mentionsOf } from "../../compiler/index.ts";
import type { Source, Span } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import type { View, Workspace } from "../workspace.ts";

/** Every mention of the name at an offset, in every file. The tool list is not among them. */
export function references(view: View, offset: number, withDefinition: boolean): Location[] {
  const mention = mentionAt(view.document, offset);
  if (mention === undefined) return [];
  return allMentions(view, mention)
    .filter(({ role }) => withDefinition || role === "use")
    .map(({ source, span }) => place(view.workspace, source, span));
}

/** The mentions of one thing, in every policy that the file belongs to. */
export function allMentions({ compilations }: View, mention: Mention): readonly Mention[] {
  const seen = new Set<string>();
  return compilations
    .flatMap(({ program }) => mentionsOf(program, mention))
    .filter(({ source, span }) => {
      const key = `${source.name} ${span.start}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** A place in a file, for the editor. */
export function place(workspace: Workspace, source: Source, span: Span): Location {
  return { uri: workspace.uriOf(source), range: rangeOf(source, span) };
}

import type { DocumentLink } from "vscode-languageserver/node";
import { mentionsIn } from "../../compiler/index.ts";
import { uriOf } from "../files.ts";
import { rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";

/** The files that a policy names: imports and the tool list. */
export function documentLinks({ document, source, workspace }: View): DocumentLink[] {
  return mentionsIn(document).flatMap(({ kind, name, span }) => {
    if (kind !== "file" || name === "") return [];
    const target = workspace.files.resolve(name, source.name);
    if (workspace.files.source(target) === undefined) return [];
    const inQuotes = { start: span.start + 1, end: span.end - 1 };
    return [{ range: rangeOf(source, inQuotes), target: uriOf(target), tooltip: target }];
  });
}

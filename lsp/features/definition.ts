import type { Location } from "vscode-languageserver/node";
import { type Mention, mentionAt, type Program, scopeAt, toolSpans } from "../../compiler/index.ts";
import { expectedAt, type Source, type Span } from "../../language/index.ts";
import type { View } from "../workspace.ts";
import { allMentions, place } from "./references.ts";

/** Where the name at an offset comes from. */
export function definition(view: View, offset: number): Location[] {
  const mention = mentionAt(view.document, offset);
  if (mention === undefined) return [];
  const { workspace, program } = view;
  switch (mention.kind) {
    case "file": {
      const name = workspace.files.resolve(mention.name, mention.source.name);
      const file = workspace.files.source(name);
      return file === undefined ? [] : [place(workspace, file, { start: 0, end: 0 })];
    }
    case "tool":
      return toolPlaces(view, program, [mention.name]);
    case "argument":
      return toolPlaces(view, program, toolsOfPath(view, offset).slice(0, MOST_TOOLS));
    case "server":
      return program.tools.source === undefined
        ? []
        : [place(workspace, program.tools.source, { start: 0, end: 0 })];
    default:
      return definitionsOf(view, mention).map(({ source, span }) => place(workspace, source, span));
  }
}

/** An argument of more tools than these leads to some of them. */
const MOST_TOOLS = 10;

function toolsOfPath({ program, document, source }: View, offset: number): readonly string[] {
  return scopeAt(program, document, offset, expectedAt(source, offset)).tools;
}

function definitionsOf(view: View, mention: Mention): readonly Mention[] {
  const all = allMentions(view, mention);
  const definitions = all.filter(({ role }) => role === "definition");
  // A counter is made by the limits that name it; the first of them is shown.
  return definitions.length > 0 || mention.kind !== "counter" ? definitions : all.slice(0, 1);
}

/** Where tools stand in the tool list. */
export function toolPlaces(
  { workspace }: View,
  { tools }: Program,
  names: readonly string[],
): Location[] {
  const { source } = tools;
  if (source === undefined) return [];
  const spans = spansOf(source);
  return names.flatMap((name) => {
    const span = spans.get(name);
    return span === undefined ? [] : [place(workspace, source, span)];
  });
}

const known = new WeakMap<Source, ReadonlyMap<string, Span>>();

function spansOf(source: Source): ReadonlyMap<string, Span> {
  const spans = known.get(source) ?? toolSpans(source);
  known.set(source, spans);
  return spans;
}

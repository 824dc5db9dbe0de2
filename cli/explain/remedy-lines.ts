import { visible } from "../../language/index.ts";
import { printPath } from "../../policy/index.ts";
import type { ExplainedCall } from "../../runtime/index.ts";
import { firstLine, shorten } from "../statement.ts";
import type { Colours } from "./conditions.ts";
import type { ExplainedPolicy } from "./policy.ts";
import { describeEdit, type Edit } from "./remedy/edit.ts";
import type { Remedies, Remedy } from "./remedy/search.ts";

/** What would have to change, for a person at a terminal. */
export function remedyLines(
  { outcome, rule, source }: ExplainedCall,
  { found, always }: Remedies,
  statementAt: ExplainedPolicy["statementAt"],
  colours: Colours,
): string {
  if (outcome === "allow") return "";
  const goal =
    outcome === "ask" ? "for this to be allowed without waiting" : "for this to be allowed";
  const title = colours.bold("what would have to change");
  if (found.length === 0) {
    const statement = source === undefined ? undefined : statementAt(source);
    const by = statement === undefined ? rule : firstLine(statement);
    return always
      ? `${title}\n  nothing in the call helps: ${visible(by)} forbids every one`
      : `${title}\n  no change of the call was found ${goal}`;
  }
  return [title, ...found.flatMap((remedy) => linesOf(remedy, colours))].join("\n");
}

/** Characters of changes that stand on one line. */
const ON_ONE_LINE = 90;

function linesOf({ edits, outcome }: Remedy, colours: Colours): readonly string[] {
  const changes = edits.map((edit) => visible(shorten(describeEdit(edit), 160)));
  const end = outcome === "ask" ? colours.dim(", and a person is asked") : "";
  const arrow = colours.green("→");
  const line = changes.join(" and ");
  if (line.length <= ON_ONE_LINE) return [`  ${arrow} ${line}${end}`];
  return changes.map((change, index) => {
    const before = index === 0 ? `  ${arrow}` : "    and";
    return `${before} ${change}${index === changes.length - 1 ? end : ""}`;
  });
}

/** The same for programs. */
export function remediesJson({ found }: Remedies): readonly object[] {
  return found.map(({ edits, outcome }) => ({
    outcome,
    changes: edits.map((edit) => ({ ...changeJson(edit), text: describeEdit(edit) })),
  }));
}

function changeJson(edit: Edit): object {
  switch (edit.kind) {
    case "argument": {
      const { kind, path, value, options } = edit;
      return { kind, path: printPath(["args", ...path]), value, ...(options && { options }) };
    }
    case "no argument":
      return { kind: edit.kind, path: printPath(["args", ...edit.path]) };
    case "time":
      return { kind: edit.kind, at: new Date(edit.now).toISOString() };
    default:
      return edit;
  }
}

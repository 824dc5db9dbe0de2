import type { Range, WorkspaceEdit } from "vscode-languageserver/node";
import { ErrorCodes, ResponseError } from "vscode-languageserver/node";
import {
  isName,
  type Mention,
  mentionAt,
  mentionsIn,
  type Program,
  RISK_CLASSES,
} from "../../compiler/index.ts";
import { RESERVED } from "../../language/index.ts";
import { type Change, type EditClient, workspaceEdit } from "../edits.ts";
import { rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";
import { allMentions } from "./references.ts";

const OURS: ReadonlySet<Mention["kind"]> = new Set([
  "let",
  "group",
  "label",
  "counter",
  "variable",
]);

/** The name that would be renamed; null where there is none of the policy's own. Throws a sentence. */
export function prepareRename(
  view: View,
  offset: number,
): { range: Range; placeholder: string } | null {
  const mention = mentionAt(view.document, offset);
  if (mention === undefined) return null;
  refuse(view.program, mention);
  return { range: rangeOf(view.source, mention.span), placeholder: mention.name };
}

/** Renames what the policy itself introduces, in every file that mentions it. Throws a sentence. */
export function rename(
  view: View,
  offset: number,
  newName: string,
  client: EditClient,
): WorkspaceEdit | null {
  const mention = mentionAt(view.document, offset);
  if (mention === undefined) return null;
  refuse(view.program, mention);
  const name = mention.kind === "group" ? newName.replace(/^@/, "") : newName;
  if (name === mention.name) return null;
  refuseName(view, mention, name);
  const changes = allMentions(view, mention).map(
    ({ source, span, quoted }): Change => ({
      source,
      span,
      text: quoted ? JSON.stringify(name) : name,
    }),
  );
  return workspaceEdit(view.workspace, changes, client);
}

function refuse(program: Program, { kind, name }: Mention): void {
  if (!OURS.has(kind)) {
    throw wrong(
      kind === "tool" || kind === "argument" || kind === "resource" || kind === "prompt"
        ? `\`${name}\` is named by the server, and cannot be renamed in a policy.`
        : "There is nothing here that a policy names.",
    );
  }
  if (kind === "group" && !program.groups.has(name)) {
    throw wrong(`\`@${name}\` is not declared in this policy, and cannot be renamed.`);
  }
  if (kind === "label" && !program.labels.has(name)) {
    throw wrong(`\`${name}\` is not declared in this policy, and cannot be renamed.`);
  }
}

function refuseName({ program }: View, { kind, name }: Mention, newName: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(newName)) {
    throw wrong(
      `\`${newName}\` is no name: a name begins with a letter or \`_\` and goes on with letters, digits, \`_\` and \`-\`.`,
    );
  }
  const needsName = kind !== "group" && kind !== "label";
  if (needsName && !isName(newName)) {
    throw wrong(
      RESERVED.has(newName)
        ? `\`${newName}\` is a word of the language.`
        : `\`${newName}\` is no name.`,
    );
  }
  if (kind === "group" && RISK_CLASSES.some((builtIn) => builtIn === newName)) {
    throw wrong(`\`@${newName}\` is built in.`);
  }
  const taken = program.files.some(({ document }) =>
    mentionsIn(document).some(
      (other) =>
        other.name === newName &&
        (other.kind === kind ||
          // A let and an element of one name would take each other's place.
          ((kind === "let" || kind === "variable") &&
            (other.kind === "let" || other.kind === "variable"))),
    ),
  );
  if (taken) throw wrong(`There is a \`${newName}\` already; \`${name}\` would mean the same.`);
}

function wrong(message: string): ResponseError<void> {
  return new ResponseError(ErrorCodes.InvalidParams, message);
}

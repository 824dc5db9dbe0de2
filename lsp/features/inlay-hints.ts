import type { InlayHint } from "vscode-languageserver/node";
import { InlayHintKind } from "vscode-languageserver/node";
import {
  describeOptional,
  limitInWords,
  rateInWords,
  scopeAt,
  toolsOfItem,
  typeOfPath,
} from "../../compiler/index.ts";
import type { Item, LimitClause, Node, PathOperand, Span, Targets } from "../../language/index.ts";
import { walk } from "../../language/index.ts";
import { positionOf } from "../positions.ts";
import type { View } from "../workspace.ts";

export interface HintSettings {
  /** `get_*` ⟶ 7 tools */
  readonly targets: boolean;
  /** `10/minute` = 600/hour */
  readonly rates: boolean;
  /** `args.amount`: integer */
  readonly types: boolean;
}

const SHOWN = 20;
const LONGEST = 40;

/** What the text does not say: how many tools, how much in an hour, of which type. */
export function inlayHints(view: View, span: Span, settings: HintSettings): InlayHint[] {
  const { document, program, source } = view;
  const found: InlayHint[] = [];
  const add = (offset: number, label: string, kind: InlayHintKind, tooltip?: string): void => {
    found.push({
      position: positionOf(source, offset),
      label,
      kind,
      paddingLeft: kind === InlayHintKind.Parameter,
      ...(tooltip === undefined ? {} : { tooltip }),
    });
  };
  walk(document, (node, parents) => {
    if (node.span.end < span.start || node.span.start > span.end) return false;
    const { kind } = node as Node & { kind?: string };
    if (kind === "broken") return false;
    if (settings.targets && (kind === "glob" || kind === "group") && !("targets" in node)) {
      const { of } = parents.at(-1) as Targets;
      if (of !== "tool" || !program.tools.known) return true;
      const names = toolsOfItem(program, node as Item);
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
      const tooltip = `${names.slice(0, SHOWN).join(", ")}${more}`;
      add(
        node.span.end,
        `⟶ ${names.length} ${names.length === 1 ? "tool" : "tools"}`,
        InlayHintKind.Parameter,
        tooltip,
      );
    }
    if (settings.rates && kind === "limit-clause") {
      const clause = node as LimitClause;
      const rate = rateInWords(clause);
      if (rate !== undefined) {
        add(
          clause.amount.span.end,
          `= ${rate}`,
          InlayHintKind.Parameter,
          limitInWords(undefined, clause),
        );
      }
    }
    if (settings.types && kind === "path-operand") {
      const { path } = node as PathOperand;
      if (path.root.value === "grant" || path.root.value === "client") return true;
      const type = typeOfPath(scopeAt(program, document, path.span.end), path);
      if (type === undefined || type.type.kind === "unknown") return true;
      const words = describeOptional(type.type, type.mayBeMissing);
      const label = words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words;
      add(path.span.end, `: ${label}`, InlayHintKind.Type, type.description ?? words);
    }
    return true;
  });
  return found;
}

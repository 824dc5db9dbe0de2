import type { CodeLens } from "vscode-languageserver/node";
import { toolsOfTargets } from "../../compiler/index.ts";
import type { On, Rule, Statement } from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";

/** Above a rule or block that selects several tools: how many, and which kinds. Above the server: its tools. */
export function codeLenses(view: View, commands: ReadonlySet<string>): CodeLens[] {
  const { document, program, source } = view;
  if (!program.tools.known) return [];
  return document.statements.flatMap((statement): CodeLens[] => {
    const at = rangeOf(source, { start: statement.span.start, end: statement.span.start });
    if (statement.kind === "server") {
      const { names, risk } = program.tools;
      const title = [count(names.length), ...graveClasses(names, risk)].join(" · ");
      const lenses = [lens(at, title, names, commands)];
      if (commands.has("mcpp.pull")) {
        const command = { title: "Pull again", command: "mcpp.pull", arguments: [view.uri] };
        lenses.push({ range: at, command });
      }
      return lenses;
    }
    const targets = targetsOf(statement);
    if (targets === undefined || targets.of !== "tool") return [];
    const names = toolsOfTargets(program, targets);
    const lenses: CodeLens[] = [];
    if (targets.items.length > 1 || targets.items[0]?.kind !== "name") {
      const title = [count(names.length), ...graveClasses(names, program.tools.risk)].join(" · ");
      lenses.push(lens(at, title, names, commands));
    }
    // Where the decision depends on the call, one can be tried.
    const depends =
      statement.kind === "on" || ("guard" in statement && statement.guard !== undefined);
    if (depends && statement.kind !== "claim" && commands.has("mcpp.explain")) {
      const command = {
        title: "Explain a call",
        command: "mcpp.explain",
        arguments: [view.uri, names],
      };
      lenses.push({ range: at, command });
    }
    return lenses;
  });
}

function targetsOf(statement: Statement): (Rule | On)["targets"] {
  switch (statement.kind) {
    case "allow":
    case "deny":
    case "hide":
    case "ask":
    case "limit":
    case "on":
    case "group":
    case "claim":
      return statement.targets;
    default:
      return undefined;
  }
}

function lens(
  range: CodeLens["range"],
  title: string,
  names: readonly string[],
  commands: ReadonlySet<string>,
): CodeLens {
  // Without a command of the editor's it is text only.
  const command = commands.has("mcpp.showTools") ? "mcpp.showTools" : "";
  return { range, command: { title, command, arguments: [names] } };
}

function count(length: number): string {
  return `${length} ${length === 1 ? "tool" : "tools"}`;
}

function graveClasses(
  names: readonly string[],
  risk: ReadonlyMap<string, string>,
): readonly string[] {
  return ["destructive", "financial", "execute"].flatMap((grave) => {
    const found = names.filter((name) => risk.get(name) === grave).length;
    return found === 0 ? [] : [`${found} ${grave}`];
  });
}

import { type Diagnostic, report, type Source } from "../../language/index.ts";
import type { ConfigDocument, Path } from "./document.ts";
import { noVariableHere, unsetVariable } from "./messages.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * A value with its `${NAME}` replaced from the environment, where that is done. `source` is shown; `starts`: a
 * gateway is about to start, and what is not set is an error.
 */
export function substituted(
  document: ConfigDocument,
  source: Source,
  env: Environment,
  starts: boolean,
): { readonly value: unknown; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === "string") return textOf(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
    );
  };
  const textOf = (text: string, path: Path): string => {
    if (!text.includes("${")) return text;
    const span = document.spanOf(path);
    if (!takesVariables(path)) {
      const written = /\$\{[^}]*\}?/.exec(text)?.[0] ?? "${";
      diagnostics.push(report(noVariableHere, { text: written }, source, span));
      return text;
    }
    return text.replace(VARIABLE, (_, name: string) => {
      const found = env[name];
      if (found === undefined || found === "") {
        const parameters = { name, empty: found === "" };
        const extras = starts ? {} : { severity: "info" as const };
        diagnostics.push(report(unsetVariable, parameters, source, span, extras));
      }
      return found ?? "";
    });
  };
  return { value: walk(document.value, []), diagnostics };
}

/** Whether a value holds a secret, so that it may come from the environment. */
export function takesVariables(path: Path): boolean {
  const [first, , third] = path;
  if (first === "key" || first === "state") return true;
  if (first === "approvals" && path.length === 2 && path[1] === "webhook") return true;
  return first === "servers" && path.length === 4 && (third === "headers" || third === "env");
}

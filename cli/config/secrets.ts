import { Source } from "../../language/index.ts";
import type { ConfigDocument, Path } from "./document.ts";
import { takesVariables } from "./environment.ts";

const SECRET_NAME = /auth|token|key|secret|passw|cookie|credential/i;

interface Literal {
  readonly path: Path;
  readonly text: string;
}

/** Whether the text holds a secret itself, in place of the name of a variable. */
export function holdsSecrets(document: ConfigDocument): boolean {
  return literals(document).some(({ path, text }) => {
    if (path[0] === "key") return true;
    if (path[0] === "state") return URL.canParse(text) && new URL(text).password !== "";
    return SECRET_NAME.test(String(path.at(-1)));
  });
}

/** The text as it may be shown: what may be a secret is crossed out, and every place is where it was. */
export function redacted(document: ConfigDocument): Source {
  const { source } = document;
  let { text } = source;
  for (const { path, text: secret } of literals(document)) {
    if (path[0] === "state" && !secret.includes("@")) continue;
    const { start, end } = document.wholeSpanOf(path);
    const crossed = text.slice(start, end).replace(/[^\s"']/g, "*");
    text = text.slice(0, start) + crossed + text.slice(end);
  }
  return new Source(source.name, text);
}

/** The texts that stand where secrets stand, and name no variable. */
function literals(document: ConfigDocument): readonly Literal[] {
  const found: Literal[] = [];
  const walk = (value: unknown, path: Path): void => {
    if (typeof value === "string") {
      if (takesVariables(path) && !value.includes("${")) found.push({ path, text: value });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        walk(item, [...path, Array.isArray(value) ? Number(key) : key]);
      }
    }
  };
  walk(document.value, []);
  return found;
}

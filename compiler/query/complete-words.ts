import type { Expected, Source } from "../../language/index.ts";
import { beginsLine } from "../../language/index.ts";
import { type Candidate, docOf } from "./candidates.ts";
import { BARE_SNIPPETS, CLAUSES, SNIPPETS } from "./snippets.ts";

const STATEMENTS: ReadonlySet<string> = new Set([
  "shadow",
  "allow",
  "ask",
  "deny",
  "hide",
  "limit",
  "server",
  "default",
  "validate",
  "pin",
  "labels",
  "import",
  "let",
  "group",
  "always",
  "never",
  "on",
  "when",
  "test",
]);

/** The first words of the operators. */
export const OPERATORS: ReadonlySet<string> = new Set([
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "in",
  "not",
  "contains",
  "starts",
  "ends",
  "matches",
  "like",
  "under",
]);

/** What words mean behind `per` that mean something else elsewhere. */
const SCOPES: Readonly<Record<string, Pick<Candidate, "detail" | "doc">>> = {
  grant: { detail: "per grant", doc: "Each grant has a budget of its own, as without `per`." },
  server: { detail: "per server", doc: "All callers share one budget." },
  args: {
    detail: "per args.<name>",
    doc: "Each value of the argument has a budget of its own, within the grant unless `server` is named.",
  },
};

const UNITS = ["second", "minute", "hour", "day", "week", "month"];

/** The words of the language that may stand at a place. */
export function wordsAt(
  { context, keywords, replace, before }: Expected,
  { text: whole }: Source,
): readonly Candidate[] {
  const startsLine = beginsLine(whole, replace.start);
  const isOperatorPlace = keywords.includes("==");
  // Where another statement may begin, its words are offered at the beginning of a line only.
  const mayStart = keywords.includes("import") || keywords.includes("}");
  const starts = mayStart && (before.length === 0 || startsLine);
  const hasLimits = /^(allow|ask)$/.test(
    before[before[0]?.image === "shadow" ? 1 : 0]?.image ?? "",
  );
  const isScopePlace = keywords.includes("session");
  return keywords.flatMap((word): Candidate[] => {
    if (!/^[a-z]/.test(word) || (isOperatorPlace && OPERATORS.has(word))) return [];
    const isStatement = starts && STATEMENTS.has(word);
    const isClause = word === "limit" && hasLimits && context !== "on";
    if (mayStart && !starts && STATEMENTS.has(word) && !isClause) return [];
    const text = word === "ignoring" ? "ignoring case" : word;
    const snippets = isStatement ? (context === "on" ? BARE_SNIPPETS : SNIPPETS) : CLAUSES;
    const snippet = snippets[word];
    const kind = UNITS.includes(word) ? "unit" : isStatement ? "statement" : "keyword";
    return [
      {
        kind,
        label: text,
        text,
        ...(snippet === undefined ? {} : { snippet }),
        ...(isScopePlace ? (SCOPES[word] ?? docOf(word)) : docOf(word)),
      },
    ];
  });
}

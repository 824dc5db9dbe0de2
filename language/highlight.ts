import type { IToken, TokenType } from "chevrotain";
import type { Broken, Document, Node, Path, Statement } from "./ast.ts";
import { type TypedName, typedNames } from "./half-typed.ts";
import { parsed } from "./parsed.ts";
import type { Source, Span } from "./source.ts";
import * as t from "./tokens.ts";
import { walk } from "./walk.ts";

/** What a piece of a text is, to be coloured. */
export type HighlightKind =
  | "keyword"
  | "comment"
  | "string"
  | "number"
  | "regex"
  | "operator"
  | "server"
  | "tool"
  | "glob"
  | "group"
  | "let"
  | "variable"
  | "root"
  | "key"
  | "label"
  | "counter"
  | "unit";

export interface Highlight {
  readonly span: Span;
  readonly kind: HighlightKind;
  /** The name is introduced here. */
  readonly declares?: true;
}

/** The pieces of a document, in the order of the text; none overlap. */
export function highlights(document: Document): Highlight[] {
  const { tokens, comments } = parsed(document.source).lexed;
  const named = namesOf(document);
  const found: Highlight[] = comments.map(({ span }) => ({ span, kind: "comment" }));
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as IToken;
    const span = { start: token.startOffset, end: t.endOf(token) };
    const name = named.get(token.startOffset);
    if (name !== undefined) found.push({ span, ...name });
    else {
      const kind = kindOf(token, tokens[index - 1]);
      if (kind !== undefined) found.push({ span, kind });
    }
  }
  return found.sort((a, b) => a.span.start - b.span.start);
}

type Named = Pick<Highlight, "kind" | "declares">;

/** What the tree says of names, by offset. */
function namesOf(document: Document): Map<number, Named> {
  const named = new Map<number, Named>();
  for (const statement of document.statements) {
    let known = names.get(statement);
    if (known === undefined) {
      known = namesIn(statement, document.source);
      names.set(statement, known);
    }
    for (const [offset, name] of known) named.set(statement.span.start + offset, name);
  }
  return named;
}

/** By offsets from the beginning of the statement, which may move. */
const names = new WeakMap<Statement, ReadonlyMap<number, Named>>();

function namesIn(statement: Statement, source: Source): ReadonlyMap<number, Named> {
  const named = new Map<number, Named>();
  const { start } = statement.span;
  const set = ({ span }: Node, kind: HighlightKind, declares = false) =>
    named.set(span.start - start, { kind, ...(declares ? { declares } : {}) });
  walk(statement, (node, parents) => {
    if (!("kind" in node)) return visitPlain(node, set);
    const typed = node as { kind: string } & Record<string, unknown> & Node;
    switch (typed.kind) {
      case "server":
        set(typed.name as Node, "server");
        break;
      case "let":
        set(typed.name as Node, "let", true);
        break;
      case "group":
        if ("targets" in typed) set(typed.name as Node, "group", true);
        else set(typed, "group");
        break;
      case "name":
        set(typed, "tool");
        break;
      case "glob":
        set(typed, "glob");
        break;
      case "reference":
        set(typed, "let");
        break;
      case "call":
        set(typed.tool as Node, "tool");
        break;
      case "limit-clause":
        if (typed.as !== undefined) set(typed.as as Node, "counter");
        break;
      case "any":
      case "every":
        set(typed.variable as Node, "variable", true);
        break;
      case "path":
        path(typed as unknown as Path);
        break;
      case "scope":
        set(typed, "root");
        break;
      case "broken":
        for (const name of typedNames(node as Broken, parents, source))
          set(name, typedKind(name), name.declares);
        break;
    }
    return true;
  });
  function path({ root, steps }: Path): void {
    set(root, /^(args|grant|client)$/.test(root.value) ? "root" : "variable");
    for (const step of steps) {
      if (step.kind === "key" && !step.quoted) {
        named.set(step.span.start + 1 - start, { kind: "key" });
      }
    }
  }
  return named;
}

function typedKind({ kind, image }: TypedName): HighlightKind {
  if (kind === "step" || kind === "entry") return "key";
  if (kind !== "target") return kind;
  return image.startsWith("@") ? "group" : /^[^"]*[*?]/.test(image) ? "glob" : "tool";
}

/** Nodes without a kind: labels and the entries of objects. */
function visitPlain(
  node: Node,
  set: (node: Node, kind: HighlightKind, declares?: boolean) => void,
): boolean {
  if ("key" in node) set((node as { key: Node }).key, "key");
  else if ("name" in node) set((node as unknown as { name: Node }).name, "label", true);
  return true;
}

const OPERATORS = new Set<TokenType>([
  t.Equal,
  t.Unequal,
  t.Less,
  t.AtMost,
  t.Greater,
  t.AtLeast,
  t.Assign,
  t.Arrow,
  t.Pipe,
  t.Slash,
]);

const LITERALS: readonly (readonly [TokenType, HighlightKind])[] = [
  [t.StringToken, "string"],
  [t.NumberToken, "number"],
  [t.Duration, "number"],
  [t.DateToken, "number"],
  [t.Time, "number"],
  [t.Regex, "regex"],
  [t.GroupName, "group"],
  [t.Glob, "glob"],
  [t.Unit, "unit"],
  [t.Day, "unit"],
];

function kindOf(token: IToken, before: IToken | undefined): HighlightKind | undefined {
  const { tokenType } = token;
  let kind = kinds.get(tokenType);
  if (kind === undefined) {
    kind = kindOfType(token) ?? "none";
    kinds.set(tokenType, kind);
  }
  // A word behind a dot is the name of something, whatever it means elsewhere.
  if (before?.tokenType === t.Dot && is(token, t.Word) && !LITERAL_KINDS.has(kind)) return "key";
  return kind === "none" ? undefined : kind;
}

const kinds = new Map<TokenType, HighlightKind | "none">();
const LITERAL_KINDS: ReadonlySet<string> = new Set([
  "operator",
  ...LITERALS.map(([, kind]) => kind),
]);

function kindOfType(token: IToken): HighlightKind | undefined {
  const { tokenType } = token;
  for (const [type, kind] of LITERALS) if (is(token, type)) return kind;
  if (OPERATORS.has(tokenType)) return "operator";
  if (tokenType === t.Args || tokenType === t.Grant || tokenType === t.Client) return "root";
  if (tokenType !== t.Identifier && is(token, t.Word)) return "keyword";
  return undefined;
}

function is({ tokenType, tokenTypeIdx }: IToken, type: TokenType): boolean {
  return tokenType === type || type.categoryMatchesMap?.[tokenTypeIdx] === true;
}

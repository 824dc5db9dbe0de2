import type { IToken } from "chevrotain";
import type { Comment } from "./ast.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { foreignComment, malformed } from "./malformed.ts";
import { relex } from "./relex.ts";
import { beginsLine, type Source } from "./source.ts";
import * as t from "./tokens.ts";

/** A text as the parser reads it. */
export interface Lexed {
  /** Without comments and semicolons. */
  readonly tokens: IToken[];
  readonly comments: Comment[];
  readonly diagnostics: Diagnostic[];
  /** All that was read, and what of it was reported. */
  readonly lexemes: readonly IToken[];
  readonly reported: ReadonlySet<IToken>;
}

/** Reads a text into tokens and reports every token that is malformed or of another language. */
export function tokenize(source: Source): Lexed {
  return sorted(source, t.lex(source.text), () => false);
}

/**
 * The same of a text that differs from another one in one place, whose tokens are kept as far as they can be:
 * they are used up by that.
 */
export function retokenize(source: Source, before: { text: string; lexed: Lexed }): Lexed {
  const { lexemes, reported } = before.lexed;
  const relexed = relex(before.text, lexemes, source.text);
  const end = relexed.lexemes.length - relexed.tail;
  return sorted(source, relexed.lexemes, (lexeme, index) => {
    const isKept = index < relexed.head || index >= end;
    return isKept && !reported.has(lexeme);
  });
}

/**
 * Tells comments from tokens, and reports.
 *
 * @param isFine whether it is known that there is nothing to report of a lexeme
 */
function sorted(
  source: Source,
  lexemes: readonly IToken[],
  isFine: (lexeme: IToken, index: number) => boolean,
): Lexed {
  const tokens: IToken[] = [];
  const comments: Comment[] = [];
  const diagnostics: Diagnostic[] = [];
  const reported = new Set<IToken>();
  const { text } = source;

  for (let index = 0; index < lexemes.length; index++) {
    const token = lexemes[index] as IToken;
    const type = token.tokenType;
    if (
      type === t.LineComment ||
      type === t.BlockComment ||
      type === t.OpenComment ||
      type === t.ForeignComment
    ) {
      comments.push({
        text: token.image.trimEnd(),
        doc: token.image.startsWith("///"),
        ownLine: beginsLine(text, token.startOffset),
        span: { start: token.startOffset, end: token.startOffset + token.image.trimEnd().length },
      });
      if (type !== t.LineComment) diagnostics.push(foreignComment(token, source));
      continue;
    }
    const wrong = isFine(token, index)
      ? undefined
      : malformed(token, source, tokens[tokens.length - 1]);
    if (wrong !== undefined) {
      diagnostics.push(wrong);
      reported.add(token);
    }
    if (type !== t.Semicolon) tokens.push(token);
  }
  return { tokens, comments, diagnostics, lexemes, reported };
}

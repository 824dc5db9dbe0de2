import type { IToken } from "chevrotain";
import type { Comment } from "./ast.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { foreignComment, malformed } from "./malformed.ts";
import type { Source } from "./source.ts";
import * as t from "./tokens.ts";

/** A text as the parser reads it. */
export interface Lexed {
  /** Without comments and semicolons. */
  readonly tokens: IToken[];
  readonly comments: Comment[];
  readonly diagnostics: Diagnostic[];
}

/** Reads a text into tokens and reports every token that is malformed or of another language. */
export function tokenize(source: Source): Lexed {
  const tokens: IToken[] = [];
  const comments: Comment[] = [];
  const diagnostics: Diagnostic[] = [];
  const { text } = source;

  for (const token of t.lex(text)) {
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
    const wrong = malformed(token, source, tokens[tokens.length - 1]);
    if (wrong !== undefined) diagnostics.push(wrong);
    if (type !== t.Semicolon) tokens.push(token);
  }
  return { tokens, comments, diagnostics };
}

/** Whether only white space stands before an offset on its line. */
export function beginsLine(text: string, offset: number): boolean {
  for (let i = offset - 1; i >= 0; i--) {
    const unit = text.charCodeAt(i);
    if (unit === 10 || unit === 13) return true;
    if (unit !== 32 && unit !== 9 && !(unit === 0xfeff && i === 0)) return false;
  }
  return true;
}

export type * from "./ast.ts";
export * from "./diagnostics.ts";
export { cells, visible } from "./display.ts";
export { ebnf } from "./ebnf.ts";
export { type Expected, expectedAt, type Wanted } from "./expected.ts";
export { format } from "./format.ts";
export { type FrameOptions, location, renderDiagnostic, renderFrame, type Style } from "./frame.ts";
export { type TypedKind, type TypedName, typedNames } from "./half-typed.ts";
export { type Highlight, type HighlightKind, highlights } from "./highlight.ts";
export { type Lexed, tokenize } from "./lexical.ts";
export { durationMs, isDate, timeMinutes } from "./literals.ts";
export { messages, syntaxMessages } from "./messages.ts";
export { type Parsed, parse } from "./parse.ts";
export { edited, parsed } from "./parsed.ts";
export {
  printCondition,
  printPath,
  printRule,
  printStatement,
  printTargets,
  printValue,
  quote,
  regexText,
} from "./print.ts";
export { type ShapePart, type Signature, signatureAt } from "./shapes.ts";
export * from "./source.ts";
export { alternatives, didYouMean, suggest } from "./suggest.ts";
export { KEYWORDS, RESERVED } from "./tokens.ts";
export { children, nodesAt, type RuleInPlace, rulesOf, walk } from "./walk.ts";
export { type WordDoc, wordDoc } from "./word-docs.ts";

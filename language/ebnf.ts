import type { Rule as GrammarRule, IProduction } from "chevrotain";
import {
  Alternation,
  type Alternative,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  Terminal,
} from "chevrotain";
import { grammar } from "./grammar.ts";

/** How an alternative or a sequence must be wrapped to stand inside another construct. */
type Shape = "one" | "sequence" | "alternatives";

interface Piece {
  readonly text: string;
  readonly shape: Shape;
}

/**
 * The grammar as EBNF, one rule a line, read off the parser itself. Rules that exist only to report a
 * mistake (`wrong…`) are left out. Blocks are put together from their heads, as the parser does it.
 */
export function ebnf(): string {
  const rules = Object.entries(grammar().getGAstProductions())
    .filter(([name]) => !isWrong(name))
    .map(([name, rule]): [string, string] => [
      name,
      sequence((rule as GrammarRule).definition).text,
    ]);
  const width = Math.max(...[...BLOCKS, ...rules].map(([name]) => name.length));
  return [...BLOCKS, ...rules].map(([name, text]) => `${name.padEnd(width)} = ${text}`).join("\n");
}

/** What `splitStatements` does, which knows no rule of the parser: it cuts blocks out before they are parsed. */
const BLOCKS: readonly (readonly [string, string])[] = [
  ["document", "(statement | on | when | test)*"],
  ["on", 'onHead bareRule* "}"'],
  ["when", 'whenHead (rule | on | when)* "}"'],
  ["test", 'testHead step* "}"'],
  ["step", "call | wait | at | as"],
  ["as", 'asHead step* "}"'],
];

const OWN = new Set(BLOCKS.map(([name]) => name));

function isWrong(name: string): boolean {
  return name.startsWith("wrong") || OWN.has(name);
}

function sequence(productions: readonly IProduction[]): Piece {
  const pieces = productions.map(piece).filter((each) => each !== undefined);
  if (pieces.length === 1) return pieces[0] as Piece;
  return {
    text: pieces
      .map((each) => (each.shape === "alternatives" ? `(${each.text})` : each.text))
      .join(" "),
    shape: "sequence",
  };
}

/** Undefined for what only reports a mistake. */
function piece(production: IProduction): Piece | undefined {
  if (production instanceof Terminal) return terminal(production);
  if (production instanceof NonTerminal) {
    const name = production.nonTerminalName;
    return name.startsWith("wrong") ? undefined : { text: name, shape: "one" };
  }
  if (production instanceof Option) return suffixed(production.definition, "?");
  if (production instanceof Repetition) return suffixed(production.definition, "*");
  if (production instanceof RepetitionMandatory) return suffixed(production.definition, "+");
  if (production instanceof Alternation) {
    const texts = production.definition
      .map((each) => sequence((each as Alternative).definition).text)
      .filter((text) => text !== "");
    const distinct = [...new Set(texts)];
    if (distinct.length === 0) return undefined;
    return {
      text: distinct.join(" | "),
      shape: distinct.length === 1 ? "sequence" : "alternatives",
    };
  }
  return undefined;
}

function suffixed(productions: readonly IProduction[], suffix: string): Piece | undefined {
  const inner = sequence(productions);
  if (inner.text === "") return undefined;
  return {
    text: inner.shape === "one" ? inner.text + suffix : `(${inner.text})${suffix}`,
    shape: "one",
  };
}

/** A word or sign in quotes; a category of tokens in capitals. */
function terminal({ terminalType: { name } }: Terminal): Piece {
  const category = /^[A-Z]/.test(name);
  return { text: category ? name.toUpperCase() : `"${name}"`, shape: "one" };
}

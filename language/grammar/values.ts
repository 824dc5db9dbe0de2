import {
  EmbeddedActionsParser,
  type IOrAlt,
  type IToken,
  type ParserMethod,
  type TokenType,
} from "chevrotain";
import type {
  ListNode,
  Literal,
  Name,
  NullNode,
  NumberNode,
  ObjectEntry,
  ObjectNode,
  Path,
  PathStep,
  Value,
  ValueList,
} from "../ast.ts";
import { type Diagnostic, type Message, type ReportExtras, report } from "../diagnostics.ts";
import {
  booleanNode,
  numberNode,
  quotedName,
  spanOf,
  stringNode,
  stringValue,
  wordName,
} from "../literals.ts";
import { messages } from "../messages.ts";
import { Source, type Span } from "../source.ts";
import * as t from "../tokens.ts";

/** How deep conditions, lists, objects and blocks may nest. */
export const MAX_NESTING = 64;

/** Thrown by an action, and caught by `parse`: beyond it the parser's own stack would be at risk. */
export class NestingError extends Error {
  readonly token: IToken;
  constructor(token: IToken) {
    super("nested too deeply");
    this.token = token;
  }
}

/**
 * Names, literals, objects and paths.
 *
 * Rules whose name begins with `wrong` read what a newcomer would write in place of the right form, and
 * report it; completion and error messages do not offer them.
 */
export class ValueGrammar extends EmbeddedActionsParser {
  protected source = new Source("", "");
  protected diagnostics: Diagnostic[] = [];
  protected depth = 0;
  /** The variables of the quantifiers around the current token. */
  protected variables: string[] = [];

  constructor(validate: boolean) {
    super(t.vocabulary, { maxLookahead: 1, skipValidations: !validate });
  }

  /** Prepares to parse one run of tokens; the rule's reports go to `diagnostics`. */
  begin(source: Source, tokens: IToken[], diagnostics: Diagnostic[]): void {
    this.source = source;
    this.diagnostics = diagnostics;
    this.depth = 0;
    this.variables = [];
    this.input = tokens;
  }

  /** How many tokens the last rule has read. */
  get position(): number {
    const index = this.input.indexOf(this.LA(1));
    return index === -1 ? this.input.length : index;
  }

  protected report<P>(entry: Message<P>, parameters: P, span: Span, extras?: ReportExtras): void {
    this.diagnostics.push(report(entry, parameters, this.source, span, extras));
  }

  /** The offset of the next token. */
  protected here(): number {
    return this.LA(1).startOffset;
  }

  /** From an offset to the end of the last token read. */
  protected from(start: number): Span {
    return { start, end: t.endOf(this.LA(0)) };
  }

  protected next(...types: TokenType[]): boolean {
    for (let i = 0; i < types.length; i++) {
      if (this.LA(i + 1).tokenType !== types[i]) return false;
    }
    return true;
  }

  /** Whether the token so far ahead is of a type or category. */
  protected ahead(distance: number, type: TokenType): boolean {
    const token = this.LA(distance);
    return token.tokenType === type || type.categoryMatchesMap?.[token.tokenTypeIdx] === true;
  }

  protected deeper(): void {
    if (this.RECORDING_PHASE) return;
    this.depth++;
    if (this.depth > MAX_NESTING) throw new NestingError(this.LA(0));
  }

  protected wholeNumber(node: NumberNode, what: string, least: number): void {
    if (Number.isInteger(node.value) && node.value >= least) return;
    this.report(messages.wholeNumber, { what, text: node.text, least }, node.span);
  }

  /** name : NAME | STRING */
  readonly name = this.RULE(
    "name",
    (): Name =>
      this.OR([
        { ALT: () => wordName(this.CONSUME(t.Name)) },
        { ALT: () => this.nonEmpty(this.CONSUME(t.StringToken)) },
      ]),
  );

  protected nonEmpty(token: IToken): Name {
    if (!this.RECORDING_PHASE && stringValue(token) === "") {
      this.report(messages.emptyName, {}, spanOf(token));
    }
    return this.ACTION(() => quotedName(token));
  }

  private readonly literals: IOrAlt<Literal>[] = [
    { ALT: () => this.string() },
    { ALT: () => numberNode(this.CONSUME(t.NumberToken)) },
    { ALT: () => booleanNode(this.CONSUME(t.True)) },
    { ALT: () => booleanNode(this.CONSUME(t.False)) },
    { ALT: (): NullNode => ({ kind: "null", span: spanOf(this.CONSUME(t.Null)) }) },
    { ALT: () => this.SUBRULE(this.list) },
  ];

  /** literal : STRING | NUMBER | "true" | "false" | "null" | list */
  readonly literal = this.RULE("literal", (): Literal => this.OR(this.literals));

  private string() {
    const token = this.CONSUME(t.StringToken);
    return this.ACTION(() => stringNode(token));
  }

  /** list : "[" (literal ("," literal)* ","?)? "]" */
  readonly list: ParserMethod<[], ListNode> = this.RULE("list", (): ListNode => {
    const start = this.here();
    const items: Literal[] = [];
    this.CONSUME(t.LeftBracket);
    this.deeper();
    this.OPTION(() => {
      items.push(this.SUBRULE(this.literal));
      this.MANY({
        GATE: () => !this.next(t.Comma, t.RightBracket),
        DEF: () => {
          this.CONSUME(t.Comma);
          items.push(this.SUBRULE2(this.literal));
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightBracket);
    this.depth--;
    return { kind: "list", items, span: this.from(start) };
  });

  /** value : literal | object, whose lists may hold values again */
  readonly value = this.RULE(
    "value",
    (): Value =>
      this.OR([
        { ALT: () => this.string() },
        { ALT: () => numberNode(this.CONSUME(t.NumberToken)) },
        { ALT: () => booleanNode(this.CONSUME(t.True)) },
        { ALT: () => booleanNode(this.CONSUME(t.False)) },
        { ALT: (): NullNode => ({ kind: "null", span: spanOf(this.CONSUME(t.Null)) }) },
        { ALT: () => this.SUBRULE(this.valueList) },
        { ALT: () => this.SUBRULE(this.object) },
      ]),
  );

  /** valueList : "[" (value ("," value)* ","?)? "]" */
  readonly valueList: ParserMethod<[], ValueList> = this.RULE("valueList", (): ValueList => {
    const start = this.here();
    const items: Value[] = [];
    this.CONSUME(t.LeftBracket);
    this.deeper();
    this.OPTION(() => {
      items.push(this.SUBRULE(this.value));
      this.MANY({
        GATE: () => !this.next(t.Comma, t.RightBracket),
        DEF: () => {
          this.CONSUME(t.Comma);
          items.push(this.SUBRULE2(this.value));
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightBracket);
    this.depth--;
    return { kind: "list", items, span: this.from(start) };
  });

  /** object : "{" (entry ("," entry)* ","?)? "}" */
  readonly object: ParserMethod<[], ObjectNode> = this.RULE("object", (): ObjectNode => {
    const start = this.here();
    const entries: ObjectEntry[] = [];
    this.CONSUME(t.LeftBrace);
    this.deeper();
    this.OPTION(() => {
      entries.push(this.SUBRULE(this.entry));
      this.MANY({
        GATE: () => !this.next(t.Comma, t.RightBrace),
        DEF: () => {
          this.CONSUME(t.Comma);
          entries.push(this.SUBRULE2(this.entry));
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    this.CONSUME(t.RightBrace);
    this.depth--;
    this.ACTION(() => this.distinctKeys(entries));
    return { kind: "object", entries, span: this.from(start) };
  });

  private distinctKeys(entries: readonly ObjectEntry[]): void {
    const seen = new Map<string, Name>();
    for (const { key } of entries) {
      const first = seen.get(key.value);
      if (first === undefined) seen.set(key.value, key);
      else {
        this.report(messages.duplicateKey, { key: key.value }, key.span, {
          related: [{ message: "It is first given here.", source: this.source, span: first.span }],
        });
      }
    }
  }

  /** entry : (WORD | STRING) ":" value */
  readonly entry: ParserMethod<[], ObjectEntry> = this.RULE("entry", (): ObjectEntry => {
    const start = this.here();
    const key = this.OR([
      { ALT: () => wordName(this.CONSUME(t.Word)) },
      {
        ALT: () => {
          const token = this.CONSUME(t.StringToken);
          return this.ACTION(() => quotedName(token));
        },
      },
    ]);
    this.CONSUME(t.Colon);
    const value = this.SUBRULE(this.value);
    return { key, value, span: this.from(start) };
  });

  private readonly roots: IOrAlt<Name>[] = [
    { ALT: () => wordName(this.CONSUME(t.Args)) },
    { ALT: () => wordName(this.CONSUME(t.Grant)) },
    { ALT: () => wordName(this.CONSUME(t.Client)) },
    { ALT: () => wordName(this.CONSUME(t.Name)) },
  ];

  /** path : ("args" | "grant" | "client" | variable) step* */
  readonly path = this.RULE("path", (): Path => {
    const start = this.here();
    const root = this.OR(this.roots);
    const steps = this.SUBRULE(this.steps);
    return { kind: "path", root, steps, span: this.from(start) };
  });

  /** argumentPath : "args" step* */
  readonly argumentPath = this.RULE("argumentPath", (): Path => {
    const start = this.here();
    const root = wordName(this.CONSUME(t.Args));
    const steps = this.SUBRULE(this.steps);
    return { kind: "path", root, steps, span: this.from(start) };
  });

  /** step : "." WORD | "[" (STRING | INT) "]" */
  readonly steps = this.RULE("steps", (): PathStep[] => {
    const steps: PathStep[] = [];
    this.MANY(() => {
      const start = this.here();
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            this.OR2([
              {
                ALT: () => {
                  const value = this.CONSUME(t.Word).image;
                  steps.push({ kind: "key", value, quoted: false, span: this.from(start) });
                },
              },
              {
                ALT: () => {
                  const value = this.SUBRULE(this.wrongIndex);
                  steps.push({ kind: "index", value, quoted: false, span: this.from(start) });
                },
              },
            ]);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LeftBracket);
            const step = this.OR3([
              {
                ALT: () => {
                  const token = this.CONSUME(t.StringToken);
                  return this.ACTION(() => ({ kind: "key" as const, value: stringValue(token) }));
                },
              },
              {
                ALT: () => {
                  const node = numberNode(this.CONSUME(t.NumberToken));
                  this.ACTION(() => this.wholeNumber(node, "An index", 0));
                  return { kind: "index" as const, value: node.value };
                },
              },
            ]);
            this.CONSUME(t.RightBracket);
            this.ACTION(() =>
              steps.push({ ...step, quoted: step.kind === "key", span: this.from(start) }),
            );
          },
        },
      ]);
    });
    return steps;
  });

  /** `args.items.0`: the lexer has reported it. */
  readonly wrongIndex = this.RULE("wrongIndex", (): number => {
    return numberNode(this.CONSUME(t.NumberToken)).value;
  });
}

import type { IOrAlt, IToken, ParserMethod } from "chevrotain";
import type {
  Comparison,
  ComparisonOperator,
  Condition,
  Dated,
  DateNode,
  Day,
  DayRange,
  During,
  Has,
  Literal,
  Measure,
  Not,
  Operand,
  PathOperand,
  Quantified,
  Reference,
  RegexNode,
  StringNode,
  TimeNode,
} from "../ast.ts";
import {
  dateNode,
  isDate,
  regexNode,
  spanOf,
  stringNode,
  stringValue,
  timeMinutes,
  timeNode,
  wordName,
} from "../literals.ts";
import { messages } from "../messages.ts";
import type { Span } from "../source.ts";
import * as t from "../tokens.ts";
import { ValueGrammar } from "./values.ts";

/** A condition, or an operand that stands alone: a `let` may have it as its value. */
type Loose = Condition | Operand;

/** `mon`, `Monday`, `mon-fri`, `Mon-Friday`. */
const DAY_LIKE = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*(?:-(mon|tue|wed|thu|fri|sat|sun)[a-z]*)?$/i;

/** What is meant as a day or a range of days, and may be none: `mon-xyz`. */
const DAY_MEANT = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*(-|$)/i;

export class ConditionGrammar extends ValueGrammar {
  /** cond : or */
  readonly condition: ParserMethod<[], Condition> = this.RULE("condition", (): Condition => {
    const loose = this.SUBRULE(this.disjunction);
    return this.ACTION(() => this.strict(loose));
  });

  /** or : and ("or" and)* */
  readonly disjunction: ParserMethod<[], Loose> = this.RULE("disjunction", (): Loose => {
    const start = this.here();
    const first = this.SUBRULE(this.conjunction);
    let operands: Condition[] | undefined;
    this.MANY(() => {
      this.CONSUME(t.Or);
      const operand = this.SUBRULE2(this.conjunction);
      this.ACTION(() => {
        operands ??= [this.strict(first)];
        operands.push(this.strict(operand));
      });
    });
    return operands === undefined ? first : { kind: "or", operands, span: this.from(start) };
  });

  /** and : not ("and" not)* */
  readonly conjunction: ParserMethod<[], Loose> = this.RULE("conjunction", (): Loose => {
    const start = this.here();
    const first = this.SUBRULE(this.negation);
    let operands: Condition[] | undefined;
    this.MANY(() => {
      this.CONSUME(t.And);
      const operand = this.SUBRULE2(this.negation);
      this.ACTION(() => {
        operands ??= [this.strict(first)];
        operands.push(this.strict(operand));
      });
    });
    return operands === undefined ? first : { kind: "and", operands, span: this.from(start) };
  });

  private readonly negations: IOrAlt<Loose>[] = [
    {
      ALT: () => {
        const start = this.here();
        this.CONSUME(t.Not);
        this.deeper();
        const operand = this.SUBRULE(this.negation);
        this.depth--;
        return this.ACTION(
          (): Not => ({
            kind: "not",
            operand: this.strict(operand),
            span: this.from(start),
          }),
        );
      },
    },
    { ALT: () => this.SUBRULE(this.primary) },
  ];

  /** not : "not" not | primary */
  readonly negation: ParserMethod<[], Loose> = this.RULE(
    "negation",
    (): Loose => this.OR(this.negations),
  );

  private readonly primaries: IOrAlt<Loose>[] = [
    {
      ALT: () => {
        this.CONSUME(t.LeftParen);
        this.deeper();
        const condition = this.SUBRULE(this.condition);
        this.CONSUME(t.RightParen);
        this.depth--;
        return condition;
      },
    },
    { ALT: () => this.SUBRULE(this.has) },
    { ALT: () => this.SUBRULE(this.quantified) },
    { GATE: () => this.isDuring(), ALT: () => this.SUBRULE(this.during) },
    { GATE: () => this.isDated(), ALT: () => this.SUBRULE(this.dated) },
    { ALT: () => this.SUBRULE(this.comparison) },
  ];

  /** primary : "(" cond ")" | has | quantified | during | dated | comparison */
  readonly primary: ParserMethod<[], Loose> = this.RULE(
    "primary",
    (): Loose => this.OR(this.primaries),
  );

  /** has : "has" path */
  readonly has = this.RULE("has", (): Has => {
    const start = this.here();
    this.CONSUME(t.Has);
    const path = this.SUBRULE(this.path);
    return { kind: "has", path, span: this.from(start) };
  });

  /** quantified : ("any" | "every") NAME "in" path "(" cond ")" */
  readonly quantified = this.RULE("quantified", (): Quantified => {
    const start = this.here();
    const kind = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Any);
          return "any" as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Every);
          return "every" as const;
        },
      },
    ]);
    const variable = wordName(this.CONSUME(t.Name));
    this.CONSUME(t.In);
    const path = this.SUBRULE(this.path);
    this.CONSUME(t.LeftParen);
    this.deeper();
    this.variables.push(variable.value);
    const condition = this.SUBRULE(this.condition);
    this.variables.pop();
    this.CONSUME(t.RightParen);
    this.depth--;
    return { kind, variable, path, condition, span: this.from(start) };
  });

  /** comparison : operand (operator (operand | REGEX) ("ignoring" "case")?)? */
  readonly comparison = this.RULE("comparison", (): Loose => {
    const start = this.here();
    const left = this.SUBRULE(this.operand);
    const rest = this.OPTION(() => {
      const operatorStart = this.here();
      const operator = this.SUBRULE(this.operator);
      const operatorSpan = this.from(operatorStart);
      const right = this.OR([
        {
          ALT: () => {
            const token = this.CONSUME(t.Regex);
            return this.ACTION(() => regexNode(token));
          },
        },
        { ALT: () => this.SUBRULE2(this.operand) },
      ]);
      const ignoringCase = this.OPTION2({
        GATE: () => this.next(t.Ignoring, t.Case),
        DEF: () => {
          const ignoringStart = this.here();
          this.CONSUME(t.Ignoring);
          this.CONSUME(t.Case);
          return this.from(ignoringStart);
        },
      });
      return { operator, operatorSpan, right, ignoringCase };
    });
    if (rest === undefined) return left;
    return this.ACTION((): Comparison => {
      const right = rest.operator === "matches" ? this.regexOperand(rest.right) : rest.right;
      return {
        kind: "comparison",
        left,
        operator: rest.operator,
        operatorSpan: rest.operatorSpan,
        right,
        ...(rest.ignoringCase === undefined ? {} : { ignoringCase: rest.ignoringCase }),
        span: this.from(start),
      };
    });
  });

  /** `matches` compares with a pattern, never with a string or another argument. */
  private regexOperand(right: Operand | RegexNode): Operand | RegexNode {
    if (right.kind === "regex") return right;
    if (right.kind !== "string") {
      this.report(messages.regexNeeded, {}, right.span);
      return right;
    }
    const pattern = right.value.replace(/^\^/, "").replace(/\$$/, "").replaceAll("/", "\\/");
    const fixes =
      pattern === "" || /[\r\n]/.test(pattern)
        ? []
        : [
            {
              title: `Write \`/${pattern}/\``,
              edits: [{ span: right.span, text: `/${pattern}/` }],
            },
          ];
    this.report(messages.regexNeeded, {}, right.span, { fixes });
    return { kind: "regex", pattern: right.value, ignoreCase: false, span: right.span };
  }

  private readonly operators: IOrAlt<ComparisonOperator>[] = [
    { ALT: () => this.plain(this.CONSUME(t.Equal), "==") },
    { ALT: () => this.plain(this.CONSUME(t.Unequal), "!=") },
    { ALT: () => this.plain(this.CONSUME(t.Less), "<") },
    { ALT: () => this.plain(this.CONSUME(t.AtMost), "<=") },
    { ALT: () => this.plain(this.CONSUME(t.Greater), ">") },
    { ALT: () => this.plain(this.CONSUME(t.AtLeast), ">=") },
    { ALT: () => this.plain(this.CONSUME(t.In), "in") },
    {
      ALT: () => {
        this.CONSUME(t.Not);
        return this.plain(this.CONSUME2(t.In), "not in");
      },
    },
    { ALT: () => this.plain(this.CONSUME(t.Contains), "contains") },
    {
      ALT: () => {
        this.CONSUME(t.Starts);
        return this.plain(this.CONSUME(t.With), "starts with");
      },
    },
    {
      ALT: () => {
        this.CONSUME(t.Ends);
        return this.plain(this.CONSUME2(t.With), "ends with");
      },
    },
    { ALT: () => this.plain(this.CONSUME(t.Matches), "matches") },
    { ALT: () => this.plain(this.CONSUME(t.Like), "like") },
    { ALT: () => this.plain(this.CONSUME(t.Under), "under") },
    { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongOperator) },
  ];

  /** op : "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not" "in" | "contains" | "starts" "with" | … */
  readonly operator = this.RULE("operator", (): ComparisonOperator => this.OR(this.operators));

  private plain(_token: IToken, operator: ComparisonOperator): ComparisonOperator {
    return operator;
  }

  /** `=` for `==`, `=>` for `>=` */
  readonly wrongOperator = this.RULE("wrongOperator", (): ComparisonOperator => {
    const token = this.OR([
      { ALT: () => this.CONSUME(t.Assign) },
      { ALT: () => this.CONSUME(t.Arrow) },
    ]);
    const operator = token.image === "=" ? "==" : ">=";
    this.ACTION(() => this.replaced(messages.foreignOperator, token, operator));
    return operator;
  });

  protected replaced(entry: typeof messages.foreignOperator, token: IToken, instead: string): void {
    const span = spanOf(token);
    this.report(entry, { written: token.image, instead }, span, {
      fixes: [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }],
    });
  }

  private readonly operands: IOrAlt<Operand>[] = [
    { GATE: () => this.next(t.Host, t.LeftParen), ALT: () => this.SUBRULE(this.host) },
    { ALT: () => this.SUBRULE(this.length) },
    { ALT: () => this.SUBRULE(this.literal) },
    { ALT: () => this.SUBRULE(this.named) },
  ];

  /** operand : measure | literal | path ("else" literal)? | NAME */
  readonly operand = this.RULE("operand", (): Operand => this.OR(this.operands));

  /** host : "host" "(" path ")" */
  readonly host = this.RULE("host", (): Measure => {
    const start = this.here();
    this.CONSUME(t.Host);
    this.CONSUME(t.LeftParen);
    const path = this.SUBRULE(this.path);
    this.CONSUME(t.RightParen);
    return { kind: "host", path, span: this.from(start) };
  });

  /** length : "length" "(" path ")" */
  readonly length = this.RULE("length", (): Measure => {
    const start = this.here();
    this.CONSUME(t.Length);
    this.CONSUME(t.LeftParen);
    const path = this.SUBRULE(this.path);
    this.CONSUME(t.RightParen);
    return { kind: "length", path, span: this.from(start) };
  });

  /** named : path ("else" literal)? | NAME; a lone name is a `let` unless a quantifier around it binds it */
  readonly named = this.RULE("named", (): PathOperand | Reference => {
    const start = this.here();
    const path = this.SUBRULE(this.path);
    const isReference =
      !this.RECORDING_PHASE &&
      path.steps.length === 0 &&
      !["args", "grant", "client"].includes(path.root.value) &&
      !this.variables.includes(path.root.value);
    const fallback = this.OPTION({
      GATE: () => !isReference,
      DEF: () => {
        this.CONSUME(t.Else);
        return this.SUBRULE(this.literal);
      },
    });
    if (isReference) return { kind: "reference", name: path.root, span: path.span };
    if (fallback === undefined) return { kind: "path-operand", path, span: path.span };
    return { kind: "path-operand", path, else: fallback, span: this.from(start) };
  });

  private isDuring(): boolean {
    if (this.LA(1).tokenType !== t.During) return false;
    const next = this.LA(2);
    return (
      this.ahead(2, t.Time) ||
      DAY_MEANT.test(next.image) ||
      (next.tokenType === t.In && this.ahead(3, t.StringToken))
    );
  }

  /** during : "during" days? (TIME "-" TIME)? ("in" STRING)? */
  readonly during = this.RULE("during", (): During => {
    const start = this.here();
    const keyword = this.CONSUME(t.During);
    const days: DayRange[] = [];
    this.OPTION(() => {
      days.push(this.SUBRULE(this.day));
      this.MANY(() => {
        this.CONSUME(t.Comma);
        days.push(this.SUBRULE2(this.day));
      });
    });
    const times = this.OPTION2(() => {
      const from = timeNode(this.CONSUME(t.Time));
      this.CONSUME(t.Dash);
      const to = timeNode(this.CONSUME2(t.Time));
      return { from, to };
    });
    const zone = this.OPTION3((): StringNode => {
      this.CONSUME(t.In);
      const token = this.CONSUME(t.StringToken);
      return this.ACTION(() => stringNode(token));
    });
    this.ACTION(() => {
      if (days.length === 0 && times === undefined) {
        this.report(messages.alwaysDuring, {}, spanOf(keyword));
      }
      // A time that is none has been told by itself.
      const known = times !== undefined && [times.from, times.to].every(isTime);
      if (known && times.from.minutes % 1440 === times.to.minutes % 1440) {
        const span = { start: times.from.span.start, end: times.to.span.end };
        this.report(messages.emptyTimes, { time: times.from.text }, span);
      }
    });
    return {
      kind: "during",
      ...(days.length === 0 ? {} : { days }),
      ...(times === undefined ? {} : times),
      ...(zone === undefined ? {} : { zone }),
      span: this.from(start),
    };
  });

  /** day : DAY ("-" DAY)? */
  readonly day = this.RULE("day", (): DayRange => {
    const start = this.here();
    const first = this.SUBRULE(this.oneDay);
    const last = this.OPTION({
      GATE: () => this.next(t.Dash, t.Day),
      DEF: () => {
        this.CONSUME(t.Dash);
        return this.SUBRULE2(this.oneDay);
      },
    });
    return this.ACTION(() => ({
      first: first.first,
      last: last === undefined ? first.last : last.last,
      span: this.from(start),
    }));
  });

  /** `mon`, or the lexer's one word `mon-fri` */
  readonly oneDay = this.RULE("oneDay", (): { first: Day; last: Day } =>
    this.OR([
      {
        ALT: () => {
          const [first, last = first] = this.CONSUME(t.Day).image.split("-") as [Day, Day?];
          return { first, last };
        },
      },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongDay) },
    ]),
  );

  /** `Monday`, `Mon-Fri` */
  readonly wrongDay = this.RULE("wrongDay", (): { first: Day; last: Day } => {
    const token = this.CONSUME(t.Name);
    return this.ACTION(() => {
      const match = DAY_LIKE.exec(token.image);
      const first = (match?.[1]?.toLowerCase() ?? "mon") as Day;
      const last = (match?.[2]?.toLowerCase() ?? first) as Day;
      const instead = first === last ? first : `${first}-${last}`;
      const span = spanOf(token);
      const fixes =
        match === null ? [] : [{ title: `Write \`${instead}\``, edits: [{ span, text: instead }] }];
      this.report(messages.unknownDay, { written: token.image }, span, { fixes });
      return { first, last };
    });
  });

  private isDated(): boolean {
    const { tokenType } = this.LA(1);
    if (tokenType !== t.Before && tokenType !== t.After) return false;
    return this.ahead(2, t.DateToken) || this.ahead(2, t.StringToken);
  }

  /** dated : ("before" | "after") DATE */
  readonly dated = this.RULE("dated", (): Dated => {
    const start = this.here();
    const kind = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Before);
          return "before" as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.After);
          return "after" as const;
        },
      },
    ]);
    const date = this.SUBRULE(this.date);
    return { kind, date, span: this.from(start) };
  });

  /** DATE */
  readonly date = this.RULE(
    "date",
    (): DateNode =>
      this.OR([
        { ALT: () => dateNode(this.CONSUME(t.DateToken)) },
        { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongDate) },
      ]),
  );

  /** `"2026-12-31"` */
  readonly wrongDate = this.RULE("wrongDate", (): DateNode => {
    const token = this.CONSUME(t.StringToken);
    return this.ACTION(() => {
      const text = stringValue(token);
      const span = spanOf(token);
      const fixes = isDate(text) ? [{ title: `Write \`${text}\``, edits: [{ span, text }] }] : [];
      this.report(messages.quotedDate, {}, span, { fixes });
      return { kind: "date", text, span };
    });
  });

  /** A condition of what was read, with a report if it is none. */
  protected strict(loose: Loose): Condition {
    switch (loose.kind) {
      case "path-operand":
        return this.bare(loose);
      case "string":
      case "number":
      case "boolean":
      case "null":
      case "list":
        return this.constant(loose);
      case "length":
      case "host":
        this.report(messages.bareMeasure, { measure: loose.kind }, loose.span);
        return compare(loose, "==", { kind: "null", span: loose.span });
      default:
        return loose;
    }
  }

  /** `if args.force` */
  private bare(operand: PathOperand): Condition {
    const text = this.source.slice(operand.span);
    const after: Span = { start: operand.span.end, end: operand.span.end };
    const before: Span = { start: operand.span.start, end: operand.span.start };
    this.report(messages.bareOperand, { text }, operand.span, {
      fixes: [
        { title: `Write \`${text} == true\``, edits: [{ span: after, text: " == true" }] },
        ...(operand.else === undefined
          ? [{ title: `Write \`has ${text}\``, edits: [{ span: before, text: "has " }] }]
          : []),
      ],
    });
    return compare(operand, "==", { kind: "boolean", value: true, span: operand.span });
  }

  /** `if true` */
  private constant(literal: Literal): Condition {
    this.report(
      messages.constantCondition,
      { text: this.source.slice(literal.span) },
      literal.span,
    );
    return compare(literal, "==", literal);
  }
}

function compare(left: Operand, operator: ComparisonOperator, right: Operand): Comparison {
  return { kind: "comparison", left, operator, operatorSpan: right.span, right, span: left.span };
}

function isTime({ text }: TimeNode): boolean {
  return timeMinutes(text) !== undefined;
}

import type { IToken } from "chevrotain";
import type {
  Condition,
  DateNode,
  DurationNode,
  Guard,
  Item,
  LimitClause,
  Name,
  Rule,
  Scope,
  StringNode,
  TargetKind,
  Targets,
} from "../ast.ts";
import type { Fix } from "../diagnostics.ts";
import { spanOf, stringNode, stringValue } from "../literals.ts";
import { messages } from "../messages.ts";
import type { Span } from "../source.ts";
import * as t from "../tokens.ts";
import { LimitGrammar } from "./limits.ts";

/** One part of a rule behind its targets. `wrong`: the rule takes no such part. */
export type Clause = { readonly span: Span; readonly wrong?: true } & (
  | { readonly clause: "limit"; readonly node: LimitClause }
  | { readonly clause: "because"; readonly node: StringNode }
  | { readonly clause: "until"; readonly node: DateNode }
  | { readonly clause: "by"; readonly node: readonly StringNode[] }
  | { readonly clause: "within"; readonly node: DurationNode }
  | { readonly clause: "per"; readonly node: Scope }
  | { readonly clause: "as"; readonly node: Name }
  | { readonly clause: "if" | "unless"; readonly node: Guard }
);

/** What a rule has, each clause once. */
export interface Parts {
  guard?: Guard;
  limits: LimitClause[];
  because?: StringNode;
  until?: DateNode;
  by?: readonly StringNode[];
  within?: DurationNode;
  scope?: Scope;
  as?: Name;
}

/** Targets, and the clauses behind them. */
export class ClauseGrammar extends LimitGrammar {
  /** targets : ("tool" | "resource" | "prompt")? item ("," item)* ("except" item ("," item)*)? */
  readonly targets = this.RULE("targets", (): Targets => {
    const start = this.here();
    const kind = this.OPTION(() =>
      this.OR([
        { ALT: () => this.CONSUME(t.Tool) },
        { ALT: () => this.CONSUME(t.Resource) },
        { ALT: () => this.CONSUME(t.Prompt) },
      ]),
    );
    const of = (kind?.image ?? "tool") as TargetKind;
    const items = [this.SUBRULE(this.item, { ARGS: [of] })];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      items.push(this.SUBRULE2(this.item, { ARGS: [of] }));
    });
    const except: Item[] = [];
    this.OPTION2(() => {
      this.CONSUME(t.Except);
      except.push(this.SUBRULE3(this.item, { ARGS: [of] }));
      this.MANY2(() => {
        this.CONSUME2(t.Comma);
        except.push(this.SUBRULE4(this.item, { ARGS: [of] }));
      });
    });
    return this.ACTION(() => ({
      kind: "targets",
      of,
      ...(kind === undefined ? {} : { ofSpan: spanOf(kind) }),
      items,
      except,
      span: this.from(start),
    }));
  });

  /** item : NAME | STRING | GLOB | GROUP */
  readonly item = this.RULE(
    "item",
    (of: TargetKind): Item =>
      this.OR([
        { ALT: () => bareItem("name", this.CONSUME(t.Name)) },
        { ALT: () => bareItem("glob", this.CONSUME(t.Glob)) },
        { ALT: () => bareItem("group", this.CONSUME(t.GroupName)) },
        {
          ALT: () => {
            const name = this.nonEmpty(this.CONSUME(t.StringToken));
            // In a URI `?` begins the query.
            return this.ACTION((): Item => {
              const isGlob = (of === "tool" ? /[*?]/ : /\*/).test(name.value);
              return { kind: isGlob ? "glob" : "name", ...name };
            });
          },
        },
        { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongItem) },
      ]),
  );

  /** `allow all` */
  readonly wrongItem = this.RULE("wrongItem", (): Item => {
    const token = this.CONSUME(t.All);
    this.ACTION(() => this.replaced(messages.allTools, token, "*"));
    return { kind: "glob", value: "*", quoted: false, span: spanOf(token) };
  });

  /** `allow x` inside `on`, where the block names the tools */
  readonly wrongTargets = this.RULE("wrongTargets", (): void => {
    const targets = this.SUBRULE(this.targets);
    this.ACTION(() => {
      const { span } = targets;
      const edit = { span: { start: t.endOf(this.before(span)), end: span.end }, text: "" };
      this.report(messages.targetsInOn, {}, span, {
        fixes: [{ title: "Leave the name out", edits: [edit] }],
      });
    });
  });

  /** The token before a span. */
  private before(span: Span): IToken {
    const { input } = this;
    const index = input.findIndex((token) => token.startOffset >= span.start);
    return input[index - 1] as IToken;
  }

  /** False at a `limit` that begins a rule of its own. */
  protected continues(): boolean {
    if (this.LA(1).tokenType !== t.Limit) return true;
    const next = this.LA(2).tokenType;
    return next === t.Each || next === t.Sum || this.ahead(2, t.NumberToken);
  }

  readonly guardIf = this.RULE("guardIf", (): Clause => {
    const start = this.here();
    this.CONSUME(t.If);
    const condition = this.SUBRULE(this.condition);
    return guardClause("if", condition, this.from(start));
  });

  readonly guard = this.RULE("guard", (): Clause => {
    const start = this.here();
    const kind = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.If);
          return "if" as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Unless);
          return "unless" as const;
        },
      },
    ]);
    const condition = this.SUBRULE(this.condition);
    return guardClause(kind, condition, this.from(start));
  });

  readonly limitPart = this.RULE("limitPart", (): Clause => {
    const start = this.here();
    const node = this.SUBRULE(this.limitClause);
    return { clause: "limit", node, span: this.from(start) };
  });

  readonly because = this.RULE("because", (): Clause => {
    const start = this.here();
    this.CONSUME(t.Because);
    const token = this.CONSUME(t.StringToken);
    return this.ACTION(() => ({
      clause: "because",
      node: stringNode(token),
      span: this.from(start),
    }));
  });

  readonly until = this.RULE("until", (): Clause => {
    const start = this.here();
    this.CONSUME(t.Until);
    const node = this.SUBRULE(this.date);
    return { clause: "until", node, span: this.from(start) };
  });

  readonly by = this.RULE("by", (): Clause => {
    const start = this.here();
    const node: StringNode[] = [];
    this.CONSUME(t.By);
    const first = this.CONSUME(t.StringToken);
    this.ACTION(() => node.push(this.approver(first)));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      const token = this.CONSUME2(t.StringToken);
      this.ACTION(() => node.push(this.approver(token)));
    });
    return { clause: "by", node, span: this.from(start) };
  });

  private approver(token: IToken): StringNode {
    if (stringValue(token) === "") this.report(messages.emptyName, {}, spanOf(token));
    return stringNode(token);
  }

  readonly within = this.RULE("within", (): Clause => {
    const start = this.here();
    this.CONSUME(t.Within);
    const node = this.SUBRULE(this.duration);
    return { clause: "within", node, span: this.from(start) };
  });

  readonly scopePart = this.RULE("scopePart", (): Clause => {
    const start = this.here();
    const node = this.SUBRULE(this.scope);
    return { clause: "per", node, span: this.from(start) };
  });

  readonly asPart = this.RULE("asPart", (): Clause => {
    const start = this.here();
    const node = this.SUBRULE(this.counter);
    return { clause: "as", node, span: this.from(start) };
  });

  /** A clause that this rule does not take, or a condition behind the clauses. */
  readonly wrongClause = this.RULE("wrongClause", (): Clause => {
    const clause = this.OR([
      { ALT: () => this.SUBRULE(this.limitPart) },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongBareClause) },
    ]);
    return this.ACTION(() => ({ ...clause, wrong: true }));
  });

  readonly wrongBareClause = this.RULE("wrongBareClause", (): Clause => {
    const clause = this.OR([
      { ALT: () => this.SUBRULE(this.guard) },
      { ALT: () => this.SUBRULE(this.because) },
      { ALT: () => this.SUBRULE(this.until) },
      { ALT: () => this.SUBRULE(this.by) },
      { ALT: () => this.SUBRULE(this.within) },
      { ALT: () => this.SUBRULE(this.scopePart) },
      { ALT: () => this.SUBRULE(this.asPart) },
    ]);
    return this.ACTION(() => ({ ...clause, wrong: true }));
  });

  /** Sorts the clauses of a rule, and reports those that it may not have. */
  protected collect(rule: Rule["kind"], clauses: readonly Clause[]): Parts {
    const parts: Parts = { limits: [] };
    const first = new Map<string, Span>();
    for (const clause of clauses) {
      const name = clause.clause === "unless" ? "if" : clause.clause;
      const earlier = first.get(name);
      if (clause.clause !== "limit" && earlier !== undefined) {
        this.once(clause.clause, earlier, clause.span);
        continue;
      }
      first.set(name, clause.span);
      if (clause.wrong) {
        if (!this.tolerated(rule, clause, clauses[0]?.span.start ?? 0)) continue;
      }
      switch (clause.clause) {
        case "limit":
          parts.limits.push(clause.node);
          break;
        case "because":
          parts.because = clause.node;
          break;
        case "until":
          parts.until = clause.node;
          break;
        case "by":
          parts.by = clause.node;
          break;
        case "within":
          parts.within = clause.node;
          break;
        case "per":
          parts.scope = clause.node;
          break;
        case "as":
          parts.as = clause.node;
          break;
        default:
          parts.guard = clause.node;
      }
    }
    return parts;
  }

  /** Reports a wrong clause; true when the rule is read as if it stood rightly. */
  private tolerated(rule: Rule["kind"], clause: Clause, before: number): boolean {
    if (clause.clause === "unless" && (rule === "allow" || rule === "limit")) {
      this.report(messages.unlessNotIf, { rule }, clause.span, {
        fixes: this.unlessFix(clause.node),
      });
      return true;
    }
    if ((clause.clause === "if" || clause.clause === "unless") && rule !== "hide") {
      this.report(messages.guardBehindClauses, { rule, guard: clause.clause }, clause.span, {
        fixes: [this.moveForward(clause.span, before)],
      });
      return true;
    }
    this.report(messages.clauseNotAllowed, { rule, clause: clause.clause }, clause.span);
    return false;
  }

  /** A clause to a place before it, white space with it. */
  private moveForward(span: Span, to: number): Fix {
    const { text } = this.source;
    const gap = /[ \t]*$/.exec(text.slice(0, span.start))?.[0].length ?? 0;
    return {
      title: "Move it before the clauses",
      edits: [
        { span: { start: to, end: to }, text: `${this.source.slice(span)} ` },
        { span: { start: span.start - gap, end: span.end }, text: "" },
      ],
    };
  }

  /** `unless C` as `if not (C)`. */
  protected unlessFix({ span, condition }: Guard) {
    const { start, end } = span;
    const keyword = { start, end: start + "unless".length };
    if (condition.kind !== "or" && condition.kind !== "and") {
      return [{ title: "Write `if not`", edits: [{ span: keyword, text: "if not" }] }];
    }
    const space = /^\s*/.exec(this.source.text.slice(keyword.end))?.[0].length ?? 0;
    const edits = [
      { span: { start, end: keyword.end + space }, text: "if not (" },
      { span: { start: end, end }, text: ")" },
    ];
    return [{ title: "Write `if not (…)`", edits }];
  }
}

function bareItem(kind: Item["kind"], token: IToken): Item {
  const value = kind === "group" ? token.image.slice(1) : token.image;
  return { kind, value, quoted: false, span: spanOf(token) };
}

function guardClause(kind: "if" | "unless", condition: Condition, span: Span): Clause {
  return { clause: kind, node: { kind, condition, span }, span };
}

/** `unless` where only `if` may stand, already reported. */
export function positive(guard: Guard): Guard {
  if (guard.kind === "if") return guard;
  const { condition, span } = guard;
  return { kind: "if", condition: { kind: "not", operand: condition, span }, span };
}

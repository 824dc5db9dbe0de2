import type { IToken } from "chevrotain";
import type {
  Allow,
  Ask,
  Condition,
  DateNode,
  Deny,
  DurationNode,
  Guard,
  Hide,
  Item,
  Limit,
  LimitClause,
  Name,
  Rule,
  Scope,
  StringNode,
  TargetKind,
  Targets,
} from "../ast.ts";
import { spanOf, stringNode, stringValue } from "../literals.ts";
import { messages } from "../messages.ts";
import type { Span } from "../source.ts";
import * as t from "../tokens.ts";
import { LimitGrammar } from "./limits.ts";

/** One part of a rule behind its targets. `wrong`: the rule takes no such part. */
type Clause = { readonly span: Span; readonly wrong?: true } & (
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
interface Parts {
  guard?: Guard;
  limits: LimitClause[];
  because?: StringNode;
  until?: DateNode;
  by?: readonly StringNode[];
  within?: DurationNode;
  scope?: Scope;
  as?: Name;
}

interface Head {
  readonly keyword: Span;
  readonly targets?: Targets;
}

/** Targets, and the five kinds of rule with their clauses. */
export class RuleGrammar extends LimitGrammar {
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
        { ALT: () => this.SUBRULE(this.wrongItem) },
      ]),
  );

  /** `allow all` */
  readonly wrongItem = this.RULE("wrongItem", (): Item => {
    const token = this.CONSUME(t.All);
    this.ACTION(() => this.replaced(messages.allTools, token, "*"));
    return { kind: "glob", value: "*", quoted: false, span: spanOf(token) };
  });

  /** rule : "shadow"? (allow | ask | deny | hide | limit), with targets */
  readonly rule = this.RULE("rule", (): Rule => {
    const start = this.here();
    const shadow = this.OPTION(() => this.CONSUME(t.Shadow));
    const rule = this.OR([
      { ALT: () => this.SUBRULE(this.allow) },
      { ALT: () => this.SUBRULE(this.ask) },
      { ALT: () => this.SUBRULE(this.deny) },
      { ALT: () => this.SUBRULE(this.hide) },
      { ALT: () => this.SUBRULE(this.limit) },
    ]);
    if (shadow === undefined) return rule;
    return this.ACTION(() => ({ ...rule, shadow: spanOf(shadow), span: this.from(start) }));
  });

  /** bareRule : the same without targets and without limit clauses, as in an `on` block */
  readonly bareRule = this.RULE("bareRule", (): Rule => {
    const start = this.here();
    const shadow = this.OPTION(() => this.CONSUME(t.Shadow));
    const rule = this.OR([
      { ALT: () => this.SUBRULE(this.bareAllow) },
      { ALT: () => this.SUBRULE(this.bareAsk) },
      { ALT: () => this.SUBRULE(this.bareDeny) },
      { ALT: () => this.SUBRULE(this.bareHide) },
      { ALT: () => this.SUBRULE(this.bareLimit) },
    ]);
    if (shadow === undefined) return rule;
    return this.ACTION(() => ({ ...rule, shadow: spanOf(shadow), span: this.from(start) }));
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

  // allow : "allow" targets ("if" cond)? (limitClause | because | until)*
  readonly allow = this.RULE("allow", (): Allow => {
    const keyword = spanOf(this.CONSUME(t.Allow));
    const targets = this.SUBRULE(this.targets);
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guardIf)));
    this.MANY({
      GATE: () => this.continues(),
      DEF: () =>
        this.OR([
          { ALT: () => clauses.push(this.SUBRULE(this.limitPart)) },
          { ALT: () => clauses.push(this.SUBRULE(this.because)) },
          { ALT: () => clauses.push(this.SUBRULE(this.until)) },
          { ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
        ]),
    });
    return this.ACTION(() => this.allowOf({ keyword, targets }, clauses));
  });

  readonly bareAllow = this.RULE("bareAllow", (): Allow => {
    const keyword = spanOf(this.CONSUME(t.Allow));
    this.OPTION2(() => this.SUBRULE(this.wrongTargets));
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guardIf)));
    this.MANY(() =>
      this.OR([
        { ALT: () => clauses.push(this.SUBRULE(this.because)) },
        { ALT: () => clauses.push(this.SUBRULE(this.until)) },
        { ALT: () => clauses.push(this.SUBRULE(this.wrongBareClause)) },
      ]),
    );
    return this.ACTION(() => this.allowOf({ keyword }, clauses));
  });

  private allowOf(head: Head, clauses: readonly Clause[]): Allow {
    const { guard, limits, because, until } = this.collect("allow", clauses);
    return {
      kind: "allow",
      ...head,
      ...(guard === undefined ? {} : { guard: positive(guard) }),
      limits,
      ...(because === undefined ? {} : { because }),
      ...(until === undefined ? {} : { until }),
      span: this.from(head.keyword.start),
    };
  }

  // ask : "ask" targets (("if" | "unless") cond)? (limitClause | because | until | by | within)*
  readonly ask = this.RULE("ask", (): Ask => {
    const keyword = spanOf(this.CONSUME(t.Ask));
    const targets = this.SUBRULE(this.targets);
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guard)));
    this.MANY({
      GATE: () => this.continues(),
      DEF: () =>
        this.OR([
          { ALT: () => clauses.push(this.SUBRULE(this.limitPart)) },
          { ALT: () => clauses.push(this.SUBRULE(this.because)) },
          { ALT: () => clauses.push(this.SUBRULE(this.until)) },
          { ALT: () => clauses.push(this.SUBRULE(this.by)) },
          { ALT: () => clauses.push(this.SUBRULE(this.within)) },
          { ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
        ]),
    });
    return this.ACTION(() => this.askOf({ keyword, targets }, clauses));
  });

  readonly bareAsk = this.RULE("bareAsk", (): Ask => {
    const keyword = spanOf(this.CONSUME(t.Ask));
    this.OPTION2(() => this.SUBRULE(this.wrongTargets));
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guard)));
    this.MANY(() =>
      this.OR([
        { ALT: () => clauses.push(this.SUBRULE(this.because)) },
        { ALT: () => clauses.push(this.SUBRULE(this.until)) },
        { ALT: () => clauses.push(this.SUBRULE(this.by)) },
        { ALT: () => clauses.push(this.SUBRULE(this.within)) },
        { ALT: () => clauses.push(this.SUBRULE(this.wrongBareClause)) },
      ]),
    );
    return this.ACTION(() => this.askOf({ keyword }, clauses));
  });

  private askOf(head: Head, clauses: readonly Clause[]): Ask {
    const { guard, limits, because, until, by, within } = this.collect("ask", clauses);
    return {
      kind: "ask",
      ...head,
      ...(guard === undefined ? {} : { guard }),
      limits,
      ...(because === undefined ? {} : { because }),
      ...(until === undefined ? {} : { until }),
      ...(by === undefined ? {} : { by }),
      ...(within === undefined ? {} : { within }),
      span: this.from(head.keyword.start),
    };
  }

  // deny : "deny" targets (("if" | "unless") cond)? ("because" STRING)?
  readonly deny = this.RULE("deny", (): Deny => {
    const keyword = spanOf(this.CONSUME(t.Deny));
    const targets = this.SUBRULE(this.targets);
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guard)));
    this.OPTION2(() => clauses.push(this.SUBRULE(this.because)));
    this.MANY({
      GATE: () => this.continues(),
      DEF: () => clauses.push(this.SUBRULE(this.wrongClause)),
    });
    return this.ACTION(() => this.denyOf({ keyword, targets }, clauses));
  });

  readonly bareDeny = this.RULE("bareDeny", (): Deny => {
    const keyword = spanOf(this.CONSUME(t.Deny));
    this.OPTION3(() => this.SUBRULE(this.wrongTargets));
    const clauses: Clause[] = [];
    this.OPTION(() => clauses.push(this.SUBRULE(this.guard)));
    this.OPTION2(() => clauses.push(this.SUBRULE(this.because)));
    this.MANY(() => clauses.push(this.SUBRULE(this.wrongBareClause)));
    return this.ACTION(() => this.denyOf({ keyword }, clauses));
  });

  private denyOf(head: Head, clauses: readonly Clause[]): Deny {
    const { guard, because } = this.collect("deny", clauses);
    return {
      kind: "deny",
      ...head,
      ...(guard === undefined ? {} : { guard }),
      ...(because === undefined ? {} : { because }),
      span: this.from(head.keyword.start),
    };
  }

  // hide : "hide" targets
  readonly hide = this.RULE("hide", (): Hide => {
    const keyword = spanOf(this.CONSUME(t.Hide));
    const targets = this.SUBRULE(this.targets);
    const clauses: Clause[] = [];
    this.MANY({
      GATE: () => this.continues(),
      DEF: () => clauses.push(this.SUBRULE(this.wrongClause)),
    });
    return this.ACTION(() => this.hideOf({ keyword, targets }, clauses));
  });

  readonly bareHide = this.RULE("bareHide", (): Hide => {
    const keyword = spanOf(this.CONSUME(t.Hide));
    this.OPTION(() => this.SUBRULE(this.wrongTargets));
    const clauses: Clause[] = [];
    this.MANY(() => clauses.push(this.SUBRULE(this.wrongBareClause)));
    return this.ACTION(() => this.hideOf({ keyword }, clauses));
  });

  private hideOf(head: Head, clauses: readonly Clause[]): Hide {
    this.collect("hide", clauses);
    return { kind: "hide", ...head, span: this.from(head.keyword.start) };
  }

  // limit : "limit" (targets | "all") limitBody
  readonly limit = this.RULE("limit", (): Limit => {
    const keyword = spanOf(this.CONSUME(t.Limit));
    const of = this.OR([
      { ALT: () => ({ all: spanOf(this.CONSUME(t.All)) }) },
      { ALT: () => ({ targets: this.SUBRULE(this.targets) }) },
    ]);
    const body = this.SUBRULE(this.limitBody, { ARGS: [false] });
    return { kind: "limit", keyword, ...of, ...body, span: this.from(keyword.start) };
  });

  readonly bareLimit = this.RULE("bareLimit", (): Limit => {
    const keyword = spanOf(this.CONSUME(t.Limit));
    this.OPTION(() => this.SUBRULE(this.wrongTargets));
    const body = this.SUBRULE(this.limitBody, { ARGS: [true] });
    return { kind: "limit", keyword, ...body, span: this.from(keyword.start) };
  });

  // limitBody : "each"? amount (scope | "if" cond | "as" NAME | because)*, each once
  readonly limitBody = this.RULE(
    "limitBody",
    (isBare: boolean): Pick<Limit, "limit" | "guard" | "because"> => {
      const start = this.here();
      const each = this.OPTION(() => this.CONSUME(t.Each)) !== undefined;
      const amount = this.SUBRULE(this.amount);
      const clauses: Clause[] = [];
      this.MANY({
        GATE: () => (isBare ? this.LA(1).tokenType !== t.Limit : this.continues()),
        DEF: () =>
          this.OR([
            { ALT: () => clauses.push(this.SUBRULE(this.scopePart)) },
            { ALT: () => clauses.push(this.SUBRULE(this.guardIf)) },
            { ALT: () => clauses.push(this.SUBRULE(this.asPart)) },
            { ALT: () => clauses.push(this.SUBRULE(this.because)) },
            { ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
          ]),
      });
      return this.ACTION(() => {
        const { scope, as, guard, because } = this.collect("limit", clauses);
        const end = Math.max(amount.span.end, scope?.span.end ?? 0, as?.span.end ?? 0);
        return {
          limit: {
            kind: "limit-clause",
            each,
            amount,
            ...(scope === undefined ? {} : { scope }),
            ...(as === undefined ? {} : { as }),
            span: { start, end },
          },
          ...(guard === undefined ? {} : { guard: positive(guard) }),
          ...(because === undefined ? {} : { because }),
        };
      });
    },
  );

  /** False at a `limit` that begins a rule of its own. */
  private continues(): boolean {
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
      { ALT: () => this.SUBRULE(this.wrongBareClause) },
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
  private collect(rule: Rule["kind"], clauses: readonly Clause[]): Parts {
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
        if (!this.tolerated(rule, clause)) continue;
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
  private tolerated(rule: Rule["kind"], clause: Clause): boolean {
    if (clause.clause === "unless" && (rule === "allow" || rule === "limit")) {
      this.report(messages.unlessNotIf, { rule }, clause.span, {
        fixes: this.unlessFix(clause.node),
      });
      return true;
    }
    if ((clause.clause === "if" || clause.clause === "unless") && rule !== "hide") {
      this.report(messages.guardBehindClauses, { rule, guard: clause.clause }, clause.span);
      return true;
    }
    this.report(messages.clauseNotAllowed, { rule, clause: clause.clause }, clause.span);
    return false;
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

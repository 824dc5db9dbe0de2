import type { IOrAlt } from "chevrotain";
import type { Allow, Ask, Deny, Hide, Limit, Rule, Targets } from "../ast.ts";
import { spanOf } from "../literals.ts";
import type { Span } from "../source.ts";
import * as t from "../tokens.ts";
import { type Clause, ClauseGrammar, positive } from "./clauses.ts";

interface Head {
  readonly keyword: Span;
  readonly targets?: Targets;
}

/** The five kinds of rule, each once with targets and once without, as in an `on` block. */
export class RuleGrammar extends ClauseGrammar {
  private readonly rules: IOrAlt<Rule>[] = [
    { ALT: () => this.SUBRULE(this.allow) },
    { ALT: () => this.SUBRULE(this.ask) },
    { ALT: () => this.SUBRULE(this.deny) },
    { ALT: () => this.SUBRULE(this.hide) },
    { ALT: () => this.SUBRULE(this.limit) },
  ];

  /** rule : "shadow"? (allow | ask | deny | hide | limit), with targets */
  readonly rule = this.RULE("rule", (): Rule => {
    const start = this.here();
    const shadow = this.OPTION(() => this.CONSUME(t.Shadow));
    const rule = this.OR(this.rules);
    if (shadow === undefined) return rule;
    return this.ACTION(() => ({ ...rule, shadow: spanOf(shadow), span: this.from(start) }));
  });

  private readonly bareRules: IOrAlt<Rule>[] = [
    { ALT: () => this.SUBRULE(this.bareAllow) },
    { ALT: () => this.SUBRULE(this.bareAsk) },
    { ALT: () => this.SUBRULE(this.bareDeny) },
    { ALT: () => this.SUBRULE(this.bareHide) },
    { ALT: () => this.SUBRULE(this.bareLimit) },
  ];

  /** bareRule : the same without targets and without limit clauses, as in an `on` block */
  readonly bareRule = this.RULE("bareRule", (): Rule => {
    const start = this.here();
    const shadow = this.OPTION(() => this.CONSUME(t.Shadow));
    const rule = this.OR(this.bareRules);
    if (shadow === undefined) return rule;
    return this.ACTION(() => ({ ...rule, shadow: spanOf(shadow), span: this.from(start) }));
  });

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
          { IGNORE_AMBIGUITIES: true, ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
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
        { IGNORE_AMBIGUITIES: true, ALT: () => clauses.push(this.SUBRULE(this.wrongBareClause)) },
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
          { IGNORE_AMBIGUITIES: true, ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
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
        { IGNORE_AMBIGUITIES: true, ALT: () => clauses.push(this.SUBRULE(this.wrongBareClause)) },
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
      // Before the targets, whose first item could be a mistaken `all`.
      { IGNORE_AMBIGUITIES: true, ALT: () => ({ all: spanOf(this.CONSUME(t.All)) }) },
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
            { IGNORE_AMBIGUITIES: true, ALT: () => clauses.push(this.SUBRULE(this.wrongClause)) },
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
}

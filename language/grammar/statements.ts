import type { CallStep, Condition, Step, StringNode, Targets, TestGrant } from "../ast.ts";
import { isDate, numberNode } from "../literals.ts";
import { messages } from "../messages.ts";
import * as t from "../tokens.ts";
import { DeclarationGrammar } from "./declarations.ts";

/** `2026-11-23T10:00+01:00`, seconds and their fraction optional. */
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

const MAX_REPEAT = 1_000_000;

/** The heads of blocks, and the steps of tests. */
export class StatementGrammar extends DeclarationGrammar {
  // Heads of blocks, with their brace -----------------------------------------------------------------

  /** onHead : "on" targets "{" */
  readonly onHead = this.RULE("onHead", (): Targets => {
    this.CONSUME(t.On);
    const targets = this.SUBRULE(this.targets);
    this.CONSUME(t.LeftBrace);
    return targets;
  });

  /** whenHead : "when" cond "{" */
  readonly whenHead = this.RULE("whenHead", (): Condition => {
    this.CONSUME(t.When);
    const condition = this.SUBRULE(this.condition);
    this.CONSUME(t.LeftBrace);
    return condition;
  });

  /** testHead : "test" STRING ("as" testGrant)? "{" */
  readonly testHead = this.RULE("testHead", (): { name: StringNode; as?: TestGrant } => {
    this.CONSUME(t.Test);
    const name = this.SUBRULE(this.text);
    const as = this.OPTION(() => {
      this.CONSUME(t.As);
      return this.SUBRULE(this.testGrant);
    });
    this.CONSUME(t.LeftBrace);
    return { name, ...(as === undefined ? {} : { as }) };
  });

  /** asHead : "as" testGrant "{" */
  readonly asHead = this.RULE("asHead", (): TestGrant => {
    this.CONSUME(t.As);
    const as = this.SUBRULE(this.testGrant);
    this.CONSUME(t.LeftBrace);
    return as;
  });

  /** testGrant : STRING object? */
  readonly testGrant = this.RULE("testGrant", (): TestGrant => {
    const start = this.here();
    const grant = this.SUBRULE(this.text);
    const labels = this.OPTION({
      GATE: () =>
        this.next(t.LeftBrace, t.RightBrace, t.LeftBrace) ||
        (this.LA(1).tokenType === t.LeftBrace && this.LA(3).tokenType === t.Colon),
      DEF: () => this.SUBRULE(this.object),
    });
    return { grant, ...(labels === undefined ? {} : { labels }), span: this.from(start) };
  });

  // Steps of tests -----------------------------------------------------------------------------------

  /** step : wait | at | call */
  readonly step = this.RULE(
    "step",
    (): Step =>
      this.OR([
        { GATE: () => !this.isCall(), ALT: () => this.SUBRULE(this.wait) },
        { GATE: () => !this.isCall(), ALT: () => this.SUBRULE(this.at) },
        { ALT: () => this.SUBRULE(this.call) },
      ]),
  );

  /** A tool named `wait`, `at` or `approved` is followed by its arguments. */
  private isCall(): boolean {
    return this.LA(2).tokenType === t.LeftBrace;
  }

  /** wait : "wait" DURATION */
  readonly wait = this.RULE("wait", (): Step => {
    const start = this.here();
    this.CONSUME(t.Wait);
    const duration = this.SUBRULE(this.duration);
    return { kind: "wait", duration, span: this.from(start) };
  });

  /** at : "at" STRING */
  readonly at = this.RULE("at", (): Step => {
    const start = this.here();
    this.CONSUME(t.At);
    const time = this.SUBRULE(this.text);
    this.ACTION(() => {
      const date = INSTANT.exec(time.value)?.[1];
      if (date === undefined || !isDate(date)) {
        this.report(messages.malformedInstant, {}, time.span);
      }
    });
    return { kind: "at", time, span: this.from(start) };
  });

  /** call : (NUMBER "x")? "approved"? (NAME | STRING) object "=>" outcome */
  readonly call = this.RULE("call", (): CallStep => {
    const start = this.here();
    const repeat = this.OPTION(() => {
      const node = numberNode(this.CONSUME(t.NumberToken));
      this.OR2([
        { GATE: () => !this.LA(0).image.endsWith("x"), ALT: () => this.CONSUME(t.Times) },
        // `60x` is one token, which the lexer has reported.
        { GATE: () => this.LA(0).image.endsWith("x"), ALT: () => undefined },
      ]);
      this.ACTION(() => {
        if (node.value > MAX_REPEAT) {
          this.report(messages.tooManyRepeats, { most: MAX_REPEAT }, node.span);
        } else this.wholeNumber(node, "A number of calls", 1);
      });
      return node;
    });
    const approved = this.OPTION2({
      GATE: () => !this.isCall(),
      DEF: () => this.CONSUME(t.Approved),
    });
    const tool = this.SUBRULE(this.name);
    const args = this.SUBRULE(this.object);
    this.CONSUME(t.Arrow);
    const outcome = this.SUBRULE(this.outcome);
    return {
      kind: "call",
      ...(repeat === undefined ? {} : { repeat }),
      approved: approved !== undefined,
      tool,
      args,
      ...outcome,
      span: this.from(start),
    };
  });

  /** outcome : "allow" | "deny" STRING? | "hide" | "ask" */
  readonly outcome = this.RULE(
    "outcome",
    (): Pick<CallStep, "expect" | "message"> =>
      this.OR([
        {
          ALT: (): Pick<CallStep, "expect" | "message"> => {
            this.CONSUME(t.Allow);
            return { expect: "allow" };
          },
        },
        {
          ALT: (): Pick<CallStep, "expect" | "message"> => {
            this.CONSUME(t.Deny);
            const message = this.OPTION({
              // A string before a brace is the tool of the next step.
              GATE: () => this.LA(2).tokenType !== t.LeftBrace,
              DEF: () => this.SUBRULE(this.text),
            });
            return { expect: "deny", ...(message === undefined ? {} : { message }) };
          },
        },
        {
          ALT: (): Pick<CallStep, "expect" | "message"> => {
            this.CONSUME(t.Hide);
            return { expect: "hide" };
          },
        },
        {
          ALT: (): Pick<CallStep, "expect" | "message"> => {
            this.CONSUME(t.Ask);
            return { expect: "ask" };
          },
        },
      ]),
  );
}

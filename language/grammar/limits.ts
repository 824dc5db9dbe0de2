import type {
  Amount,
  DurationNode,
  LimitClause,
  Name,
  Path,
  Scope,
  ScopeWord,
  WindowNode,
  WindowUnit,
} from "../ast.ts";
import {
  durationMs,
  durationNode,
  numberNode,
  spanOf,
  stringValue,
  wordName,
} from "../literals.ts";
import { messages } from "../messages.ts";
import type { Span } from "../source.ts";
import { suggest } from "../suggest.ts";
import * as t from "../tokens.ts";
import { ConditionGrammar } from "./conditions.ts";

const UNITS: readonly WindowUnit[] = ["second", "minute", "hour", "day", "week", "month"];

/** What people write for a unit. */
const UNIT_ALIASES: Readonly<Record<string, WindowUnit>> = {
  s: "second",
  sec: "second",
  secs: "second",
  m: "minute",
  min: "minute",
  mins: "minute",
  h: "hour",
  hr: "hour",
  hrs: "hour",
  d: "day",
  w: "week",
  wk: "week",
  mo: "month",
  mon: "month",
};

/** Milliseconds of the units that have a fixed length, the longest first. */
const UNIT_MS: readonly (readonly [WindowUnit, number])[] = [
  ["week", 604_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** A window and how it is written. */
function windowOf(ms: number): { every: number; unit: WindowUnit } {
  for (const [unit, length] of UNIT_MS) {
    if (ms % length === 0 && ms > 0) return { every: ms / length, unit };
  }
  return { every: 1, unit: "second" };
}

/** The parts of a limit that may follow its amount. */
export interface LimitTail {
  scope?: Scope;
  as?: Name;
  end: number;
}

/** Amounts, windows, scopes and durations. */
export class LimitGrammar extends ConditionGrammar {
  /** amount : "sum" "(" path ")" "to" NUMBER rate | NUMBER (rate | "concurrent") */
  readonly amount = this.RULE("amount", (): Amount => {
    const start = this.here();
    return this.OR([
      {
        ALT: (): Amount => {
          this.CONSUME(t.Sum);
          this.CONSUME(t.LeftParen);
          const path = this.SUBRULE(this.path);
          this.CONSUME(t.RightParen);
          this.CONSUME(t.To);
          const max = numberNode(this.CONSUME(t.NumberToken));
          const rate = this.SUBRULE(this.rate);
          return { kind: "sum", max, path, ...rate, span: this.from(start) };
        },
      },
      {
        ALT: (): Amount => {
          const max = numberNode(this.CONSUME2(t.NumberToken));
          return this.OR2([
            {
              ALT: (): Amount => {
                const rate = this.SUBRULE2(this.rate);
                this.ACTION(() => this.wholeNumber(max, "A limit", 0));
                return { kind: "count", max, ...rate, span: this.from(start) };
              },
            },
            {
              ALT: (): Amount => {
                this.CONSUME(t.Concurrent);
                this.ACTION(() => this.wholeNumber(max, "A limit", 0));
                return { kind: "concurrent", max, sliding: false, span: this.from(start) };
              },
            },
            {
              GATE: () => this.next(t.Per, t.Unit),
              ALT: (): Amount => {
                const window = this.SUBRULE(this.wrongRate);
                return { kind: "count", max, window, sliding: false, span: this.from(start) };
              },
            },
          ]);
        },
      },
    ]);
  });

  /** rate : "/" window "sliding"? */
  readonly rate = this.RULE("rate", (): { window: WindowNode; sliding: boolean } => {
    this.CONSUME(t.Slash);
    const window = this.SUBRULE(this.window);
    const sliding = this.OPTION(() => this.CONSUME(t.Sliding)) !== undefined;
    this.ACTION(() => {
      if (window.every === undefined || sliding) return;
      const end = window.span.end;
      this.report(
        messages.multipleNeedsSliding,
        { window: `${window.every.text} ${window.unit}s` },
        window.span,
        {
          fixes: [
            { title: "Add `sliding`", edits: [{ span: { start: end, end }, text: " sliding" }] },
          ],
        },
      );
    });
    return { window, sliding };
  });

  /** window : NUMBER? ("second" | "minute" | "hour" | "day" | "week" | "month") */
  readonly window = this.RULE("window", (): WindowNode => {
    const start = this.here();
    return this.OR([
      {
        GATE: () => !this.ahead(1, t.Duration) || this.ahead(2, t.Name),
        ALT: () => {
          const every = numberNode(this.CONSUME(t.NumberToken));
          const unit = this.SUBRULE(this.unit);
          this.ACTION(() => this.wholeNumber(every, "The multiple of a window", 1));
          return {
            ...(every.value === 1 ? {} : { every }),
            unit,
            span: this.from(start),
          };
        },
      },
      { ALT: () => ({ unit: this.SUBRULE2(this.unit), span: this.from(start) }) },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongWindow) },
    ]);
  });

  readonly unit = this.RULE(
    "unit",
    (): WindowUnit =>
      this.OR([
        { ALT: () => this.CONSUME(t.Unit).image.replace(/s$/, "") as WindowUnit },
        { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongUnit) },
      ]),
  );

  /** `10/min` */
  readonly wrongUnit = this.RULE("wrongUnit", (): WindowUnit => {
    const token = this.CONSUME(t.Name);
    return this.ACTION(() => {
      const written = token.image.toLowerCase();
      const unit = UNIT_ALIASES[written] ?? (suggest(written, UNITS)[0] as WindowUnit | undefined);
      const span = spanOf(token);
      this.report(messages.unknownWindow, { written: token.image, instead: unit }, span, {
        fixes:
          unit === undefined ? [] : [{ title: `Write \`${unit}\``, edits: [{ span, text: unit }] }],
      });
      return unit ?? "minute";
    });
  });

  /** `10/1m` */
  readonly wrongWindow = this.RULE("wrongWindow", (): WindowNode => {
    const token = this.CONSUME(t.Duration);
    return this.ACTION(() => {
      const span = spanOf(token);
      const ms = durationMs(token.image);
      if (ms === undefined) return { unit: "minute", span };
      const { every, unit } = windowOf(ms);
      const instead = every === 1 ? unit : `${every} ${unit}s sliding`;
      const alreadySliding = this.next(t.Sliding);
      const text = alreadySliding ? instead.replace(/ sliding$/, "") : instead;
      this.report(messages.unknownWindow, { written: token.image, instead: text }, span, {
        fixes: [{ title: `Write \`${text}\``, edits: [{ span, text }] }],
      });
      return { unit, span };
    });
  });

  /** `10 per minute` */
  readonly wrongRate = this.RULE("wrongRate", (): WindowNode => {
    const before = this.LA(0);
    const per = this.CONSUME(t.Per);
    const unit = this.CONSUME(t.Unit);
    return this.ACTION(() => {
      const span: Span = { start: t.endOf(before), end: t.endOf(unit) };
      const text = `/${unit.image}`;
      this.report(
        messages.perWindow,
        { unit: unit.image },
        { ...span, start: per.startOffset },
        {
          fixes: [{ title: `Write \`${before.image}${text}\``, edits: [{ span, text }] }],
        },
      );
      return { unit: unit.image.replace(/s$/, "") as WindowUnit, span: spanOf(unit) };
    });
  });

  /** scope : "per" key ("," key)* */
  readonly scope = this.RULE("scope", (): Scope => {
    const start = this.here();
    const keys: (ScopeWord | Path)[] = [];
    this.CONSUME(t.Per);
    keys.push(this.SUBRULE(this.key));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      keys.push(this.SUBRULE2(this.key));
    });
    this.ACTION(() => this.distinctScopes(keys));
    return { keys, span: this.from(start) };
  });

  private distinctScopes(keys: readonly (ScopeWord | Path)[]): void {
    const words = keys.filter((key) => key.kind === "scope");
    if (words.length < 2) return;
    const [first, second] = words as [ScopeWord, ScopeWord];
    this.report(messages.manyScopes, { first: first.value, second: second.value }, second.span);
  }

  /** key : "grant" | "session" | "server" | path beginning with args */
  readonly key = this.RULE("key", (): ScopeWord | Path =>
    this.OR([
      {
        GATE: () => !this.next(t.Grant, t.Dot) && !this.next(t.Grant, t.LeftBracket),
        ALT: () => this.scopeWord(this.CONSUME(t.Grant).image),
      },
      { ALT: () => this.scopeWord(this.CONSUME(t.Session).image) },
      { ALT: () => this.scopeWord(this.CONSUME(t.Server).image) },
      { ALT: () => this.SUBRULE(this.argumentPath) },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongKey) },
    ]),
  );

  private scopeWord(value: string): ScopeWord {
    return {
      kind: "scope",
      value: value as ScopeWord["value"],
      span: this.from(this.LA(0).startOffset),
    };
  }

  /** `per user`, `per grant.team` */
  readonly wrongKey = this.RULE("wrongKey", (): ScopeWord => {
    const path = this.SUBRULE(this.path);
    return this.ACTION(() => {
      const { span } = path;
      this.report(messages.unknownScope, { written: this.source.slice(span) }, span, {
        fixes: [
          { title: "Count per grant", edits: [{ span, text: "grant" }] },
          ...(path.steps.length === 0
            ? [
                {
                  title: "Count per value of an argument",
                  edits: [{ span, text: `args.${path.root.value}` }],
                },
              ]
            : []),
        ],
      });
      return { kind: "scope", value: "grant", span };
    });
  });

  /** limitClause : "limit" "each"? amount (scope | "as" NAME)* */
  readonly limitClause = this.RULE("limitClause", (): LimitClause => {
    const start = this.here();
    this.CONSUME(t.Limit);
    const each = this.OPTION(() => this.CONSUME(t.Each)) !== undefined;
    const amount = this.SUBRULE(this.amount);
    const parts: { scope?: Scope; as?: Name } = {};
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            const scope = this.SUBRULE(this.scope);
            this.ACTION(() => this.once("per", parts.scope?.span, scope.span));
            parts.scope ??= scope;
          },
        },
        {
          ALT: () => {
            const as = this.SUBRULE(this.counter);
            this.ACTION(() => this.once("as", parts.as?.span, as.span));
            parts.as ??= as;
          },
        },
      ]),
    );
    return { kind: "limit-clause", each, amount, ...parts, span: this.from(start) };
  });

  /** Reports a clause that stands twice. */
  protected once(clause: string, first: Span | undefined, span: Span): void {
    if (first === undefined) return;
    this.report(messages.clauseTwice, { clause }, span, {
      related: [{ message: `The first \`${clause}\` is here.`, source: this.source, span: first }],
    });
  }

  /** counter : "as" NAME */
  readonly counter = this.RULE("counter", (): Name => {
    this.CONSUME(t.As);
    return wordName(this.CONSUME(t.Name));
  });

  /** DURATION */
  readonly duration = this.RULE(
    "duration",
    (): DurationNode =>
      this.OR([
        {
          GATE: () => !this.ahead(2, t.Unit),
          ALT: () => durationNode(this.CONSUME(t.Duration)),
        },
        { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongDuration) },
      ]),
  );

  /** `10 minutes`, `"10m"` */
  readonly wrongDuration = this.RULE("wrongDuration", (): DurationNode => {
    const start = this.here();
    const text = this.OR([
      {
        ALT: () => {
          const number = this.CONSUME(t.NumberToken);
          const unit = this.OPTION(() => this.CONSUME(t.Unit));
          return this.ACTION(() => `${number.image}${unit?.image.slice(0, 1) ?? ""}`);
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(t.StringToken);
          return this.ACTION(() => stringValue(token));
        },
      },
    ]);
    const span = this.from(start);
    return this.ACTION(() => {
      const ms = durationMs(text);
      this.report(messages.durationNeeded, { written: this.source.slice(span) }, span, {
        fixes: ms === undefined ? [] : [{ title: `Write \`${text}\``, edits: [{ span, text }] }],
      });
      return { kind: "duration", text: ms === undefined ? "1m" : text, ms: ms ?? 60_000, span };
    });
  });
}

import type { IOrAlt } from "chevrotain";
import type {
  Claim,
  Condition,
  Default,
  Group,
  Guard,
  Import,
  Label,
  Labels,
  Let,
  Literal,
  Name,
  Pin,
  Rule,
  Server,
  StringNode,
  TargetKind,
  Validate,
} from "../ast.ts";
import { spanOf, stringNode, wordName } from "../literals.ts";
import { messages } from "../messages.ts";
import * as t from "../tokens.ts";
import { positive } from "./clauses.ts";
import { RuleGrammar } from "./rules.ts";

/** A statement that is no block. */
export type PlainStatement =
  | Server
  | Default
  | Validate
  | Pin
  | Labels
  | Import
  | Let
  | Group
  | Rule
  | Claim;

const KINDS = { tools: "tool", resources: "resource", prompts: "prompt" } as const;

/** Statements that are no blocks. */
export class DeclarationGrammar extends RuleGrammar {
  private readonly statements: IOrAlt<PlainStatement>[] = [
    { ALT: () => this.SUBRULE(this.rule) },
    { ALT: () => this.SUBRULE(this.server) },
    { ALT: () => this.SUBRULE(this.default) },
    { ALT: () => this.SUBRULE(this.validate) },
    { ALT: () => this.SUBRULE(this.pin) },
    { ALT: () => this.SUBRULE(this.labels) },
    { ALT: () => this.SUBRULE(this.import) },
    { ALT: () => this.SUBRULE(this.let) },
    { ALT: () => this.SUBRULE(this.group) },
    { ALT: () => this.SUBRULE(this.claim) },
  ];

  /** statement : server | default | validate | pin | labels | import | let | group | rule | claim */
  readonly statement = this.RULE("statement", (): PlainStatement => this.OR(this.statements));

  /** server : "server" (NAME | STRING) ("tools" STRING)? */
  readonly server = this.RULE("server", (): Server => {
    const start = this.here();
    this.CONSUME(t.Server);
    const name = this.SUBRULE(this.name);
    const tools = this.OPTION(() => {
      this.CONSUME(t.Tools);
      return this.SUBRULE(this.text);
    });
    return {
      kind: "server",
      name,
      ...(tools === undefined ? {} : { tools }),
      span: this.from(start),
    };
  });

  /** STRING */
  readonly text = this.RULE("text", (): StringNode => {
    const token = this.CONSUME(t.StringToken);
    return this.ACTION(() => stringNode(token));
  });

  /** default : "default" ("allow" | "deny" | "hide") ("resources" | "prompts")? */
  readonly default = this.RULE("default", (): Default => {
    const start = this.here();
    this.CONSUME(t.Default);
    const effect = this.OR([
      { ALT: () => this.CONSUME(t.Allow) },
      { ALT: () => this.CONSUME(t.Deny) },
      { ALT: () => this.CONSUME(t.Hide) },
    ]);
    const kind = this.OPTION(() =>
      this.OR2([
        { ALT: () => this.CONSUME(t.Resources) },
        { ALT: () => this.CONSUME(t.Prompts) },
        { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongDefaultKind) },
      ]),
    );
    return this.ACTION(() => ({
      kind: "default",
      effect: effect.image as Default["effect"],
      effectSpan: spanOf(effect),
      of: KINDS[(kind?.image ?? "tools") as keyof typeof KINDS] as TargetKind,
      span: this.from(start),
    }));
  });

  /** `default deny tools` */
  readonly wrongDefaultKind = this.RULE("wrongDefaultKind", () => {
    const token = this.CONSUME(t.Tools);
    this.ACTION(() => {
      const span = spanOf(token);
      const edit = { span: { start: t.endOf(this.LA(-1)), end: span.end }, text: "" };
      this.report(messages.defaultOfTools, {}, span, {
        fixes: [{ title: "Leave `tools` out", edits: [edit] }],
      });
    });
    return token;
  });

  /** validate : "validate" "arguments" "strictly"? */
  readonly validate = this.RULE("validate", (): Validate => {
    const start = this.here();
    this.CONSUME(t.Validate);
    this.CONSUME(t.Arguments);
    const strictly = this.OPTION(() => this.CONSUME(t.Strictly)) !== undefined;
    return { kind: "validate", strictly, span: this.from(start) };
  });

  /** pin : "pin" "tools" */
  readonly pin = this.RULE("pin", (): Pin => {
    const start = this.here();
    this.CONSUME(t.Pin);
    this.CONSUME(t.Tools);
    return { kind: "pin", span: this.from(start) };
  });

  /** labels : "labels" label ("," label)* */
  readonly labels = this.RULE("labels", (): Labels => {
    const start = this.here();
    this.CONSUME(t.Labels);
    const labels = [this.SUBRULE(this.label)];
    this.MANY(() => {
      this.CONSUME(t.Comma);
      labels.push(this.SUBRULE2(this.label));
    });
    return { kind: "labels", labels, span: this.from(start) };
  });

  /** label : (NAME | STRING) (":" STRING ("|" STRING)*)? */
  readonly label = this.RULE("label", (): Label => {
    const start = this.here();
    const name = this.SUBRULE(this.name);
    const values: StringNode[] = [];
    this.OPTION(() => {
      this.CONSUME(t.Colon);
      values.push(this.SUBRULE(this.text));
      this.MANY(() => {
        this.OR([
          { ALT: () => this.CONSUME(t.Pipe) },
          { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongPipe) },
        ]);
        values.push(this.SUBRULE2(this.text));
      });
    });
    return { name, ...(values.length === 0 ? {} : { values }), span: this.from(start) };
  });

  /** `"a" or "b"` among the values of a label */
  readonly wrongPipe = this.RULE("wrongPipe", () => {
    const token = this.CONSUME(t.Or);
    this.ACTION(() => {
      if (token.tokenType === t.Or) this.replaced(messages.foreignOperator, token, "|");
    });
    return token;
  });

  /** import : "import" STRING */
  readonly import = this.RULE("import", (): Import => {
    const start = this.here();
    this.CONSUME(t.Import);
    const path = this.SUBRULE(this.text);
    return { kind: "import", path, span: this.from(start) };
  });

  /** let : "let" NAME "=" (literal | cond) */
  readonly let = this.RULE("let", (): Let => {
    const start = this.here();
    this.CONSUME(t.Let);
    const name = wordName(this.CONSUME(t.Name));
    this.CONSUME(t.Assign);
    const loose = this.SUBRULE(this.disjunction);
    const value = this.ACTION((): Literal | Condition => {
      switch (loose.kind) {
        case "string":
        case "number":
        case "boolean":
        case "null":
        case "list":
          return loose;
        default:
          return this.strict(loose);
      }
    });
    return { kind: "let", name, value, span: this.from(start) };
  });

  /** group : "group" GROUP "=" targets */
  readonly group = this.RULE("group", (): Group => {
    const start = this.here();
    this.CONSUME(t.Group);
    const name = this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(t.GroupName);
          return { value: token.image.slice(1), quoted: false, span: spanOf(token) };
        },
      },
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongGroupName) },
    ]);
    this.CONSUME(t.Assign);
    const targets = this.SUBRULE(this.targets);
    return { kind: "group", name, targets, span: this.from(start) };
  });

  /** `group lookups = …` */
  readonly wrongGroupName = this.RULE("wrongGroupName", (): Name => {
    const name = wordName(this.CONSUME(t.Name));
    this.ACTION(() => {
      const at = { start: name.span.start, end: name.span.start };
      this.report(messages.groupWithoutAt, { name: name.value }, name.span, {
        fixes: [{ title: `Write \`@${name.value}\``, edits: [{ span: at, text: "@" }] }],
      });
    });
    return name;
  });

  /** claim : ("always" "deny" | "never" "allow") targets ("if" cond)? */
  readonly claim = this.RULE("claim", (): Claim => {
    const start = this.here();
    const claim = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Always);
          this.OR2([
            { ALT: () => this.CONSUME(t.Deny) },
            { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.wrongClaim) },
          ]);
          return "always deny" as const;
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Never);
          this.OR3([
            { ALT: () => this.CONSUME(t.Allow) },
            { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE2(this.wrongClaim) },
          ]);
          return "never allow" as const;
        },
      },
    ]);
    const targets = this.SUBRULE(this.targets);
    const guard = this.OPTION((): Guard => {
      const guardStart = this.here();
      const kind = this.OR4([
        {
          ALT: () => {
            this.CONSUME(t.If);
            return "if" as const;
          },
        },
        {
          ALT: () => {
            this.SUBRULE(this.wrongUnless);
            return "unless" as const;
          },
        },
      ]);
      const condition = this.SUBRULE(this.condition);
      return this.ACTION(() => {
        const read: Guard = { kind, condition, span: this.from(guardStart) };
        if (kind === "unless") {
          this.report(messages.unlessNotIf, { rule: "claim" }, read.span, {
            fixes: this.unlessFix(read),
          });
        }
        return positive(read);
      });
    });
    return {
      kind: "claim",
      claim,
      targets,
      ...(guard === undefined ? {} : { guard }),
      span: this.from(start),
    };
  });

  readonly wrongUnless = this.RULE("wrongUnless", () => this.CONSUME(t.Unless));

  /** `always allow`, `never deny` */
  readonly wrongClaim = this.RULE("wrongClaim", () => {
    const before = this.LA(0);
    const token = this.OR([
      { ALT: () => this.CONSUME(t.Allow) },
      { ALT: () => this.CONSUME(t.Deny) },
      { ALT: () => this.CONSUME(t.Ask) },
      { ALT: () => this.CONSUME(t.Hide) },
    ]);
    this.ACTION(() => {
      const span = { start: before.startOffset, end: t.endOf(token) };
      this.report(messages.unknownClaim, { written: `${before.image} ${token.image}` }, span);
    });
    return token;
  });
}

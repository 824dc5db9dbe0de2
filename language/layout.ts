import type {
  Amount,
  Claim,
  Comment,
  Comparison,
  Condition,
  Document,
  During,
  Guard,
  Item,
  Label,
  LimitClause,
  Literal,
  Name,
  ObjectNode,
  Operand,
  Path,
  RegexNode,
  Rule,
  Scope,
  Statement,
  Step,
  Targets,
  TestGrant,
  Value,
} from "./ast.ts";
import { type Doc, group, indent, line, softLine } from "./doc.ts";
import type { Span } from "./source.ts";
import { RESERVED } from "./tokens.ts";

/** Statements that are no blocks. */
export type Simple = Exclude<Statement, { kind: "on" | "when" | "test" | "broken" }>;
export type SimpleStep = Exclude<Step, { kind: "as" | "broken" }>;

const PLURAL = { tool: "tools", resource: "resources", prompt: "prompts" } as const;

/** A JSON string; what cannot be seen, or reorders what is seen, is escaped. */
export function quote(value: string): string {
  return JSON.stringify(value).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\u00a0]/gu,
    (character) =>
      [...Array(character.length).keys()]
        .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}

/**
 * The canonical form of each node. Comments inside of a statement are laid out where it can be broken:
 * behind a comma, before a clause, before an operand.
 */
export class Layout {
  readonly #comments: readonly Comment[];
  #next = 0;

  constructor(comments: readonly Comment[] = []) {
    this.#comments = comments;
  }

  /** The comments before an offset that are not laid out yet. */
  take(before: number): Comment[] {
    const taken: Comment[] = [];
    for (; this.#next < this.#comments.length; this.#next++) {
      const comment = this.#comments[this.#next] as Comment;
      if (comment.span.start >= before) break;
      taken.push(comment);
    }
    return taken;
  }

  #before({ start }: Span): Doc {
    return this.#commentsBefore(start);
  }

  #commentsBefore(offset: number): Doc {
    if (this.#next >= this.#comments.length) return "";
    return this.take(offset).map(({ text, ownLine }): Doc => ({ kind: "comment", text, ownLine }));
  }

  // Statements -------------------------------------------------------------------------------------

  statement(node: Simple): Doc {
    return [group(this.#simple(node)), this.#commentsBefore(node.span.end)];
  }

  #simple(node: Simple): Doc {
    switch (node.kind) {
      case "server": {
        const tools = node.tools;
        const name = this.name(node.name);
        return tools === undefined
          ? ["server ", name]
          : ["server ", name, this.#before(tools.span), " tools ", quote(tools.value)];
      }
      case "default":
        return ["default ", node.effect, node.of === "tool" ? "" : ` ${PLURAL[node.of]}`];
      case "validate":
        return node.strictly ? "validate arguments strictly" : "validate arguments";
      case "pin":
        return "pin tools";
      case "labels":
        return ["labels ", indent(this.#commas(node.labels, (label) => this.label(label)))];
      case "import":
        return ["import ", quote(node.path.value)];
      case "let":
        return [
          "let ",
          this.name(node.name),
          " =",
          indent([this.#before(node.value.span), " ", this.#letValue(node.value)]),
        ];
      case "group":
        return ["group @", node.name.value, " = ", indent(this.targets(node.targets))];
      case "claim":
        return this.#claim(node);
      default:
        return this.rule(node);
    }
  }

  label({ name, values }: Label): Doc {
    if (values === undefined) return this.name(name);
    return [this.name(name), ": ", values.map(({ value }) => quote(value)).join(" | ")];
  }

  #letValue(value: Literal | Condition): Doc {
    switch (value.kind) {
      case "string":
      case "number":
      case "boolean":
      case "null":
      case "list":
        return this.value(value);
      default:
        return this.condition(value);
    }
  }

  #claim({ claim, targets, guard }: Claim): Doc {
    return [
      claim,
      " ",
      indent([this.targets(targets), guard === undefined ? "" : this.#guard(guard)]),
    ];
  }

  // Rules ------------------------------------------------------------------------------------------

  rule(rule: Rule): Doc {
    const parts: Doc[] = [rule.shadow === undefined ? "" : "shadow ", rule.kind];
    if (rule.targets !== undefined)
      parts.push(this.#before(rule.targets.span), " ", this.targets(rule.targets));
    const clauses: Doc[] = [];
    if (rule.kind === "limit") {
      if (rule.all !== undefined) parts.push(" all");
      const { limit } = rule;
      if (limit.each) parts.push(" each");
      parts.push(this.#before(limit.amount.span), " ", this.amount(limit.amount));
      const { scope, as } = limit;
      if (scope !== undefined) clauses.push(this.#before(scope.span), line, this.scope(scope));
      if (rule.guard !== undefined) clauses.push(this.#guard(rule.guard));
      if (as !== undefined) clauses.push(this.#before(as.span), line, "as ", as.value);
    } else if (rule.kind !== "hide") {
      if (rule.guard !== undefined) clauses.push(this.#guard(rule.guard));
      if (rule.kind !== "deny") {
        for (const limit of rule.limits) {
          clauses.push(this.#before(limit.span), line, this.limitClause(limit));
        }
      }
      if (rule.kind === "ask") {
        const { by, within } = rule;
        if (by !== undefined) {
          const [first] = by;
          if (first !== undefined) clauses.push(this.#before(first.span));
          clauses.push(line, "by ", by.map(({ value }) => quote(value)).join(", "));
        }
        if (within !== undefined) {
          clauses.push(this.#before(within.span), line, "within ", within.text);
        }
      }
    }
    if (
      rule.kind !== "hide" &&
      rule.kind !== "deny" &&
      rule.kind !== "limit" &&
      rule.until !== undefined
    ) {
      clauses.push(this.#before(rule.until.span), line, "until ", rule.until.text);
    }
    if (rule.kind !== "hide" && rule.because !== undefined) {
      clauses.push(this.#before(rule.because.span), line, "because ", quote(rule.because.value));
    }
    return group([...parts, indent(clauses)]);
  }

  #guard({ kind, condition, span }: Guard): Doc {
    return [this.#before(span), line, kind, " ", this.condition(condition)];
  }

  limitClause({ each, amount, scope, as }: LimitClause): Doc {
    return [
      each ? "limit each " : "limit ",
      this.amount(amount),
      scope === undefined ? "" : [" ", this.scope(scope)],
      as === undefined ? "" : ` as ${as.value}`,
    ];
  }

  amount(amount: Amount): Doc {
    const { kind, max, path, window, sliding } = amount;
    if (kind === "concurrent" || window === undefined) return `${max.text} concurrent`;
    const { every, unit } = window;
    const length = every === undefined ? unit : `${every.text} ${unit}s`;
    const rate = `${max.text}/${length}${sliding ? " sliding" : ""}`;
    return path === undefined ? rate : `sum(${this.path(path)}) to ${rate}`;
  }

  scope({ keys }: Scope): string {
    return `per ${keys.map((key) => (key.kind === "scope" ? key.value : this.path(key))).join(", ")}`;
  }

  targets({ of, items, except }: Targets): Doc {
    const parts: Doc[] = [];
    if (of !== "tool") parts.push(of, " ");
    parts.push(this.#commas(items, (item) => this.item(item)));
    if (except.length > 0) {
      const [first] = except as [Item];
      parts.push(this.#before(first.span), line, "except ");
      parts.push(this.#commas(except, (item) => this.item(item)));
    }
    return group(parts);
  }

  item(item: Item): string {
    if (item.kind === "group") return `@${item.value}`;
    const isBare =
      item.kind === "name"
        ? /^[A-Za-z_][A-Za-z0-9_-]*$/.test(item.value) && !RESERVED.has(item.value)
        : /^[A-Za-z_*?][A-Za-z0-9_*?-]*$/.test(item.value);
    return isBare ? item.value : quote(item.value);
  }

  /** Quotes stay only where the name needs them. */
  name({ value }: Name): string {
    return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(value) && !RESERVED.has(value) ? value : quote(value);
  }

  /** Nodes behind each other, comments behind the comma before them. */
  #commas<T extends { readonly span: Span }>(nodes: readonly T[], print: (node: T) => Doc): Doc {
    return nodes.map(
      (node, i): Doc => [
        i === 0 ? this.#before(node.span) : [",", this.#before(node.span), line],
        print(node),
      ],
    );
  }

  // Conditions -------------------------------------------------------------------------------------

  condition(condition: Condition): Doc {
    return group(indent(this.#condition(condition)));
  }

  #condition(condition: Condition): Doc {
    switch (condition.kind) {
      case "or":
      case "and":
        return condition.operands.map((operand, i): Doc => {
          if (i === 0) return this.#operandOf(operand, condition.kind);
          const before = this.#commentsBefore(leafStart(operand));
          return [before, line, condition.kind, " ", this.#operandOf(operand, condition.kind)];
        });
      case "not":
        return ["not ", this.#operandOf(condition.operand, "not")];
      default:
        // Spans of conditions leave their parentheses out: comments go to the leaves, behind all of them.
        return [this.#before(condition.span), this.#leaf(condition)];
    }
  }

  #leaf(condition: Exclude<Condition, { kind: "or" | "and" | "not" }>): Doc {
    switch (condition.kind) {
      case "reference":
        return condition.name.value;
      case "has":
        return ["has ", this.path(condition.path)];
      case "any":
      case "every": {
        const { kind, variable, path } = condition;
        const head = `${kind} ${variable.value} in ${this.path(path)} (`;
        return [head, this.condition(condition.condition), ")"];
      }
      case "comparison":
        return this.comparison(condition);
      case "during":
        return this.#during(condition);
      default:
        return `${condition.kind} ${condition.date.text}`;
    }
  }

  /** With the parentheses that its place asks for. */
  #operandOf(condition: Condition, around: "or" | "and" | "not"): Doc {
    const { kind } = condition;
    const needs = kind === "or" || (kind === "and" && around !== "or");
    return needs ? ["(", this.condition(condition), ")"] : this.#condition(condition);
  }

  comparison({ left, operator, right, ignoringCase }: Comparison): Doc {
    return [
      this.operand(left),
      ` ${operator} `,
      this.#before(right.span),
      this.operand(right),
      ignoringCase === undefined ? "" : " ignoring case",
    ];
  }

  operand(operand: Operand | RegexNode): Doc {
    switch (operand.kind) {
      case "path-operand": {
        const fallback = operand.else;
        const path = this.path(operand.path);
        return fallback === undefined ? path : [path, " else ", this.value(fallback)];
      }
      case "reference":
        return operand.name.value;
      case "length":
      case "host":
        return `${operand.kind}(${this.path(operand.path)})`;
      case "regex":
        return regexText(operand.pattern) + (operand.ignoreCase ? "i" : "");
      default:
        return this.value(operand);
    }
  }

  #during({ days, from, to, zone }: During): string {
    const parts = ["during"];
    if (days !== undefined) {
      parts.push(
        days.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(", "),
      );
    }
    if (from !== undefined && to !== undefined) parts.push(`${from.text}-${to.text}`);
    if (zone !== undefined) parts.push(`in ${quote(zone.value)}`);
    return parts.join(" ");
  }

  path({ root, steps }: Path): string {
    let text = root.value;
    for (const { kind, value } of steps) {
      const isBare = kind === "key" && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(value));
      if (isBare) text += `.${value}`;
      else text += kind === "index" ? `[${value}]` : `[${quote(String(value))}]`;
    }
    return text;
  }

  value(value: Value | Literal): Doc {
    switch (value.kind) {
      case "string":
        return quote(value.value);
      case "number":
        return value.text;
      case "boolean":
        return String(value.value);
      case "null":
        return "null";
      case "list":
        return this.#enclosed(
          "[",
          value.items,
          (item: Value) => this.value(item),
          "]",
          softLine,
          value.span,
        );
      default:
        return this.object(value);
    }
  }

  object(object: ObjectNode): Doc {
    const entry = ({ key, value }: ObjectNode["entries"][number]): Doc => {
      const isBare = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key.value);
      return [
        isBare ? key.value : quote(key.value),
        ": ",
        this.#before(value.span),
        this.value(value),
      ];
    };
    return this.#enclosed("{", object.entries, entry, "}", line, object.span);
  }

  #enclosed<T extends { readonly span: Span }>(
    open: string,
    nodes: readonly T[],
    print: (node: T) => Doc,
    close: string,
    padding: Doc,
    span: Span,
  ): Doc {
    if (nodes.length === 0) {
      const comments = this.#commentsBefore(span.end);
      return comments === "" ? open + close : group([open, indent(comments), close]);
    }
    const parts = nodes.map((node, i): Doc => {
      const before = this.#before(node.span);
      return [i === 0 ? "" : ",", before, i === 0 ? padding : line, print(node)];
    });
    return group([open, indent([parts, this.#commentsBefore(span.end)]), padding, close]);
  }

  // Tests ------------------------------------------------------------------------------------------

  step(step: SimpleStep): Doc {
    return [group(this.#step(step)), this.#commentsBefore(step.span.end)];
  }

  #step(step: SimpleStep): Doc {
    switch (step.kind) {
      case "wait":
        return `wait ${step.duration.text}`;
      case "at":
        return ["at ", quote(step.time.value)];
      default:
        return [
          step.repeat === undefined ? "" : `${step.repeat.text} x `,
          step.approved ? "approved " : "",
          this.#before(step.tool.span),
          this.name(step.tool),
          " ",
          this.object(step.args),
          ` => ${step.expect}`,
          step.message === undefined
            ? ""
            : [this.#before(step.message.span), " ", quote(step.message.value)],
        ];
    }
  }

  testGrant({ grant, labels }: TestGrant): Doc {
    return ["as ", quote(grant.value), labels === undefined ? "" : [" ", this.object(labels)]];
  }

  /** The line that opens a block, without its brace. */
  head(node: Document["statements"][number] | Step): Doc {
    switch (node.kind) {
      case "on":
        return group(["on ", indent(this.targets(node.targets))]);
      case "when":
        return group(["when ", this.condition(node.condition)]);
      case "test":
        return group([
          "test ",
          quote(node.name.value),
          node.as === undefined ? "" : [" ", this.testGrant(node.as)],
        ]);
      case "as":
        return group(this.testGrant(node.as));
      default:
        return "";
    }
  }
}

/** Where the first word of a condition stands, behind its parentheses. */
function leafStart(condition: Condition): number {
  switch (condition.kind) {
    case "or":
    case "and":
      return leafStart(condition.operands[0] as Condition);
    case "not":
      return leafStart(condition.operand);
    default:
      return condition.span.start;
  }
}

/** A pattern between slashes, read back as the same pattern. */
export function regexText(pattern: string): string {
  if (pattern === "") return "/(?:)/";
  let text = "";
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (character === "\\") {
      text += character + pattern.charAt(++i);
    } else if (character === "\n" || character === "\r") {
      text += character === "\n" ? "\\n" : "\\r";
    } else if (character === "/" && !inClass) {
      text += "\\/";
    } else {
      if (character === "[") inClass = true;
      else if (character === "]") inClass = false;
      text += character;
    }
  }
  return `/${text}/`;
}

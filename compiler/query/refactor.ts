import type {
  Comparison,
  Condition,
  Document,
  Fix,
  Item,
  Literal,
  Node,
  Rule,
  Span,
  Statement,
  Targets,
} from "../../language/index.ts";
import { nodesAt, printTargets } from "../../language/index.ts";
import { compileGlob } from "../../policy/index.ts";
import { statementAtEnd } from "../check/edits.ts";
import { pathText } from "../check/typing/paths.ts";
import type { Program } from "../program.ts";
import { written } from "../resolve/targets.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import { scopeAt, toolsOfTargets, typeOfPath } from "./scope.ts";

export interface Refactoring extends Fix {
  readonly kind: "extract" | "rewrite" | "generate";
}

/** What may be done with the text of a span, whether or not anything is wrong with it. */
export function refactorings(
  program: Program,
  document: Document,
  span: Span,
): readonly Refactoring[] {
  const around = nodesAt(document, span.start).filter((node) => node.span.end >= span.end);
  const statement = around.find((node) => document.statements.includes(node as Statement)) as
    | Statement
    | undefined;
  if (statement === undefined || statement.faulty === true || statement.kind === "broken")
    return [];
  return [
    ...extractLet(program, document, statement, span),
    ...extractGroup(program, document, statement, around),
    ...splitRule(document, around),
    ...spellOut(program, document, around, span),
    ...guardMissing(program, document, around, span),
  ];
}

/** A statement that says something of every tool that no statement mentions; none where all are. */
export function governUnmentioned(program: Program, document: Document): Refactoring | undefined {
  const { tools, rules, defaults } = program;
  const selections = rules.filter(({ of }) => of === "tool").map(({ selection }) => selection);
  const mentioned = new Set(selections.flatMap(({ names }) => names));
  const globs = [...new Set(selections.flatMap((selection) => selection.globs))].map(compileGlob);
  const names = tools.names.filter(
    (name) => !mentioned.has(name) && !globs.some((matches) => matches(name)),
  );
  if (!tools.known || names.length === 0) return undefined;
  const lines = [...RISK_CLASSES].flatMap((risk) => {
    const own = names.filter((name) => tools.risk.get(name) === risk);
    return own.length === 0 ? [] : [`deny ${own.map(written).join(", ")}`];
  });
  const what = names.length === 1 ? "the tool" : `the ${names.length} tools`;
  const verb = defaults.tool.effect === "allow" ? "Deny" : "Name and deny";
  return {
    kind: "generate",
    title: `${verb} ${what} that no statement mentions`,
    edits: [statementAtEnd(document.source, lines.join("\n"))],
  };
}

const LITERALS = new Set(["string", "number", "boolean", "list"]);
const CONDITIONS = new Set([
  "or",
  "and",
  "not",
  "has",
  "any",
  "every",
  "comparison",
  "during",
  "before",
  "after",
]);

/** Names the selected condition, or the value that was selected or is at the cursor. */
function extractLet(
  program: Program,
  document: Document,
  statement: Statement,
  span: Span,
): readonly Refactoring[] {
  if (!["allow", "deny", "ask", "limit", "on", "when"].includes(statement.kind)) return [];
  const { source } = document;
  const selected = trimmed(source.text, span);
  const chain = nodesAt(document, selected.start);
  const found = chain.findLast((node): node is Node & (Condition | Literal) => {
    const { kind } = node as { kind?: string };
    if (kind === undefined || !(LITERALS.has(kind) || CONDITIONS.has(kind))) return false;
    const isExact = node.span.start === selected.start && node.span.end === selected.end;
    return isExact || (selected.start === selected.end && LITERALS.has(kind));
  });
  if (found === undefined) return [];
  const parent = chain[chain.indexOf(found) - 1] as { kind?: string } | undefined;
  const isLiteral = LITERALS.has(found.kind);
  if (isLiteral && parent?.kind !== "comparison") return [];
  // The element of a quantifier has no meaning outside.
  const within = chain.some((node) => /^(any|every)$/.test((node as { kind?: string }).kind ?? ""));
  if (!isLiteral && within) return [];
  const name = freshName(isLiteral ? "value" : "condition", (taken) => program.lets.has(taken));
  const at = statementStart(source.text, statement);
  return [
    {
      kind: "extract",
      title: isLiteral ? "Extract the value into a `let`" : "Extract the condition into a `let`",
      edits: [
        { span: { start: at, end: at }, text: `let ${name} = ${source.slice(found.span)}\n\n` },
        { span: found.span, text: name },
      ],
    },
  ];
}

/** Names the targets of a rule or block. */
function extractGroup(
  program: Program,
  document: Document,
  statement: Statement,
  around: readonly Node[],
): readonly Refactoring[] {
  if (statement.kind === "group") return [];
  const targets = around.find(
    (node): node is Targets => (node as { kind?: string }).kind === "targets",
  );
  if (targets === undefined || targets.of !== "tool") return [];
  const [only] = targets.items;
  if (targets.items.length === 1 && targets.except.length === 0 && only?.kind !== "glob") return [];
  const name = freshName("tools", (taken) => program.groups.has(taken));
  const at = statementStart(document.source.text, statement);
  return [
    {
      kind: "extract",
      title: "Extract the targets into a `group`",
      edits: [
        { span: { start: at, end: at }, text: `group @${name} = ${printTargets(targets)}\n\n` },
        { span: targets.span, text: `@${name}` },
      ],
    },
  ];
}

/** One rule for each target. A counter that is shared by name stays shared. */
function splitRule(document: Document, around: readonly Node[]): readonly Refactoring[] {
  const rule = around.findLast(isRule);
  const { targets } = rule ?? {};
  if (
    rule === undefined ||
    targets === undefined ||
    targets.items.length < 2 ||
    targets.except.length > 0
  )
    return [];
  const { source } = document;
  const indent = /[ \t]*$/.exec(source.text.slice(0, rule.span.start))?.[0] ?? "";
  const before = source.text.slice(rule.span.start, targets.span.start);
  const after = source.text.slice(targets.span.end, rule.span.end);
  const kind = targets.ofSpan === undefined ? "" : `${source.slice(targets.ofSpan)} `;
  const rules = targets.items.map((item) => `${before}${kind}${source.slice(item.span)}${after}`);
  return [
    {
      kind: "rewrite",
      title: `Split into ${rules.length} rules`,
      edits: [{ span: rule.span, text: rules.join(`\n${indent}`) }],
    },
  ];
}

/** A glob or group as the names that it selects today. */
function spellOut(
  program: Program,
  document: Document,
  around: readonly Node[],
  span: Span,
): readonly Refactoring[] {
  const item = around.findLast((node): node is Item => {
    const { kind } = node as { kind?: string };
    return (
      (kind === "glob" || (kind === "group" && !("targets" in node))) && node.span.end >= span.end
    );
  });
  const targets = around.find(
    (node): node is Targets => (node as { kind?: string }).kind === "targets",
  );
  if (item === undefined || targets === undefined || targets.of !== "tool" || !program.tools.known)
    return [];
  const names = toolsOfTargets(program, { ...targets, items: [item], except: [] });
  if (names.length === 0 || names.length > 50) return [];
  const shown = document.source.slice(item.span);
  return [
    {
      kind: "rewrite",
      title: `Write out the ${names.length === 1 ? "tool" : `${names.length} tools`} of \`${shown}\``,
      edits: [{ span: item.span, text: names.map(written).join(", ") }],
    },
  ];
}

/** Says what of a call that leaves the argument out. */
function guardMissing(
  program: Program,
  document: Document,
  around: readonly Node[],
  span: Span,
): readonly Refactoring[] {
  const comparison = around.findLast(
    (node): node is Comparison => (node as { kind?: string }).kind === "comparison",
  );
  if (comparison === undefined || comparison.left.kind !== "path-operand") return [];
  const { path, else: fallback } = comparison.left;
  if (fallback !== undefined || path.root.value !== "args") return [];
  const scope = scopeAt(program, document, span.start);
  const type = typeOfPath(scope, path);
  if (type?.mayBeMissing !== true || scope.tools.length === 0) return [];
  const written = pathText(path);
  const text = document.source.slice(comparison.span);
  return [
    {
      kind: "rewrite",
      title: `Hold without \`${written}\` too`,
      edits: [{ span: comparison.span, text: `(${text} or not has ${written})` }],
    },
  ];
}

function isRule(node: Node): node is Rule {
  return ["allow", "deny", "hide", "ask", "limit"].includes((node as { kind?: string }).kind ?? "");
}

function freshName(stem: string, isTaken: (name: string) => boolean): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? stem : `${stem}_${i}`;
    if (!isTaken(name)) return name;
  }
}

/** Where a statement begins, its doc comment included. */
function statementStart(text: string, { span }: Statement): number {
  let start = text.lastIndexOf("\n", span.start - 1) + 1;
  if (text.slice(start, span.start).trim() !== "") return span.start;
  while (start > 0) {
    const above = text.lastIndexOf("\n", start - 2) + 1;
    if (!/^\s*\/\/\//.test(text.slice(above, start))) break;
    start = above;
  }
  return start;
}

function trimmed(text: string, { start, end }: Span): Span {
  const selected = text.slice(start, end);
  const lead = selected.length - selected.trimStart().length;
  return selected.trim() === ""
    ? { start, end: start }
    : { start: start + lead, end: end - (selected.length - selected.trimEnd().length) };
}

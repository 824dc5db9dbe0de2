import type { Diagnostic, Edit, Source, Span, TargetKind } from "../../language/index.ts";
import type { Host } from "../host.ts";
import { noToolList, toolListNeeded } from "../messages/lowering.ts";
import { toolsOnly, unused } from "../messages/names.ts";
import type { BoundClaim, BoundRule, DefaultOf, Program, ProgramFile } from "../program.ts";
import { loadCatalogue } from "./catalogue.ts";
import { ConditionResolver } from "./conditions.ts";
import { collectDefinitions, type Definitions } from "./definitions.ts";
import { loadFiles } from "./files.ts";
import { Lets } from "./lets.ts";
import { Recall } from "./recall.ts";
import { Reporter } from "./reporter.ts";
import { bindRules } from "./rules.ts";
import { type ListNeeded, TargetResolver } from "./targets.ts";

/**
 * Resolves every name of a policy and its imports. What is not found is reported, and left out.
 *
 * @param remember whether to keep what statements come to for the text after an edit
 */
export function resolve(
  source: Source,
  host: Host,
  remember = false,
): { readonly program: Program; readonly diagnostics: readonly Diagnostic[] } {
  const reporter = new Reporter();
  const loaded = loadFiles(source, host, reporter);
  const definitions = collectDefinitions(loaded, reporter);
  const tools = loadCatalogue(definitions.server, host, reporter);
  const recall = new Recall(reporter, remember);
  const targets = new TargetResolver(definitions, tools, reporter, recall);
  const lets = new Lets(definitions, reporter, recall);
  recall.answersBy({
    answer: (question, name) => {
      if (question === "group") return targets.selectionOf(name);
      return question === "let" ? lets.valueOf(name) : definitions.lets.has(name);
    },
    use: (question, name) => {
      if (question === "let") lets.count(name);
      if (question === "group") targets.count(name);
    },
  });

  const rules = loaded.files.flatMap((file) => bindRules(file, targets, lets, reporter, recall));
  const claims = loaded.files.flatMap((file) => bindClaims(file, targets, lets, reporter));
  const program: Program = {
    files: loaded.files,
    tools,
    defaults: defaultsOf(definitions, rules, reporter),
    labels: definitions.labels,
    lets: lets.all(),
    groups: targets.groups(),
    rules,
    claims,
    tests: (loaded.files[0]?.document.statements ?? []).flatMap((node) =>
      node.kind === "test" ? [{ node, source, imported: false }] : [],
    ),
    ...(definitions.server === undefined ? {} : { server: definitions.server }),
    ...(definitions.validate === undefined ? {} : { validate: definitions.validate }),
    ...(definitions.pin === undefined ? {} : { pin: definitions.pin }),
  };
  reportUnused(program, definitions, reporter);
  reportList(program, targets.needsList, reporter);
  return { program, diagnostics: reporter.diagnostics };
}

function bindClaims(
  { document, source, imported }: ProgramFile,
  targets: TargetResolver,
  lets: Lets,
  reporter: Reporter,
): BoundClaim[] {
  const conditions = new ConditionResolver(lets, source, reporter);
  return document.statements.flatMap((node) => {
    if (node.kind !== "claim") return [];
    const selection = targets.select(node.targets, source, imported);
    const guard = node.guard && conditions.resolve(node.guard.condition);
    const of = selection.of;
    if (of !== "tool") reporter.report(toolsOnly, { what: "A claim", kind: of }, source, node.span);
    return [
      {
        node,
        source,
        imported,
        selection,
        ...(guard === undefined ? {} : { condition: guard.condition }),
        resolved: selection.resolved && guard?.resolved !== false && of === "tool",
      },
    ];
  });
}

function defaultsOf(
  definitions: Definitions,
  rules: readonly BoundRule[],
  reporter: Reporter,
): Program["defaults"] {
  const defaultOf = (of: TargetKind): DefaultOf => {
    const stated = definitions.defaults.get(of);
    if (stated !== undefined) {
      const { effect, effectSpan } = stated.node;
      if (effect === "hide" && of !== "tool") {
        const parameters = { what: "`default hide`", kind: of };
        reporter.report(toolsOnly, parameters, stated.source, effectSpan);
        return { effect: "deny", stated, governed: true };
      }
      return { effect, stated, governed: true };
    }
    return { effect: "deny", governed: of === "tool" || rules.some((rule) => rule.of === of) };
  };
  return { tool: defaultOf("tool"), resource: defaultOf("resource"), prompt: defaultOf("prompt") };
}

function reportUnused(program: Program, definitions: Definitions, reporter: Reporter): void {
  const report = (
    what: "let" | "group",
    name: string,
    bound: { source: Source; node: { span: Span; name: { span: Span } } },
  ): void => {
    if (definitions.maybeUsed(name)) return;
    const edits: Edit[] = [{ span: lineOf(bound.source, bound.node.span), text: "" }];
    reporter.report(unused, { what, name }, bound.source, bound.node.name.span, {
      tags: ["unnecessary"],
      fixes: [{ title: `Remove the ${what}`, edits }],
    });
  };
  for (const [name, bound] of program.lets) {
    if (bound.uses === 0 && !bound.imported) report("let", name, bound);
  }
  for (const [name, bound] of program.groups) {
    if (bound.uses === 0 && !bound.imported) report("group", `${name}`, bound);
  }
}

/** The span with the rest of its line, if nothing else stands there. */
function lineOf(source: Source, span: Span): Span {
  const rest = /^[ \t]*(\r\n|\n|\r|$)/.exec(source.text.slice(span.end));
  return rest === null ? span : { start: span.start, end: span.end + rest[0].length };
}

/** Without a tool list: an error where one is needed, else one warning. */
function reportList(program: Program, needs: readonly ListNeeded[], reporter: Reporter): void {
  const { tools } = program;
  if (tools.origin !== "none") return;
  const file = program.files[0];
  if (file === undefined) return;
  const needed = [...needs, ...globsThatNeedList(program), ...statementsThatNeedList(program)];
  const server = program.server?.node.name.value;
  const [first, ...others] = needed;
  if (first !== undefined) {
    const related = others.map(({ what, source, span }) => ({
      message: `\`${what}\` needs it too.`,
      source,
      span,
    }));
    const parameters = { what: first.what, server };
    reporter.report(toolListNeeded, parameters, first.source, first.span, { related });
    return;
  }
  const at = program.server ?? file.document.statements.map((node) => ({ node, ...file }))[0];
  if (at === undefined) return;
  const { start } = at.node.span;
  const word = /^\S*/.exec(at.source.text.slice(start))?.[0] ?? "";
  reporter.report(noToolList, { server }, at.source, { start, end: start + word.length });
}

/** Globs can stand for tools that are not known in an unconditional `deny`, and in `hide`. */
function globsThatNeedList(program: Program): ListNeeded[] {
  return program.rules.flatMap((rule) => {
    const { selection, source } = rule;
    if (rule.of !== "tool" || selection.globs.length === 0) return [];
    if (rule.kind === "hide" || (rule.kind === "deny" && rule.guard.always)) return [];
    const item = selection.node?.items.find(
      ({ kind, value }) => kind === "group" || selection.globs.includes(value),
    );
    if (item === undefined) return [];
    return [{ what: source.slice(item.span), source, span: item.span }];
  });
}

function statementsThatNeedList({ validate, pin }: Program): ListNeeded[] {
  return [
    ...(validate === undefined ? [] : [{ what: "validate arguments", at: validate }]),
    ...(pin === undefined ? [] : [{ what: "pin tools", at: pin }]),
  ].map(({ what, at }) => ({ what, source: at.source, span: at.node.span }));
}

import type { Hover } from "vscode-languageserver/node";
import { MarkupKind } from "vscode-languageserver/node";
import {
  compiledParts,
  describe,
  describeOptional,
  keysBelow,
  limitInWords,
  type Mention,
  mentionAt,
  mentionsOf,
  type Program,
  scopeAt,
  toolsOfItem,
  typeOfPath,
} from "../../compiler/index.ts";
import {
  expectedAt,
  type LimitClause,
  type Node,
  nodesAt,
  type Path,
  parsed,
  type Rule,
  type Span,
  wordDoc,
} from "../../language/index.ts";
import { rangeOf } from "../positions.ts";
import type { View } from "../workspace.ts";

/** Names that are listed before "and 12 more". */
const SHOWN = 12;
const MOST_JSON = 4_000;

/** What is known of the name, the word or the limit at an offset. */
export function hover(view: View, offset: number): Hover | null {
  const mention = mentionAt(view.document, offset);
  if (mention !== undefined) {
    const text = aboutMention(view, mention, offset);
    if (text !== undefined) return markdown(view, mention.span, text);
  }
  const { tokens } = parsed(view.source).lexed;
  const token = tokens.find(
    ({ startOffset, image }) => startOffset <= offset && offset < startOffset + image.length,
  );
  if (token === undefined) return null;
  const span = { start: token.startOffset, end: token.startOffset + token.image.length };
  const text = [aboutNodes(view, offset, token.image), aboutWord(token.image)]
    .filter((part) => part !== undefined)
    .join("\n\n---\n\n");
  return text === "" ? null : markdown(view, span, text);
}

function markdown({ source }: View, span: Span, value: string): Hover {
  return { contents: { kind: MarkupKind.Markdown, value }, range: rangeOf(source, span) };
}

function aboutWord(word: string): string | undefined {
  const doc = wordDoc(word);
  if (doc === undefined) return undefined;
  return `${fenced(doc.usage)}\n${doc.text}\n\n${fenced(doc.example)}`;
}

// Names ----------------------------------------------------------------------------------------------

function aboutMention(view: View, mention: Mention, offset: number): string | undefined {
  const { program } = view;
  const { kind, name } = mention;
  switch (kind) {
    case "tool":
      return aboutTool(program, name);
    case "glob":
      return `\`${name}\` ${aboutNames(toolsOfItem(program, { kind: "glob", value: name }), program)}`;
    case "group":
      return aboutGroup(program, name);
    case "let":
      return aboutLet(program, name);
    case "label":
      return aboutLabel(program, name);
    case "counter":
      return aboutCounter(view, mention);
    case "argument":
      return aboutPath(view, mention, offset);
    case "variable":
      return aboutVariable(view, mention);
    case "server":
      return aboutServer(program);
    case "prompt": {
      const prompt = program.tools.list?.prompts?.find((other) => other.name === name);
      return prompt?.description === undefined
        ? undefined
        : `**${name}** · prompt\n\n${prompt.description}`;
    }
    default:
      return undefined;
  }
}

/** A tool as its list describes it; undefined where the list does not have it. */
export function aboutTool(program: Program, name: string): string | undefined {
  const tool = program.tools.byName.get(name);
  if (tool === undefined) return undefined;
  const risk = program.tools.risk.get(name);
  const head = [`**${name}**`, tool.title, risk === undefined ? undefined : `\`@${risk}\``]
    .filter((part) => part !== undefined)
    .join(" · ");
  const scope = { program, tools: [name], variables: [] };
  const args = keysBelow(scope, {
    root: { value: "args", quoted: false, span: NOWHERE },
    steps: [],
  });
  const lines = args.map(
    ({ name: key, type, required, description }) =>
      `- \`args.${key}\`: \`${describeOptional(type, !required)}\`${description === undefined ? "" : `. ${firstSentence(description)}`}`,
  );
  return [
    head,
    tool.description?.trim(),
    lines.length === 0 ? undefined : lines.join("\n"),
    tool.why === undefined ? undefined : `_${tool.why}_`,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join("\n\n");
}

const NOWHERE: Span = { start: 0, end: 0 };

function aboutGroup(program: Program, name: string): string | undefined {
  const group = program.groups.get(name);
  if (group !== undefined) {
    const doc = group.node.doc?.join("\n");
    const text = fenced(group.source.slice(group.node.span));
    return [text, doc, `It ${aboutNames(group.selection.names, program)}`]
      .filter((part) => part !== undefined)
      .join("\n\n");
  }
  const tools = toolsOfItem(program, { kind: "group", value: name });
  return `\`@${name}\` · risk class\n\nIt ${aboutNames(tools, program)}`;
}

function aboutNames(names: readonly string[], program: Program): string {
  if (!program.tools.known)
    return "stands for tools that are not known: the policy names no tool list.";
  if (names.length === 0) return "selects nothing.";
  const shown = names.slice(0, SHOWN).map((name) => {
    const risk = program.tools.risk.get(name);
    return `- \`${name}\`${risk === undefined || risk === "read" ? "" : ` · ${risk}`}`;
  });
  const more = names.length - shown.length;
  return `selects ${names.length === 1 ? "1 tool" : `${names.length} tools`}:\n\n${shown.join("\n")}${more > 0 ? `\n- and ${more} more` : ""}`;
}

function aboutLet(program: Program, name: string): string | undefined {
  const bound = program.lets.get(name);
  if (bound === undefined) return undefined;
  const doc = bound.node.doc?.join("\n");
  return [fenced(bound.source.slice(bound.node.span)), doc]
    .filter((part) => part !== undefined)
    .join("\n\n");
}

function aboutLabel(program: Program, name: string): string | undefined {
  if (name === "name") return "`grant.name`: the name of the grant that makes the call.";
  const label = program.labels.get(name);
  if (label === undefined) return undefined;
  const values =
    label.values?.map((value) => `\`${JSON.stringify(value)}\``).join(", ") ?? "any text";
  return `\`grant.${name}\` · label\n\nIt may be missing. Its values: ${values}.`;
}

function aboutCounter({ program }: View, mention: Mention): string {
  const uses = mentionsOf(program, mention).flatMap(({ source, span }) => {
    const nodes = nodesAt(parsed(source).document, span.start);
    const clause = nodes.find(isLimit);
    const rule = nodes.find(isRule);
    if (clause === undefined) return [];
    const targets =
      rule?.targets === undefined ? "" : ` for \`${source.slice(rule.targets.span)}\``;
    return [`- ${limitInWords(rule, clause).replace(/\.$/, "")}${targets}`];
  });
  return `**${mention.name}** · counter of ${uses.length === 1 ? "1 limit" : `${uses.length} limits`}\n\n${uses.join("\n")}`;
}

function aboutPath(view: View, { node, name, span }: Mention, offset: number): string | undefined {
  const path = node as Path;
  // The keys of a call in a test stand without `args`.
  const written = path.span.start === span.start ? name : view.source.slice(path.span);
  const { program, document, source } = view;
  const scope = scopeAt(program, document, offset, expectedAt(source, offset));
  const found = typeOfPath(scope, path);
  if (found === undefined) return undefined;
  const { type, mayBeMissing, description, lacking } = found;
  const notes = [
    mayBeMissing ? "A call may leave it out." : undefined,
    lacking.length > 0
      ? `Not an argument of ${lacking
          .slice(0, SHOWN)
          .map((name) => `\`${name}\``)
          .join(", ")}.`
      : undefined,
  ].filter((note) => note !== undefined);
  return [
    fenced(`${written}: ${describeOptional(type, mayBeMissing)}`),
    description,
    notes.join(" "),
  ]
    .filter((part) => part !== undefined && part !== "")
    .join("\n\n");
}

function aboutVariable(view: View, { node, name }: Mention): string | undefined {
  if (node === undefined || !("variable" in node)) return undefined;
  const scope = scopeAt(view.program, view.document, node.condition.span.start);
  const root = { value: name, quoted: false, span: node.variable.span };
  const found = typeOfPath(scope, { root, steps: [] });
  const list = view.source.slice(node.path.span);
  return `${fenced(`${name}: ${found === undefined ? "anything" : describe(found.type)}`)}\nAn element of \`${list}\`.`;
}

function aboutServer({ tools, server }: Program): string | undefined {
  if (server === undefined) return undefined;
  if (!tools.known) return "No tool list: names and arguments are not checked.";
  const counts = new Map<string, number>();
  for (const risk of tools.risk.values()) counts.set(risk, (counts.get(risk) ?? 0) + 1);
  const classes = [...counts].map(([risk, count]) => `- ${count} \`@${risk}\``).join("\n");
  const info = tools.list?.server;
  const version = info?.version === undefined ? "" : ` ${info.version}`;
  return `**${info?.title ?? info?.name ?? server.node.name.value}**${version} · ${tools.names.length} tools\n\n${classes}`;
}

// Rules and limits -------------------------------------------------------------------------------------

function aboutNodes(view: View, offset: number, image: string): string | undefined {
  const nodes = nodesAt(view.document, offset);
  const rule = nodes.findLast(isRule);
  const clause = nodes.findLast(isLimit) ?? (rule?.kind === "limit" ? rule.limit : undefined);
  if (clause !== undefined && (image === "limit" || contains(clause.span, offset))) {
    if (image !== "if" && image !== "because") {
      const words = limitInWords(rule, clause);
      const json =
        image === "limit" ? jsonOf(view, (rule?.kind === "limit" ? rule : clause).span) : undefined;
      return [words, json].filter((part) => part !== undefined).join("\n\n");
    }
  }
  if (rule === undefined || !contains(rule.keyword, offset)) return undefined;
  const json = jsonOf(view, rule.span);
  return (
    [rule.doc?.join("\n"), json].filter((part) => part !== undefined).join("\n\n") || undefined
  );
}

/** What a rule compiles to. */
function jsonOf({ compilation, source }: View, span: Span): string | undefined {
  const parts = compiledParts(compilation, source, span);
  if (parts.length === 0) return undefined;
  const text = parts
    .map(({ pointer, value }) => `// ${pointer}\n${JSON.stringify(value, null, 2)}`)
    .join("\n");
  const shown = text.length > MOST_JSON ? `${text.slice(0, MOST_JSON)}\n…` : text;
  return `It compiles to\n\n\`\`\`jsonc\n${shown}\n\`\`\``;
}

function isRule(node: Node): node is Rule {
  return "keyword" in node;
}

function isLimit(node: Node): node is LimitClause {
  return (node as { kind?: string }).kind === "limit-clause";
}

function contains({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset < end;
}

function fenced(text: string): string {
  return `\`\`\`mcpp\n${text}\n\`\`\``;
}

function firstSentence(text: string): string {
  return (/^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text).replace(/\s+/g, " ").trim();
}

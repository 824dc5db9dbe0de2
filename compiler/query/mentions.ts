import type {
  Broken,
  CallStep,
  Condition,
  Document,
  Group,
  Item,
  LimitClause,
  Node,
  ObjectNode,
  Path,
  Quantified,
  Source,
  Span,
  TargetKind,
  Targets,
  TestGrant,
} from "../../language/index.ts";
import { nodesAt, typedNames, walk } from "../../language/index.ts";
import { pathText } from "../check/typing/paths.ts";
import type { Program } from "../program.ts";
import { step, unquote } from "./typed-words.ts";

export type MentionKind =
  | "tool"
  | "resource"
  | "prompt"
  | "glob"
  | "group"
  | "let"
  | "label"
  | "counter"
  | "variable"
  | "argument"
  | "server"
  | "file";

/** A name in a policy. */
export interface Mention {
  readonly kind: MentionKind;
  /** Without `@` and quotes; an argument with its whole path, such as `args.order.total`. */
  readonly name: string;
  readonly source: Source;
  /** The name itself, quotes included, `@` not. */
  readonly span: Span;
  /** `definition` of what the policy introduces; every mention of a counter is a `use`. */
  readonly role: "definition" | "use";
  /** True where the name stands in quotes. */
  readonly quoted: boolean;
  /** Of a variable: the quantifier that it belongs to. Of an argument: its path up to here. */
  readonly node?: Quantified | Path;
}

/** Every mention in a file, in the order of the text. */
export function mentionsIn(document: Document): readonly Mention[] {
  const known = cache.get(document);
  if (known !== undefined) return known;
  const found: Mention[] = [];
  const { source } = document;
  const collector = new Collector(source, found);
  walk(document, (node, parents) => collector.visit(node, parents));
  found.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  cache.set(document, found);
  return found;
}

/** Trees do not change, and an editor asks for the mentions of one again and again. */
const cache = new WeakMap<Document, readonly Mention[]>();

/** The name at an offset of a file: the one that the offset is in or at an end of. */
export function mentionAt(document: Document, offset: number): Mention | undefined {
  const touching = mentionsIn(document).filter(
    ({ kind, span }) => span.start - (kind === "group" ? 1 : 0) <= offset && offset <= span.end,
  );
  return touching.find(({ span }) => offset < span.end) ?? touching.at(-1);
}

/** Every mention of the same thing, in every file of the program. */
export function mentionsOf(program: Program, mention: Mention): readonly Mention[] {
  return program.files.flatMap(({ document }) =>
    mentionsIn(document).filter((other) => isSame(mention, other)),
  );
}

function isSame(a: Mention, b: Mention): boolean {
  if (a.kind !== b.kind || a.name !== b.name) return false;
  if (a.kind === "variable") return a.node === b.node;
  return a.kind !== "argument" || a.source === b.source;
}

class Collector {
  readonly #source: Source;
  readonly #found: Mention[];

  constructor(source: Source, found: Mention[]) {
    this.#source = source;
    this.#found = found;
  }

  visit(node: Node, parents: readonly Node[]): void {
    const typed = node as Node & { readonly kind?: string };
    switch (typed.kind) {
      case "server": {
        const { name, tools } = node as Node & {
          name: Node & { value: string; quoted: boolean };
          tools?: Node & { value: string };
        };
        this.#add("server", name.value, name.span, { quoted: name.quoted, role: "definition" });
        if (tools !== undefined) this.#add("file", tools.value, tools.span, { quoted: true });
        break;
      }
      case "import": {
        const { path } = node as Node & { path: Node & { value: string } };
        this.#add("file", path.value, path.span, { quoted: true });
        break;
      }
      case "let": {
        const { name } = node as Node & { name: Node & { value: string } };
        this.#add("let", name.value, name.span, { role: "definition" });
        break;
      }
      case "group":
        this.#group(node);
        break;
      case "name":
      case "glob":
        this.#item(node as Item, parents);
        break;
      case "reference":
        this.#add("let", (node as Extract<Condition, { kind: "reference" }>).name.value, node.span);
        break;
      case "path":
        this.#path(node as Path, parents);
        break;
      case "any":
      case "every": {
        const quantified = node as Quantified;
        const { value, span } = quantified.variable;
        this.#add("variable", value, span, { role: "definition", node: quantified });
        break;
      }
      case "limit-clause": {
        const { as } = node as LimitClause;
        if (as !== undefined) this.#add("counter", as.value, as.span);
        break;
      }
      case "call": {
        const { tool, args } = node as CallStep;
        this.#add("tool", tool.value, tool.span, { quoted: tool.quoted });
        this.#arguments(args, { value: "args", quoted: false, span: args.span }, []);
        break;
      }
      case "broken":
        this.#typed(node as Broken, parents);
        break;
      case undefined:
        this.#plain(node);
        break;
    }
  }

  /** The keys of the arguments of a call in a test, those of objects in them too. */
  #arguments(object: ObjectNode, root: Path["root"], above: Path["steps"]): void {
    for (const { key, value } of object.entries) {
      const { span, quoted } = key;
      const steps: Path["steps"] = [...above, { kind: "key", value: key.value, quoted, span }];
      const path: Path = { kind: "path", root, steps, span };
      this.#add("argument", pathText(path), span, { quoted, node: path });
      if (value.kind === "object") this.#arguments(value, root, steps);
    }
  }

  /** What a statement names that has no tree yet. */
  #typed(node: Broken, parents: readonly Node[]): void {
    const before = this.#source.text.slice(node.span.start);
    const of = /^[a-z\s]*\b(resource|prompt)\b/.exec(before)?.[1] ?? "tool";
    let root = { value: "", quoted: false, span: node.span };
    let steps: Path["steps"][number][] = [];
    for (const { kind, image, span, declares } of typedNames(node, parents, this.#source)) {
      const quoted = image.startsWith('"');
      const role = declares ? "definition" : "use";
      switch (kind) {
        case "target":
          if (image.startsWith("@")) this.#add("group", image.slice(1), withoutAt(span), { role });
          else {
            const isGlob = /[*?]/.test(image);
            this.#add(isGlob ? "glob" : (of as TargetKind), unquote(image), span, { quoted });
          }
          break;
        case "server":
          this.#add("server", unquote(image), span, { quoted, role: "definition" });
          break;
        case "let":
        case "counter":
          this.#add(kind, image, span, { role });
          break;
        case "label":
          this.#add("label", image, span, { role });
          break;
        case "root":
        case "variable":
          root = { value: image, quoted: false, span };
          steps = [];
          break;
        case "step": {
          steps = [...steps, { ...step(unquote(image)), quoted, span }];
          const whole = { start: root.span.start, end: span.end };
          const path: Path = { kind: "path", root, steps, span: whole };
          if (root.value === "grant" && steps.length === 1) {
            this.#add("label", unquote(image), span, { quoted });
          } else this.#add("argument", pathText(path), span, { quoted, node: path });
        }
      }
    }
  }

  #group(node: Node): void {
    // A declaration and an item of this kind differ by their fields; both names begin with `@`.
    if ("targets" in node) {
      const { name } = node as unknown as Group;
      this.#add("group", name.value, withoutAt(name.span), { role: "definition" });
    } else this.#add("group", (node as Item).value, withoutAt(node.span));
  }

  #item(item: Item, parents: readonly Node[]): void {
    const targets = parents.at(-1) as Targets | undefined;
    const of: TargetKind = targets?.of ?? "tool";
    const kind = item.kind === "glob" ? "glob" : of;
    this.#add(kind, item.value, item.span, { quoted: item.quoted });
  }

  #path(path: Path, parents: readonly Node[]): void {
    const { root, steps } = path;
    const quantifier = parents.findLast(
      (parent): parent is Quantified =>
        isQuantified(parent) &&
        parent.variable.value === root.value &&
        path.span.start >= parent.condition.span.start,
    );
    if (quantifier !== undefined) {
      this.#add("variable", root.value, root.span, { node: quantifier });
    }
    for (const [index, step] of steps.entries()) {
      const span = this.#source.text[step.span.start] === "." ? after(step.span) : step.span;
      if (root.value === "grant" && index === 0) {
        this.#add("label", String(step.value), span, { quoted: step.quoted });
      } else {
        const part: Path = {
          ...path,
          steps: steps.slice(0, index + 1),
          span: { start: path.span.start, end: step.span.end },
        };
        this.#add("argument", pathText(part), span, { quoted: step.quoted, node: part });
      }
    }
  }

  /** Nodes without a kind. */
  #plain(node: Node): void {
    if ("grant" in node) {
      const labels: ObjectNode | undefined = (node as TestGrant).labels;
      for (const { key } of labels?.entries ?? []) {
        this.#add("label", key.value, key.span, { quoted: key.quoted });
      }
    } else if ("name" in node && !("key" in node)) {
      const { name } = node as Node & { name: Node & { value: string } };
      this.#add("label", name.value, name.span, { role: "definition" });
    }
  }

  #add(
    kind: MentionKind,
    name: string,
    span: Span,
    more: Partial<Pick<Mention, "role" | "quoted" | "node">> = {},
  ): void {
    this.#found.push({
      kind,
      name,
      source: this.#source,
      span,
      role: "use",
      quoted: false,
      ...more,
    });
  }
}

function isQuantified(node: Node): node is Quantified {
  const { kind } = node as { kind?: string };
  return kind === "any" || kind === "every";
}

function withoutAt({ start, end }: Span): Span {
  return { start: start + 1, end };
}

function after({ start, end }: Span): Span {
  return { start: start + 1, end };
}

/** The quantifiers around an offset, outermost first. */
export function quantifiersAt(document: Document, offset: number): readonly Quantified[] {
  return nodesAt(document, offset).filter(
    (node): node is Quantified => isQuantified(node) && offset >= node.condition.span.start,
  );
}

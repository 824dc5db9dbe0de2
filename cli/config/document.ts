import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import type { Source, Span } from "../../language/index.ts";

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

/** More aliases than this make a small text a large value. */
const MAX_ALIASES = 100;

/** The YAML text of a configuration (YAML 1.2, core schema), and where each of its values stands. */
export class ConfigDocument {
  readonly source: Source;
  /** Plain data; undefined when the text does not parse. */
  readonly value: unknown;
  readonly problems: readonly { readonly message: string; readonly span: Span }[];
  readonly #document: Document.Parsed;

  constructor(source: Source) {
    this.source = source;
    const document = parseDocument(source.text, { prettyErrors: false, uniqueKeys: true });
    this.#document = document;
    const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
      message: sentence(message),
      span: spanIn(source.text, pos[0], pos[1]),
    }));
    let value: unknown;
    if (problems.length === 0) {
      try {
        value = document.toJS({ maxAliasCount: MAX_ALIASES });
      } catch (error) {
        problems.push({
          message: sentence(error instanceof Error ? error.message : String(error)),
          span: { start: 0, end: firstWord(source.text) },
        });
      }
    }
    this.value = value;
    this.problems = problems;
  }

  /** The place of a value, or of the nearest one around it that is there. */
  spanOf(path: Path): Span {
    const found = this.#find(path);
    if (found?.node !== undefined) return spanOfNode(found.node, this.source.text);
    return path.length === 0
      ? { start: 0, end: firstWord(this.source.text) }
      : this.spanOf(path.slice(0, -1));
  }

  /** The place of a value with all its lines. */
  wholeSpanOf(path: Path): Span {
    const [start = 0, end = start] = this.#find(path)?.node?.range ?? [];
    return { start, end };
  }

  /** The place of a key; of an item of a list, the item's. */
  spanOfKey(path: Path): Span {
    const key = this.#find(path)?.key;
    return key === undefined ? this.spanOf(path) : spanOfNode(key, this.source.text);
  }

  #find(path: Path): { readonly key?: Node; readonly node?: Node } | undefined {
    let found: { readonly key?: Node; readonly node?: Node } = {
      ...(this.#document.contents === null ? {} : { node: this.#document.contents }),
    };
    for (const step of path) {
      const node = isAlias(found.node) ? found.node.resolve(this.#document) : found.node;
      if (isMap(node)) {
        const pair = (node.items as Pair<Node, Node | null>[]).find(
          ({ key }) => isScalar(key) && String(key.value) === String(step),
        );
        if (pair === undefined) return undefined;
        found = { key: pair.key, ...(pair.value === null ? {} : { node: pair.value }) };
      } else if (isSeq(node) && typeof step === "number") {
        const item = node.items[step] as Node | undefined;
        if (item === undefined) return undefined;
        found = { node: item };
      } else return undefined;
    }
    return found;
  }
}

/** A span that is not empty, inside the text as far as there is any. */
function spanIn(text: string, from: number, to: number): Span {
  const start = Math.max(0, Math.min(from, text.length - 1));
  return { start, end: Math.max(start + 1, Math.min(to, text.length)) };
}

/** What a person would underline: of a map or a list its first line. */
function spanOfNode(node: Node, text: string): Span {
  const [start = 0, end = start] = node.range ?? [];
  const lineEnd = /\r|\n|$/.exec(text.slice(start))?.index ?? 0;
  return spanIn(text, start, Math.min(end, start + lineEnd));
}

function firstWord(text: string): number {
  return Math.max(1, /^\s*\S*/.exec(text)?.[0].length ?? 1);
}

function sentence(message: string): string {
  const text = message.trim();
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

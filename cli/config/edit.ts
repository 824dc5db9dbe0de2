import { isMap, isScalar, isSeq, type Node, parseDocument, type Scalar, stringify } from "yaml";

/** A grant as it stands in a configuration. */
export interface GrantEntry {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly expires?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly mode?: "shadow";
}

/** An item of `grants`, as text. */
export function entryText(entry: GrantEntry, indent = ""): string {
  const text = stringify([entry], { lineWidth: 0 });
  return text.replaceAll(/^(?=.)/gm, indent);
}

/**
 * The text with one more grant. Nothing else of it changes, comments and layout stay. Undefined when `grants` is
 * written in a way that cannot be added to.
 */
export function withGrant(text: string, entry: GrantEntry): string | undefined {
  const grants = grantsOf(text);
  if (grants === undefined) {
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    return `${text}${gap}grants:\n${entryText(entry, "  ")}`;
  }
  const { range } = grants.node;
  if (range == null) return undefined;
  const items = isSeq(grants.node) ? grants.node.items : [];
  if (items.length === 0) {
    // `grants:` or `grants: []`.
    if (!/^(\[\s*\]|null|~)?$/.test(text.slice(range[0], range[1]))) return undefined;
    const start = text.slice(0, range[0]).replace(/[ \t]+$/, "").length;
    const rest = text.slice(range[1]).replace(/^[ \t]*(?=\n|$)/, "");
    return `${text.slice(0, start)}\n${entryText(entry, "  ")}${rest.replace(/^\n/, "")}`;
  }
  const last = items.at(-1) as Node;
  const indent = indentOf(text, last);
  if (indent === undefined || last.range == null) return undefined;
  const end = lineEnd(text, last.range[1]);
  const gap = text.slice(0, end).endsWith("\n") ? "" : "\n";
  return `${text.slice(0, end)}${gap}${entryText(entry, indent)}${text.slice(end)}`;
}

/** The text with another token for a grant; undefined when there is no such grant. */
export function withToken(text: string, name: string, token: string): string | undefined {
  const item = grantNamed(text, name);
  const scalar = isMap(item) ? (item.get("token", true) as Scalar | undefined) : undefined;
  if (scalar?.range == null) return undefined;
  const [start, end] = scalar.range;
  const quote = /^["']/.exec(text.slice(start, end))?.[0] ?? "";
  return `${text.slice(0, start)}${quote}${token}${quote}${text.slice(end)}`;
}

/** The text without a grant; undefined when there is none, or when it does not stand on lines of its own. */
export function withoutGrant(text: string, name: string): string | undefined {
  const grants = grantsOf(text);
  const item = grantNamed(text, name);
  if (grants === undefined || item?.range == null) return undefined;
  const items = isSeq(grants.node) ? grants.node.items : [];
  if (indentOf(text, item) === undefined) return undefined;
  const start = text.lastIndexOf("\n", item.range[0]) + 1;
  const end = lineEnd(text, item.range[1]);
  const left = `${text.slice(0, start)}${text.slice(end)}`;
  if (items.length > 1) return left;
  // A list without items is written as one.
  const key = grants.keyEnd;
  return `${left.slice(0, key)}: []${left.slice(key + 1)}`;
}

interface GrantsPlace {
  readonly node: Node;
  /** Behind the word `grants`. */
  readonly keyEnd: number;
}

function grantsOf(text: string): GrantsPlace | undefined {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) return undefined;
  for (const { key, value } of contents.items) {
    if (!isScalar(key) || key.value !== "grants" || key.range == null || value == null) continue;
    return { node: value as Node, keyEnd: key.range[1] };
  }
  return undefined;
}

function grantNamed(text: string, name: string): Node | undefined {
  const grants = grantsOf(text);
  if (grants === undefined || !isSeq(grants.node)) return undefined;
  return (grants.node.items as Node[]).find((item) => isMap(item) && item.get("name") === name);
}

/** What stands before the `-` of an item; undefined when it has none on its line. */
function indentOf(text: string, item: Node): string | undefined {
  const start = item.range?.[0];
  if (start === undefined) return undefined;
  return /^([ \t]*)-[ \t]+$/.exec(text.slice(text.lastIndexOf("\n", start) + 1, start))?.[1];
}

/** Behind the line break that ends the line of an offset. */
function lineEnd(text: string, offset: number): number {
  // The end of a block may be behind its line break already.
  if (offset > 0 && text.charAt(offset - 1) === "\n") return offset;
  const found = text.indexOf("\n", offset);
  return found === -1 ? text.length : found + 1;
}

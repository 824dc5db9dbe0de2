import type { Document, Node, On, Rule, Statement, When } from "./ast.ts";

/** The nodes right below a node, in the order of the text. */
export function children(node: Node): readonly Node[] {
  if (!isDocument(node)) return below(node);
  let known = ofDocuments.get(node);
  if (known === undefined) {
    known = below(node);
    ofDocuments.set(node, known);
  }
  return known;
}

/** A long file has many, and an editor looks for many places in it. */
const ofDocuments = new WeakMap<Document, readonly Node[]>();

function isDocument(node: Node): node is Document {
  return "kind" in node && node.kind === "document";
}

function below(node: Node): Node[] {
  const found: Node[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  return found.sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "span" in value;
}

/**
 * Visits a node and everything below it, parents first. `parents` are the nodes around, the outermost first.
 * A visit that gives `false` skips what is below its node.
 */
export function walk(root: Node, visit: (node: Node, parents: readonly Node[]) => unknown): void {
  const parents: Node[] = [];
  const go = (node: Node): void => {
    if (visit(node, parents) === false) return;
    parents.push(node);
    for (const child of children(node)) go(child);
    parents.pop();
  };
  go(root);
}

/** The nodes at an offset, the document first and the innermost last; comments are left out. */
export function nodesAt(document: Document, offset: number): Node[] {
  const path: Node[] = [];
  walk(document, (node) => {
    if (offset < node.span.start || offset > node.span.end) return false;
    if ("ownLine" in node) return false;
    // Of two nodes that touch at the offset the later one is meant: the one that begins there.
    while (path.length > 0 && !contains(path[path.length - 1] as Node, node)) path.pop();
    path.push(node);
    return true;
  });
  return path;
}

function contains(outer: Node, inner: Node): boolean {
  return outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
}

/** A rule and the blocks around it, the outermost first. */
export interface RuleInPlace {
  readonly rule: Rule;
  readonly blocks: readonly (On | When)[];
}

/** Every rule of a file, those in blocks too, in the order of the text. */
export function* rulesOf(document: Document): Generator<RuleInPlace> {
  yield* rulesIn(document.statements, []);
}

function* rulesIn(
  statements: readonly Statement[],
  blocks: readonly (On | When)[],
): Generator<RuleInPlace> {
  for (const statement of statements) {
    switch (statement.kind) {
      case "on":
      case "when":
        yield* rulesIn(statement.body, [...blocks, statement]);
        break;
      case "allow":
      case "deny":
      case "hide":
      case "ask":
      case "limit":
        yield { rule: statement, blocks };
        break;
    }
  }
}

import type { Comparison, Fix, Literal, RegexNode, StringNode } from "../../language/index.ts";
import { underProblem } from "../../policy/index.ts";
import { textOperatorOnAddress } from "../messages/escapes.ts";
import type { BoundRule, Program } from "../program.ts";
import type { Check, CheckContext } from "./check.ts";
import { effectOf, type Leaf, leavesOf } from "./leaves.ts";
import { knownAt } from "./typed.ts";

/** A path or a URL is compared as what it is, with `under`, and not as text. */
export const textOperatorOnAddressCheck: Check = {
  name: "text-operator-on-address",
  run(context) {
    const seen = new Set<string>();
    for (const rule of context.program.rules) {
      if (!rule.resolved || rule.of !== "tool" || rule.guard.always) continue;
      context.look(rule, [], () => examine(context, rule, seen));
    }
  },
};

function examine(
  { program, report, reported }: CheckContext,
  rule: BoundRule,
  seen: Set<string>,
): void {
  for (const leaf of leavesOf(rule)) {
    if (leaf.node.kind !== "comparison") continue;
    const address = addressIn(program, rule, leaf, leaf.node);
    const key = `${leaf.node.span.start} ${rule.source.name}`;
    if (address === undefined || seen.has(key)) continue;
    if (reported(rule.source, leaf.node.span)) continue;
    seen.add(key);
    const { what, literal } = address;
    const grants = effectOf(rule, leaf) === "grants";
    const operator = leaf.node.operator;
    const fix = fixOf(rule, leaf.node, what, grants);
    report(
      textOperatorOnAddress,
      { operator, what, sample: sample(operator, what, literal, grants), grants },
      rule.source,
      leaf.node.span,
      fix === undefined ? {} : { fixes: [fix] },
    );
  }
}

type What = "path" | "URL" | "host name";

interface Address {
  readonly what: What;
  readonly literal: string;
}

const TEXTUAL = new Set(["starts with", "ends with", "contains", "like", "matches"]);
/** Exact comparisons: sound in a permission, where another spelling is refused. */
const EXACT = new Set(["==", "!=", "in", "not in"]);

function addressIn(
  program: Program,
  rule: BoundRule,
  leaf: Leaf,
  node: Comparison,
): Address | undefined {
  if (node.left.kind !== "path-operand") return undefined;
  const exact = EXACT.has(node.operator);
  if (exact ? effectOf(rule, leaf) === "grants" : !TEXTUAL.has(node.operator)) return undefined;
  if (node.right.kind === "regex") return regexAddress(node.right);
  for (const text of stringsOf(node.right)) {
    const what = shapeOf(text);
    if (what !== undefined) return { what, literal: text };
    if (!exact && hostShaped(text) && readsUrl(program, rule, leaf, node)) {
      return { what: "host name", literal: text };
    }
  }
  return undefined;
}

function stringsOf(node: Comparison["right"]): readonly string[] {
  if (node.kind === "string") return [node.value];
  if (node.kind !== "list") return [];
  return node.items
    .filter((item: Literal): item is StringNode => item.kind === "string")
    .map((item) => item.value);
}

function shapeOf(text: string): "path" | "URL" | undefined {
  if (/^\*?[a-z][a-z0-9+.-]*:\/\//i.test(text)) return "URL";
  // A slash alone, or two as in a comment, is punctuation.
  if (/^\*?(?:~|\.{1,2})?\/[^/\s*?]/.test(text) || /^[a-z]:[\\/]/i.test(text)) return "path";
  return /^\*?\.\.[\\/]/.test(text) ? "path" : undefined;
}

function regexAddress(regex: RegexNode): Address | undefined {
  const plain = regex.pattern
    .replace(/^\^/, "")
    .replace(/^\(\?[a-z]*:?/, "")
    .replace(/\\([/.])/g, "$1");
  if (/^https?(?:s\?)?:\/\//i.test(plain)) return { what: "URL", literal: "https://" };
  return /^\/[\w.-]/.test(plain)
    ? { what: "path", literal: plain.match(/^[\w./-]+/)?.[0] ?? "/" }
    : undefined;
}

function hostShaped(text: string): boolean {
  return /^\*?\.?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\*|\/.*)?$/i.test(text);
}

function readsUrl(program: Program, rule: BoundRule, leaf: Leaf, node: Comparison): boolean {
  if (node.left.kind !== "path-operand") return false;
  const { path } = node.left;
  const last = String(path.steps.at(-1)?.value ?? "");
  if (/(?:^|[_-]|[a-z](?=[A-Z]))(?:ur[il]|href|link|endpoint|webhook|origin)s?$/i.test(last))
    return true;
  return rule.selection.names.some((tool) => {
    const type = knownAt(program, tool, path, leaf.within)?.type;
    return type?.kind === "string" && (type.format === "uri" || type.format === "url");
  });
}

/** A spelling that the comparison takes for something else. */
function sample(operator: string, what: What, literal: string, grants: boolean): string {
  const text = literal.replace(/[*?]+/g, "");
  if (what === "host name") {
    return grants
      ? `https://evil.example/${text}`
      : `https://${text.replace(/^\./, "www.").toUpperCase()}`;
  }
  if (what === "URL") {
    if (!grants)
      return text.replace(/^([a-z]+:\/\/)(.*)$/i, (_, scheme, rest) => `${scheme}user@${rest}`);
    if (operator === "contains" || operator === "ends with") return `https://evil.example/?${text}`;
    const authority = text.replace(/\/+$/, "");
    return /^[a-z]+:\/\/[^/]+$/i.test(authority) ? `${authority}@evil.example` : `${authority}/../`;
  }
  const path = text.replace(/\/+$/, "");
  if (!grants) return path.startsWith("/") ? `/tmp/..${path}` : `./${path}`;
  return operator === "ends with" ? `/elsewhere${path}` : `${path}/../../secret`;
}

/** `under` in place of the operator, where the whole literal is the place. */
function fixOf(rule: BoundRule, node: Comparison, what: What, grants: boolean): Fix | undefined {
  if (what === "host name") return undefined;
  if (node.right.kind !== "string" || node.ignoringCase !== undefined) return undefined;
  const written = rule.source.slice(node.right.span);
  if (!written.startsWith('"') || node.left.kind !== "path-operand") return undefined;
  const { value } = node.right;
  // What forbids a text anywhere in a path forbids more than a place at its beginning.
  if (node.operator === "contains" && !grants) return undefined;
  const place = placeOf(node.operator, value);
  if (place === undefined || underProblem(place) !== undefined) return undefined;
  return {
    title: `Compare with \`under ${JSON.stringify(place)}\``,
    edits: [
      { span: node.operatorSpan, text: "under" },
      ...(JSON.stringify(place) === written
        ? []
        : [{ span: node.right.span, text: JSON.stringify(place) }]),
    ],
  };
}

/** The place that a text operator most likely means; undefined where that is a guess. */
function placeOf(operator: Comparison["operator"], literal: string): string | undefined {
  const trimmed = literal.length > 1 ? literal.replace(/(?<=[^/:])\/+$/, "") : literal;
  if (operator === "starts with" || operator === "contains") {
    return /[*?]/.test(literal) ? undefined : trimmed;
  }
  if (operator !== "like" || !/\/\*+$/.test(literal)) return undefined;
  const place = literal.replace(/\/\*+$/, "");
  return /[*?]/.test(place) || place === "" || /^https?:\/$/.test(place) ? undefined : place;
}

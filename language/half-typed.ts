import type { Broken, Node } from "./ast.ts";
import { readings } from "./expected.ts";
import { tokenize } from "./lexical.ts";
import { Source, type Span } from "./source.ts";
import type { Context } from "./statements.ts";
import * as t from "./tokens.ts";

/** What a name of a statement is that has no tree: half typed, or broken further on. */
export type TypedKind =
  | "server"
  | "target"
  | "let"
  | "variable"
  | "root"
  | "step"
  | "entry"
  | "label"
  | "counter";

export interface TypedName {
  readonly kind: TypedKind;
  /** As it is written, with `@` and quotes. */
  readonly image: string;
  readonly span: Span;
  /** The name is introduced here. */
  readonly declares: boolean;
}

/** A statement that runs on to the end of the file, since a bracket is open, is read so far only. */
const MOST_TOKENS = 200;

const CONTEXTS: ReadonlySet<string> = new Set<Context>(["on", "when", "test", "as"]);

/** The names of a broken statement, up to where the grammar cannot read on. `parents` are the nodes around it. */
export function typedNames(
  { span }: Broken,
  parents: readonly Node[],
  source: Source,
): readonly TypedName[] {
  const kinds = parents.map((parent) => (parent as { kind?: string }).kind ?? "");
  const context = (kinds.findLast((kind) => CONTEXTS.has(kind)) ?? "document") as Context;
  const text = new Source(source.name, source.slice(span));
  const tokens = tokenize(text).tokens.slice(0, MOST_TOKENS);
  const read = readings(context, tokens);
  const first = tokens[0]?.image;
  const variables = new Set<string>();
  const found: TypedName[] = [];
  for (const [index, token] of tokens.entries()) {
    const rules = read.get(index);
    // Two rules that read one word take it for different things, such as `during`: the next word tells.
    const [rule] = rules?.size === 1 ? rules : [];
    if (rule === undefined || !/^[@"A-Za-z_*?]/.test(token.image)) continue;
    const { image } = token;
    const isFirst = index === 0;
    const next = tokens[index + 1]?.image;
    const add = (kind: TypedKind, declares = false): void => {
      const start = span.start + token.startOffset;
      found.push({ kind, image, declares, span: { start, end: span.start + t.endOf(token) } });
    };
    if (rule === "item") add("target");
    else if (rule === "steps") add("step");
    else if (rule === "entry") add("entry");
    else if (rule === "counter" && image !== "as") add("counter");
    else if ((rule === "let" && !isFirst) || (rule === "group" && !isFirst)) {
      add(rule === "let" ? "let" : "target", true);
    } else if (rule === "name") {
      add(
        first === "server" ? "server" : first === "labels" ? "label" : "target",
        first === "labels",
      );
    } else if (rule === "quantified" && tokens[index - 1]?.image.match(/^(any|every)$/)) {
      variables.add(image);
      add("variable", true);
    } else if (rule === "path" || rule === "argumentPath") {
      if (/^(args|grant|client)$/.test(image)) add("root");
      else add(variables.has(image) || next === "." || next === "[" ? "variable" : "let");
    }
  }
  return found;
}

import type { Document, Expected, Path, Span } from "../../language/index.ts";
import { beginsLine, expectedAt, RESERVED, tokenize, wordDoc } from "../../language/index.ts";
import type { Program } from "../program.ts";
import { written } from "../resolve/targets.ts";
import { membersOf } from "../tools/algebra.ts";
import { describe, describeOptional } from "../tools/describe.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import type { Type } from "../tools/types.ts";
import { mentionsIn } from "./mentions.ts";
import { operatorsFor } from "./operators.ts";
import { keysBelow, type PathScope, scopeAt, toolsOfItem, typeOfPath } from "./scope.ts";
import { AMOUNTS, BARE_SNIPPETS, CLAUSES, EMPTY_STRING, SNIPPETS } from "./snippets.ts";

export type CandidateKind =
  | "keyword"
  | "statement"
  | "operator"
  | "tool"
  | "resource"
  | "prompt"
  | "glob"
  | "group"
  | "let"
  | "variable"
  | "argument"
  | "label"
  | "value"
  | "unit"
  | "counter"
  | "zone"
  | "amount";

/** Something that may be typed at a place. */
export interface Candidate {
  readonly kind: CandidateKind;
  readonly label: string;
  readonly text: string;
  /** The same with places to fill in, `${1:tool}`, where it has some. */
  readonly snippet?: string;
  /** A few words beside the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** Likelier than others of its kind. */
  readonly preferred?: true;
}

export interface Completions {
  readonly candidates: readonly Candidate[];
  /** What they replace. The place that was asked for lies in it. */
  readonly replace: Span;
  /** A path of a file is wanted here, in quotes. */
  readonly files?: "policy" | "tool list";
}

/** What may be typed at an offset of a file. */
export function completionsAt(program: Program, document: Document, offset: number): Completions {
  const { source } = document;
  const inside = stringAt(document, offset);
  if (inside === "comment") return { candidates: [], replace: { start: offset, end: offset } };
  const at = inside?.start ?? offset;
  const expected = expectedAt(source, at);
  const replace = inside ?? expected.replace;
  const completer = new Completer(program, document, expected, at);
  const candidates = completer.all();
  const shown =
    inside === undefined
      ? candidates
      : // In quotes, only what can be quoted stands.
        candidates.flatMap((candidate) => quotedForm(candidate));
  const files = completer.files();
  return {
    candidates: distinct(shown),
    replace,
    ...(files === undefined ? {} : { files }),
  };
}

/** The string that an offset is in, from its quote on. */
function stringAt(document: Document, offset: number): Span | "comment" | undefined {
  const { tokens, comments } = tokenize(document.source);
  const inComment = comments.some(
    ({ span }) =>
      span.start < offset && !/[\r\n]/.test(document.source.text.slice(span.start, offset)),
  );
  if (inComment) return "comment";
  for (const { image, startOffset } of tokens) {
    if (startOffset >= offset) return undefined;
    const end = startOffset + image.length;
    if (!/^["'`“]/.test(image) || offset > end) continue;
    const isClosed = image.length > 1 && image.endsWith('"') && !image.endsWith('\\"');
    if (offset < end || !isClosed) return { start: startOffset, end: isClosed ? end : offset };
  }
  return undefined;
}

function quotedForm(candidate: Candidate): readonly Candidate[] {
  if (candidate.text.startsWith('"')) return [candidate];
  const mayBeQuoted = ["tool", "glob", "resource", "prompt"].includes(candidate.kind);
  return mayBeQuoted ? [{ ...candidate, text: JSON.stringify(candidate.text) }] : [];
}

function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ kind, text }) => {
    const key = `${kind} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const STATEMENTS: ReadonlySet<string> = new Set([
  "shadow",
  "allow",
  "ask",
  "deny",
  "hide",
  "limit",
  "server",
  "default",
  "validate",
  "pin",
  "labels",
  "import",
  "let",
  "group",
  "always",
  "never",
  "on",
  "when",
  "test",
]);

const OPERATORS: ReadonlySet<string> = new Set([
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "in",
  "not",
  "contains",
  "starts",
  "ends",
  "matches",
  "like",
  "under",
]);

class Completer {
  readonly #program: Program;
  readonly #document: Document;
  readonly #expected: Expected;
  readonly #offset: number;
  #scope: PathScope | undefined;

  constructor(program: Program, document: Document, expected: Expected, offset: number) {
    this.#program = program;
    this.#document = document;
    this.#expected = expected;
    this.#offset = offset;
  }

  all(): readonly Candidate[] {
    const { categories } = this.#expected;
    const found: Candidate[] = [];
    const rules = new Map<string, Set<string>>();
    for (const { type, rule } of categories) {
      const types = rules.get(rule) ?? new Set();
      rules.set(rule, types.add(type.name));
    }
    for (const [rule, types] of rules) found.push(...this.#category(rule, types, rules));
    found.push(...this.#operators(), ...this.#booleans(), ...this.#keywords());
    return found;
  }

  files(): Completions["files"] {
    if (!this.#expected.categories.some(({ rule }) => rule === "text")) return undefined;
    const first = this.#images()[0];
    return first === "import" ? "policy" : first === "server" ? "tool list" : undefined;
  }

  #category(
    rule: string,
    types: ReadonlySet<string>,
    rules: ReadonlyMap<string, unknown>,
  ): readonly Candidate[] {
    switch (rule) {
      case "item":
        return this.#items();
      case "name":
        return this.#isInTest() ? this.#tools(new Set()) : [];
      case "path":
        return [...this.#variables(), ...(rules.has("literal") ? this.#lets() : [])];
      case "steps":
        return this.#keys(types.has("Word"));
      case "literal":
        return this.#values();
      case "entry":
        return this.#entries();
      case "value":
        return this.#entryValues();
      case "counter":
        return this.#counters();
      case "amount":
      case "limitClause":
        return this.#amounts();
      case "by":
        return this.#approvers();
      case "during":
        return ZONES().map((zone) => ({ kind: "zone", label: zone, text: JSON.stringify(zone) }));
      case "duration":
        return ["5m", "10m", "30m", "1h", "24h"].map((text) => ({
          kind: "amount",
          label: text,
          text,
        }));
      default:
        return [];
    }
  }

  // Targets ------------------------------------------------------------------------------------------

  #items(): readonly Candidate[] {
    const images = this.#images();
    if (images.includes("resource")) return this.#resources();
    if (images.includes("prompt")) return this.#prompts();
    const named = new Set(images);
    const isExcept = images.includes("except");
    const among = isExcept ? new Set(this.#scopeHere().tools) : undefined;
    const fits = (name: string) => among === undefined || among.has(name);
    return [
      ...this.#tools(named).filter(({ label }) => fits(label)),
      ...this.#groups().filter(({ label }) => !named.has(label)),
      ...this.#globs(),
    ];
  }

  #tools(without: ReadonlySet<string>): readonly Candidate[] {
    const { names, byName, risk } = this.#program.tools;
    return names
      .filter((name) => !without.has(name) && !without.has(written(name)))
      .map((name) => {
        const title = byName.get(name)?.title;
        const detail = [risk.get(name), title].filter((part) => part !== undefined).join(" · ");
        return {
          kind: "tool",
          label: name,
          text: written(name),
          ...(detail === "" ? {} : { detail }),
        };
      });
  }

  #groups(): readonly Candidate[] {
    const own = [...this.#program.groups].map(
      ([name, { selection }]): Candidate => ({
        kind: "group",
        label: `@${name}`,
        text: `@${name}`,
        detail: countOf(selection.names.length, selection.of),
      }),
    );
    const builtIn = RISK_CLASSES.flatMap((name): Candidate[] => {
      const tools = toolsOfItem(this.#program, { kind: "group", value: name });
      if (this.#program.tools.known && tools.length === 0) return [];
      const detail = this.#program.tools.known ? countOf(tools.length, "tool") : "risk class";
      return [{ kind: "group", label: `@${name}`, text: `@${name}`, detail }];
    });
    return [...own, ...builtIn];
  }

  /** Globs over the first words that several tools begin with. */
  #globs(): readonly Candidate[] {
    const counts = new Map<string, number>();
    for (const name of this.#program.tools.names) {
      const word = /^[A-Za-z0-9]+[_-]/.exec(name)?.[0];
      if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return [...counts]
      .filter(([, count]) => count > 1)
      .map(([word, count]) => ({
        kind: "glob",
        label: `${word}*`,
        text: /^[A-Za-z]/.test(word) ? `${word}*` : JSON.stringify(`${word}*`),
        detail: countOf(count, "tool"),
      }));
  }

  #resources(): readonly Candidate[] {
    return (this.#program.tools.list?.resources ?? []).map(({ uri, name }) => ({
      kind: "resource",
      label: uri,
      text: JSON.stringify(uri),
      ...(name === undefined ? {} : { detail: name }),
    }));
  }

  #prompts(): readonly Candidate[] {
    return (this.#program.tools.list?.prompts ?? []).map(({ name, description }) => ({
      kind: "prompt",
      label: name,
      text: written(name),
      ...(description === undefined ? {} : { doc: description }),
    }));
  }

  // Conditions ---------------------------------------------------------------------------------------

  #lets(): readonly Candidate[] {
    return [...this.#program.lets.values()]
      .filter(
        ({ node, source }) =>
          source !== this.#document.source || !contains(node.span, this.#offset),
      )
      .map(({ name, node, source }) => ({
        kind: "let",
        label: name,
        text: name,
        detail: oneLine(source.slice(node.value.span)),
      }));
  }

  #variables(): readonly Candidate[] {
    return this.#scopeHere().variables.map(({ name }) => ({
      kind: "variable",
      label: name,
      text: name,
      detail: "element",
    }));
  }

  #keys(isDotted: boolean): readonly Candidate[] {
    const path = pathBefore(this.#images(), this.#images().length - 1);
    if (path === undefined) return [];
    const kind = path.root.value === "grant" ? "label" : "argument";
    return keysBelow(this.#scopeHere(), path).flatMap(
      ({ name, type, required, description }): Candidate[] => {
        const isWord = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name);
        if (isDotted && !isWord) return [];
        return [
          {
            kind,
            label: name,
            text: isDotted ? name : JSON.stringify(name),
            detail: describeOptional(type, !required),
            ...(description === undefined ? {} : { doc: description }),
            ...(required ? { preferred: true } : {}),
          },
        ];
      },
    );
  }

  /** The values that the other side of the comparison may have. */
  #values(): readonly Candidate[] {
    const type = this.#comparedType();
    return type === undefined ? [] : literalsOf(type);
  }

  /** The type that a literal here is compared with; of a list, that of its elements. */
  #comparedType(): Type | undefined {
    const images = this.#images();
    let at = images.length;
    while (at > 0 && /^(\[|,|"|-?\d)/.test(images[at - 1] as string)) at--;
    if (images[at - 1] === "with") at--;
    if (!OPERATORS.has(images[at - 1] ?? "") && !/^(starts|ends)$/.test(images[at - 1] ?? ""))
      return undefined;
    const operator = images[at - 1];
    at--;
    if (images[at - 1] === "not") at--;
    const path = pathBefore(images, at);
    if (path === undefined) return undefined;
    const type = typeOfPath(this.#scopeHere(), path)?.type;
    if (type === undefined || operator !== "contains") return type;
    const items = membersOf(type).flatMap((member) =>
      member.kind === "list" ? [member.item] : [],
    );
    return items[0] ?? type;
  }

  #booleans(): readonly Candidate[] {
    if (!this.#expected.keywords.includes("true")) return [];
    const type = this.#comparedType();
    if (type === undefined || !membersOf(type).some(({ kind }) => kind === "boolean")) return [];
    return ["true", "false"].map((text) => ({ kind: "value", label: text, text, preferred: true }));
  }

  #operators(): readonly Candidate[] {
    if (!this.#expected.keywords.includes("==")) return [];
    const images = this.#images();
    const path = pathBefore(images, images.length);
    const type = path === undefined ? undefined : typeOfPath(this.#scopeHere(), path)?.type;
    const fitting = operatorsFor(type ?? { kind: "unknown" });
    return fitting.map((text, index) => ({
      kind: "operator",
      label: text,
      text,
      ...docOf(text.split(" ")[0] as string),
      ...(type !== undefined && index < 2 ? { preferred: true as const } : {}),
    }));
  }

  // Limits -------------------------------------------------------------------------------------------

  #counters(): readonly Candidate[] {
    const names = this.#program.files.flatMap(({ document }) =>
      mentionsIn(document).flatMap(({ kind, name }) => (kind === "counter" ? [name] : [])),
    );
    return [...new Set(names)].map((name) => ({
      kind: "counter",
      label: name,
      text: name,
      detail: "counter, shared",
    }));
  }

  #amounts(): readonly Candidate[] {
    return AMOUNTS.map(({ text, snippet }) => ({ kind: "amount", label: text, text, snippet }));
  }

  #approvers(): readonly Candidate[] {
    const names = this.#program.rules.flatMap(({ node }) =>
      node.kind === "ask" ? (node.by ?? []).map(({ value }) => value) : [],
    );
    return [...new Set(names)].map((name) => ({
      kind: "value",
      label: name,
      text: JSON.stringify(name),
      detail: "approvers",
    }));
  }

  // Tests --------------------------------------------------------------------------------------------

  #isInTest(): boolean {
    return this.#expected.context === "test" || this.#expected.context === "as";
  }

  #entries(): readonly Candidate[] {
    const images = this.#images();
    const isLabels = images[0] === "as" || images[0] === "test";
    const path = objectPath(images, isLabels ? "grant" : "args");
    const given = new Set(images);
    return keysBelow(this.#scopeHere(), path)
      .filter(({ name }) => !given.has(name) && !(isLabels && name === "name"))
      .map(({ name, type, required, description }) => {
        const key = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? name : JSON.stringify(name);
        return {
          kind: isLabels ? ("label" as const) : ("argument" as const),
          label: name,
          text: `${key}: `,
          detail: describeOptional(type, !required),
          ...(description === undefined ? {} : { doc: description }),
          ...(required ? { preferred: true as const } : {}),
        };
      });
  }

  #entryValues(): readonly Candidate[] {
    const images = this.#images();
    const isLabels = images[0] === "as" || images[0] === "test";
    const colon = images.lastIndexOf(":");
    const key = images[colon - 1];
    if (key === undefined) return [];
    const parent = objectPath(images.slice(0, colon - 1), isLabels ? "grant" : "args");
    const path = { ...parent, steps: [...parent.steps, step(unquote(key))] };
    const type = typeOfPath(this.#scopeHere(), path)?.type;
    return type === undefined ? [] : literalsOf(type);
  }

  // Words --------------------------------------------------------------------------------------------

  #keywords(): readonly Candidate[] {
    const { context, keywords, replace, before } = this.#expected;
    const startsLine = beginsLine(this.#document.source.text, replace.start);
    const isOperatorPlace = keywords.includes("==");
    // Where another statement may begin, its words are offered at the beginning of a line only.
    const mayStart = keywords.includes("import") || keywords.includes("}");
    const starts = mayStart && (before.length === 0 || startsLine);
    return keywords.flatMap((word): Candidate[] => {
      if (!/^[a-z]/.test(word) || (isOperatorPlace && OPERATORS.has(word))) return [];
      const isStatement = starts && STATEMENTS.has(word);
      if (mayStart && !starts && STATEMENTS.has(word) && word !== "limit") return [];
      const text = word === "ignoring" ? "ignoring case" : word;
      const snippets = isStatement ? (context === "on" ? BARE_SNIPPETS : SNIPPETS) : CLAUSES;
      const snippet = snippets[word];
      const kind = UNITS.includes(word) ? "unit" : isStatement ? "statement" : "keyword";
      return [
        { kind, label: text, text, ...(snippet === undefined ? {} : { snippet }), ...docOf(word) },
      ];
    });
  }

  #images(): readonly string[] {
    return this.#expected.before.map(({ image }) => image);
  }

  #scopeHere(): PathScope {
    this.#scope ??= scopeAt(this.#program, this.#document, this.#offset, this.#expected);
    return this.#scope;
  }
}

const UNITS = ["second", "minute", "hour", "day", "week", "month"];

let zones: readonly string[] | undefined;
const ZONES = (): readonly string[] => {
  zones ??= ["UTC", ...Intl.supportedValuesOf("timeZone")];
  return zones;
};

function docOf(word: string): Pick<Candidate, "detail" | "doc"> {
  const doc = wordDoc(word);
  return doc === undefined ? {} : { detail: doc.usage, doc: doc.text };
}

/** The path whose last word stands before an index: `args . order . total`, `args [ "x" ]`. */
function pathBefore(
  images: readonly string[],
  end: number,
): Pick<Path, "root" | "steps"> | undefined {
  const steps: Path["steps"][number][] = [];
  let at = end - 1;
  for (;;) {
    const image = images[at];
    if (image === "]" && images[at - 2] === "[") {
      steps.unshift(step(bracketed(images[at - 1] as string)));
      at -= 3;
    } else if (image !== undefined && isWord(image) && images[at - 1] === ".") {
      steps.unshift(step(image));
      at -= 2;
    } else break;
  }
  const root = images[at];
  if (root === undefined || !isWord(root)) return undefined;
  if (RESERVED.has(root) && !/^(args|grant|client)$/.test(root)) return undefined;
  return { root: { value: root, quoted: false, span: NO_SPAN }, steps };
}

const NO_SPAN: Span = { start: 0, end: 0 };

function step(value: string | number): Path["steps"][number] {
  return { kind: typeof value === "number" ? "index" : "key", value, quoted: false, span: NO_SPAN };
}

function bracketed(image: string): string | number {
  return image.startsWith('"') ? unquote(image) : Number(image);
}

function isWord(image: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(image);
}

function unquote(image: string): string {
  try {
    return image.startsWith('"') ? String(JSON.parse(image)) : image;
  } catch {
    return image;
  }
}

/** Where in an object a place is: the keys whose braces are open before it. */
function objectPath(images: readonly string[], root: string): Pick<Path, "root" | "steps"> {
  const open: (string | undefined)[] = [];
  for (const [index, image] of images.entries()) {
    if (image === "{") open.push(images[index - 1] === ":" ? images[index - 2] : undefined);
    else if (image === "}") open.pop();
  }
  const steps = open.flatMap((key) => (key === undefined ? [] : [step(unquote(key))]));
  return { root: { value: root, quoted: false, span: NO_SPAN }, steps };
}

function literalsOf(type: Type): readonly Candidate[] {
  const members = membersOf(type);
  const literals = members.flatMap((member): Candidate[] => {
    if (member.kind !== "literal" || typeof member.value === "object") return [];
    const text = JSON.stringify(member.value);
    return [{ kind: "value", label: text, text, preferred: true }];
  });
  const booleans = members.some(({ kind }) => kind === "boolean")
    ? ["true", "false"].map(
        (text): Candidate => ({ kind: "value", label: text, text, preferred: true }),
      )
    : [];
  const strings = members.some(({ kind }) => kind === "string")
    ? [
        {
          kind: "value" as const,
          label: '"…"',
          text: '""',
          snippet: EMPTY_STRING,
          detail: describe(type),
        },
      ]
    : [];
  return [...literals, ...booleans, ...strings];
}

function contains({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

import type { Document, Expected, Span } from "../../language/index.ts";
import { expectedAt, parsed } from "../../language/index.ts";
import { type Kind, kindsOf } from "../check/typing/literals.ts";
import type { Program } from "../program.ts";
import { membersOf } from "../tools/algebra.ts";
import { describeOptional } from "../tools/describe.ts";
import type { Type } from "../tools/types.ts";
import { type Candidate, docOf, literalsOf } from "./candidates.ts";
import { lets } from "./complete-lets.ts";
import { globs, groups, prompts, resources, tools } from "./complete-targets.ts";
import { hoursAndZone, timesAt, zones } from "./complete-times.ts";
import { OPERATORS, wordsAt } from "./complete-words.ts";
import { mentionsIn } from "./mentions.ts";
import { operatorsFor } from "./operators.ts";
import { keysBelow, type PathScope, scopeAt, typeOfPath } from "./scope.ts";
import { AMOUNTS } from "./snippets.ts";
import { kindsBefore, objectPath, pathBefore, step, unquote } from "./typed-words.ts";

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
  const expected = expectedAt(source, at, parsed(source).lexed);
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
  const { tokens, comments } = parsed(document.source).lexed;
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
    const times = timesAt(this.#expected, this.#program, this.#document.source.text);
    if (times !== undefined) return times;
    const found: Candidate[] = [];
    const rules = new Map<string, Set<string>>();
    for (const { type, rule } of categories) {
      const types = rules.get(rule) ?? new Set();
      rules.set(rule, types.add(type.name));
    }
    for (const [rule, types] of rules) found.push(...this.#category(rule, types, rules));
    found.push(
      ...this.#operators(),
      ...this.#booleans(),
      ...wordsAt(this.#expected, this.#document.source).filter((word) => this.#mayBe(word)),
    );
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
        return this.#isInTest() ? tools(this.#program, new Set()) : [];
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
        return this.#images().at(-1) === "in" ? zones() : hoursAndZone(types.has("Time"));
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
    if (images.includes("resource")) return resources(this.#program);
    if (images.includes("prompt")) return prompts(this.#program);
    const named = new Set(images);
    const isExcept = images.includes("except");
    const among = isExcept ? new Set(this.#scopeHere().tools) : undefined;
    const fits = (name: string) => among === undefined || among.has(name);
    return [
      ...tools(this.#program, named).filter(({ label }) => fits(label)),
      ...groups(this.#program).filter(({ label }) => !named.has(label)),
      ...globs(this.#program),
    ];
  }

  // Conditions ---------------------------------------------------------------------------------------

  #lets(): readonly Candidate[] {
    const isCondition = this.#expected.keywords.includes("has");
    const type = isCondition ? undefined : this.#comparedType();
    return lets(
      this.#program,
      this.#document,
      this.#offset,
      isCondition
        ? { wants: "condition" }
        : { wants: "value", ...(type === undefined ? {} : { type }) },
    );
  }

  /** Of the constants that have words, those that the other side of a comparison may be. */
  #mayBe({ text }: Candidate): boolean {
    if (!/^(true|false|null)$/.test(text)) return true;
    const type = this.#comparedType();
    const kinds = type === undefined ? undefined : kindsOf(type);
    if (kinds === undefined) return true;
    const operator = this.#images().at(-1);
    // `== null` asks whether there is a value at all.
    if (text === "null") return operator === "==" || operator === "!=" || kinds.has("null");
    return kinds.has("boolean");
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
    const wanted = kindsBefore(this.#images());
    return keysBelow(this.#scopeHere(), path).flatMap(
      ({ name, type, required, description }): Candidate[] => {
        const isWord = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name);
        if (isDotted && !isWord) return [];
        const fits = wanted === undefined ? required : fitsOne(type, wanted);
        return [
          {
            kind,
            label: name,
            text: isDotted ? name : JSON.stringify(name),
            detail: describeOptional(type, !required),
            ...(description === undefined ? {} : { doc: description }),
            ...(fits ? { preferred: true } : {}),
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
      ...docOf(text === "not in" ? "in" : (text.split(" ")[0] as string)),
      ...(text === "not in" ? { detail: "<value> not in <list>" } : {}),
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
    // A sum has no count of calls at a time.
    const isSum = this.#images().at(-1) === "to";
    return AMOUNTS.filter(({ text }) => !isSum || text.includes("/")).map(({ text, snippet }) => ({
      kind: "amount",
      label: text,
      text,
      snippet,
    }));
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

  #images(): readonly string[] {
    return this.#expected.before.map(({ image }) => image);
  }

  #scopeHere(): PathScope {
    this.#scope ??= scopeAt(this.#program, this.#document, this.#offset, this.#expected);
    return this.#scope;
  }
}

function fitsOne(type: Type, wanted: ReadonlySet<Kind>): boolean {
  const kinds = kindsOf(type);
  return kinds !== undefined && [...kinds].some((kind) => wanted.has(kind));
}

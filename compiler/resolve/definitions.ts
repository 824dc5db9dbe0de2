import type {
  Default,
  Group,
  Labels,
  Let,
  Message,
  Pin,
  Server,
  Source,
  Span,
  TargetKind,
  Validate,
} from "../../language/index.ts";
import {
  builtInRedefined,
  defaultsDisagree,
  duplicateItem,
  nearBuiltIn,
  redefined,
  reservedLabel,
  serversDisagree,
  statedTwice,
} from "../messages/names.ts";
import type { Bound, BoundLabel, ProgramFile } from "../program.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import type { LoadedFiles } from "./files.ts";
import type { Reporter } from "./reporter.ts";
import { distance } from "./spelling.ts";

/** What the files define and state, one of each. */
export interface Definitions {
  readonly server?: Bound<Server>;
  readonly defaults: ReadonlyMap<TargetKind, Bound<Default>>;
  readonly validate?: Bound<Validate>;
  readonly pin?: Bound<Pin>;
  readonly labels: ReadonlyMap<string, BoundLabel>;
  readonly lets: ReadonlyMap<string, Bound<Let>>;
  readonly groups: ReadonlyMap<string, Bound<Group>>;
  /** True of a name that may be defined in a statement or file which could not be read. */
  readonly doubtful: (name: string) => boolean;
  /** True of a name that a statement which could not be read may use. */
  readonly maybeUsed: (name: string) => boolean;
}

export function collectDefinitions(loaded: LoadedFiles, reporter: Reporter): Definitions {
  const collector = new Collector(reporter);
  for (const file of loaded.files) collector.file(file);
  const broken = loaded.files.flatMap(brokenText);
  return {
    ...collector.statements,
    defaults: collector.defaults,
    labels: collector.labels,
    lets: collector.lets,
    groups: collector.groups,
    doubtful: (name) =>
      loaded.incomplete ||
      broken.some((text) => /^\s*(let|group)\b/.test(text) && words(text).has(name)),
    maybeUsed: (name) => broken.some((text) => words(text).has(name)),
  };
}

const words = (text: string): Set<string> => new Set(text.match(/[A-Za-z_][A-Za-z0-9_-]*/g));

function brokenText(file: ProgramFile): string[] {
  const texts: string[] = [];
  const visit = (node: { kind: string; span: Span; body?: readonly unknown[] }): void => {
    if (node.kind === "broken") texts.push(file.source.slice(node.span));
    for (const part of node.body ?? []) visit(part as typeof node);
  };
  for (const statement of file.document.statements) visit(statement);
  return texts;
}

/** What of each statement is kept: the first of those that agree, the stricter `validate`. */
class Collector {
  readonly statements: {
    server?: Bound<Server>;
    validate?: Bound<Validate>;
    pin?: Bound<Pin>;
  } = {};
  readonly defaults = new Map<TargetKind, Bound<Default>>();
  readonly labels = new Map<string, BoundLabel>();
  readonly lets = new Map<string, Bound<Let>>();
  readonly groups = new Map<string, Bound<Group>>();
  readonly #reporter: Reporter;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  file({ document, source, imported }: ProgramFile): void {
    for (const node of document.statements) {
      switch (node.kind) {
        case "server":
          this.#server({ node, source, imported });
          break;
        case "default":
          this.#default({ node, source, imported });
          break;
        case "validate":
          this.#validate({ node, source, imported });
          break;
        case "pin":
          this.#twice(this.statements.pin, { node, source, imported }, "pin tools");
          this.statements.pin ??= { node, source, imported };
          break;
        case "labels":
          this.#labels({ node, source, imported });
          break;
        case "let":
          this.#define("let", this.lets, node.name, { node, source, imported });
          break;
        case "group":
          this.#group({ node, source, imported });
          break;
      }
    }
  }

  #server(bound: Bound<Server>): void {
    const first = this.statements.server;
    if (first === undefined) {
      this.statements.server = bound;
      return;
    }
    const name = bound.node.name.value;
    const other = first.node.name.value;
    // Each path is relative to its own file, so equal lists may be written differently.
    const sameFile = first.source === bound.source;
    const lists = bound.node.tools !== undefined && first.node.tools !== undefined;
    if (
      name !== other ||
      (sameFile && lists && bound.node.tools?.value !== first.node.tools?.value)
    ) {
      this.#report(serversDisagree, { name, other }, bound, bound.node.name.span, first);
      return;
    }
    this.#twice(first, bound, `server ${name}`);
    if (first.node.tools === undefined) this.statements.server = bound;
  }

  #default(bound: Bound<Default>): void {
    const { of, effect } = bound.node;
    const first = this.defaults.get(of);
    if (first === undefined) {
      this.defaults.set(of, bound);
    } else if (first.node.effect !== effect) {
      const parameters = { kind: `${of}s`, effect, other: first.node.effect };
      this.#report(defaultsDisagree, parameters, bound, bound.node.effectSpan, first);
    } else {
      this.#twice(first, bound, `default ${effect}${of === "tool" ? "" : ` ${of}s`}`);
    }
  }

  #validate(bound: Bound<Validate>): void {
    const first = this.statements.validate;
    if (first?.node.strictly === bound.node.strictly) {
      this.#twice(first, bound, `validate arguments${bound.node.strictly ? " strictly" : ""}`);
    }
    if (first === undefined || (bound.node.strictly && !first.node.strictly)) {
      this.statements.validate = bound;
    }
  }

  #labels({ node, source, imported }: Bound<Labels>): void {
    for (const label of node.labels) {
      const bound = { node: label, source, imported };
      const name = label.name.value;
      if (name === "name" || name === "id") {
        this.#reporter.report(reservedLabel, { name }, source, label.name.span);
        continue;
      }
      const seen = new Set<string>();
      for (const { value, span } of label.values ?? []) {
        if (seen.has(value)) this.#reporter.report(duplicateItem, { item: value }, source, span);
        seen.add(value);
      }
      const values = label.values?.map(({ value }) => value);
      this.#define("label", this.labels, label.name, {
        ...bound,
        name,
        ...(values === undefined ? {} : { values }),
      });
    }
  }

  #group(bound: Bound<Group>): void {
    const { value: name, span } = bound.node.name;
    if (RISK_CLASSES.some((builtIn) => builtIn === name)) {
      this.#reporter.report(builtInRedefined, { name }, bound.source, span);
      return;
    }
    const builtIn = RISK_CLASSES.find((candidate) => distance(candidate, name) === 1);
    if (builtIn !== undefined) {
      this.#reporter.report(nearBuiltIn, { name, builtIn }, bound.source, span);
    }
    this.#define("group", this.groups, bound.node.name, bound);
  }

  #define<B extends Bound<unknown>>(
    what: "let" | "group" | "label",
    map: Map<string, B>,
    name: { readonly value: string; readonly span: Span },
    bound: B,
  ): void {
    const first = map.get(name.value);
    if (first === undefined) map.set(name.value, bound);
    else this.#report(redefined, { what, name: name.value }, bound, name.span, first);
  }

  /** Two files may say the same; one file that says it twice has a line too many. */
  #twice<N extends { readonly span: Span }>(
    first: Bound<N> | undefined,
    bound: Bound<N>,
    statement: string,
  ): void {
    if (first?.source !== bound.source) return;
    this.#report(statedTwice, { statement }, bound, bound.node.span, first);
  }

  #report<P>(
    entry: Message<P>,
    parameters: P,
    bound: { readonly source: Source },
    span: Span,
    first: Bound<unknown>,
  ): void {
    const related = [
      { message: "It is first said here.", source: first.source, span: firstSpan(first) },
    ];
    this.#reporter.report(entry, parameters, bound.source, span, { related });
  }
}

function firstSpan(bound: Bound<unknown>): Span {
  const node = bound.node as { readonly span: Span; readonly name?: { readonly span: Span } };
  return node.name?.span ?? node.span;
}

import type { Group, Item, Source, Span, TargetKind, Targets } from "../../language/index.ts";
import { RESERVED } from "../../language/index.ts";
import { compileGlob } from "../../policy/index.ts";
import { tooDeep } from "../messages/lowering.ts";
import {
  cycle,
  duplicateItem,
  emptyExcept,
  emptyGlob,
  emptyGroup,
  emptyTargetsLeft,
  groupOfOtherKind,
  partialList,
  toolsOnly,
  unknownGroup,
  unknownPrompt,
  unknownTool,
} from "../messages/names.ts";
import type { Bound, BoundGroup, Catalogue, SelectedItem, Selection } from "../program.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import { MAX_DEPTH } from "./conditions.ts";
import type { Definitions } from "./definitions.ts";
import type { Kept, Recall } from "./recall.ts";
import type { Reporter } from "./reporter.ts";
import { hintFor } from "./spelling.ts";

/** A place where the meaning of a policy depends on the server's tools, and there is no list of them. */
export interface ListNeeded {
  /** What needs it: `get_*`, `@read`, `pin tools`. */
  readonly what: string;
  readonly source: Source;
  readonly span: Span;
}

interface Part {
  readonly names: readonly string[];
  readonly globs: readonly string[];
  readonly narrowed: readonly string[];
  readonly resolved: boolean;
}

const NOTHING: Part = { names: [], globs: [], narrowed: [], resolved: true };
const UNRESOLVED: Part = { ...NOTHING, resolved: false };

export const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** Expands targets to names. */
export class TargetResolver {
  /** Filled by `except` with a glob and by built-in groups; globs themselves are judged by their rule. */
  readonly needsList: ListNeeded[] = [];
  readonly catalogue: Catalogue;
  readonly #definitions: Definitions;
  readonly #reporter: Reporter;
  readonly #recall: Recall;
  readonly #groups = new Map<string, Selection | undefined>();
  readonly #uses = new Map<string, number>();
  readonly #open: string[] = [];

  constructor(definitions: Definitions, catalogue: Catalogue, reporter: Reporter, recall: Recall) {
    this.catalogue = catalogue;
    this.#definitions = definitions;
    this.#reporter = reporter;
    this.#recall = recall;
  }

  /** What a group of the policy selects; undefined where there is none of the name. No use of it. */
  selectionOf(group: string): Selection | undefined {
    const bound = this.#definitions.groups.get(group);
    return bound === undefined ? undefined : this.#groupSelection(group, bound);
  }

  count(group: string): void {
    this.#uses.set(group, (this.#uses.get(group) ?? 0) + 1);
  }

  /** All groups, expanded. */
  groups(): Map<string, BoundGroup> {
    const found = new Map<string, BoundGroup>();
    for (const [name, bound] of this.#definitions.groups) {
      const selection = this.#groupSelection(name, bound) ?? this.#empty(bound);
      found.set(name, { ...bound, name, selection, uses: this.#uses.get(name) ?? 0 });
    }
    return found;
  }

  select(node: Targets, source: Source, imported: boolean): Selection {
    const bound = { source, imported };
    this.#duplicates(node.items, source);
    this.#duplicates(node.except, source);
    const parts = node.items.map((item) => this.#item(item, node.of, bound));
    const items = node.items.map((item, index) => ({
      node: item,
      names: parts[index]?.names ?? [],
    }));
    let resolved = parts.every((part) => part.resolved);
    const names = new Set(parts.flatMap((part) => part.names));
    const globs = parts.flatMap((part) => part.globs);
    const before = names.size;
    const except: SelectedItem[] = [];
    if (node.of === "tool") {
      for (const item of node.except) {
        const taken = this.#except(item, names, globs, bound);
        if (taken === undefined) resolved = false;
        except.push({ node: item, names: taken ?? [] });
      }
      for (const name of except.flatMap((item) => item.names)) names.delete(name);
      if (resolved && before > 0 && names.size === 0) {
        this.#reporter.report(emptyTargetsLeft, {}, source, node.span);
      }
    } else if (node.except.length > 0) {
      resolved = false;
      const span = spanOf(node.except);
      this.#reporter.report(toolsOnly, { what: "`except`", kind: node.of }, source, span);
    }
    const narrowed = parts.flatMap((part) => part.narrowed);
    const live = node.except.length === 0;
    return {
      of: node.of,
      node,
      source,
      names: sorted(names),
      items,
      except,
      globs: live ? sorted(globs) : [],
      narrowed: sorted(live ? narrowed : [...narrowed, ...globs]),
      resolved,
    };
  }

  #item(item: Item, of: TargetKind, at: { source: Source; imported: boolean }): Part {
    if (item.kind === "group") return this.#group(item, of, at);
    if (of !== "tool") {
      if (of === "prompt" && !item.value.includes("*")) this.#prompt(item, at.source);
      return { ...NOTHING, names: [item.value] };
    }
    const { known, names, list, byName } = this.catalogue;
    if (item.kind === "glob") {
      const globs = [item.value];
      if (!known) return { ...NOTHING, globs };
      const matches = compileGlob(item.value);
      const found = names.filter(matches);
      if (found.length === 0) {
        const severity = at.imported ? "info" : "error";
        const parameters = { glob: item.value, kind: of };
        this.#reporter.report(emptyGlob, parameters, at.source, item.span, { severity });
        return { ...NOTHING, globs, resolved: at.imported };
      }
      return { ...NOTHING, names: found, globs };
    }
    if (!known || byName.has(item.value)) return { ...NOTHING, names: [item.value] };
    if (list?.complete === false) {
      this.#reporter.report(partialList, { name: item.value }, at.source, item.span);
      return { ...NOTHING, names: [item.value] };
    }
    const server = this.#definitions.server?.node.name.value ?? list?.server?.name;
    const extras = hintFor(item.value, names, item.span, written);
    this.#reporter.report(unknownTool, { name: item.value, server }, at.source, item.span, extras);
    return UNRESOLVED;
  }

  #prompt(item: Item, source: Source): void {
    const prompts = this.catalogue.list?.prompts?.map(({ name }) => name);
    if (prompts === undefined || prompts.includes(item.value)) return;
    const extras = hintFor(item.value, prompts, item.span, written);
    this.#reporter.report(unknownPrompt, { name: item.value }, source, item.span, extras);
  }

  #group(item: Item, of: TargetKind, at: { source: Source; imported: boolean }): Part {
    const { value: name, span } = item;
    const bound = this.#definitions.groups.get(name);
    if (bound !== undefined) {
      this.count(name);
      const selection = this.#recall.heard("group", name, this.#groupSelection(name, bound));
      if (selection === undefined) return UNRESOLVED;
      if (selection.of !== of) {
        const parameters = { name, of: selection.of, wanted: of };
        this.#reporter.report(groupOfOtherKind, parameters, at.source, span);
        return UNRESOLVED;
      }
      return selection;
    }
    this.#recall.heard("group", name, undefined);
    const risk = RISK_CLASSES.find((builtIn) => builtIn === name);
    if (risk === undefined) {
      if (!this.#definitions.doubtful(name)) {
        const candidates = [...this.#definitions.groups.keys(), ...RISK_CLASSES];
        const extras = hintFor(name, candidates, span, (candidate) => `@${candidate}`);
        this.#reporter.report(unknownGroup, { name }, at.source, span, extras);
      }
      return UNRESOLVED;
    }
    if (of !== "tool") {
      const parameters = { name, of: "tool", wanted: of };
      this.#reporter.report(groupOfOtherKind, parameters, at.source, span);
      return UNRESOLVED;
    }
    if (!this.catalogue.known) {
      this.needsList.push({ what: `@${name}`, source: at.source, span });
      return UNRESOLVED;
    }
    const names = this.catalogue.names.filter((tool) => this.catalogue.risk.get(tool) === risk);
    if (names.length === 0) {
      const severity = at.imported ? "info" : "error";
      this.#reporter.report(emptyGroup, { name, builtIn: true }, at.source, span, { severity });
      return { ...NOTHING, resolved: at.imported };
    }
    return { ...NOTHING, names };
  }

  #groupSelection(name: string, bound: Bound<Group>): Selection | undefined {
    if (this.#groups.has(name)) return this.#groups.get(name);
    const at = this.#open.indexOf(name);
    if (at >= 0) {
      const path = [...this.#open.slice(at), name];
      for (const member of path) this.#groups.set(member, undefined);
      const { span } = bound.node.name;
      this.#reporter.report(cycle, { what: "group", path }, bound.source, span);
      return undefined;
    }
    if (this.#open.length >= MAX_DEPTH) {
      this.#reporter.report(tooDeep, { what: "deep" }, bound.source, bound.node.name.span);
      return undefined;
    }
    this.#open.push(name);
    const { node, source, imported } = bound;
    const around = [this.catalogue, imported];
    const selection = this.#recall.of(kept, node, around, isKnown, () =>
      this.select(node.targets, source, imported),
    );
    takeOver(selection, source);
    this.#open.pop();
    if (!this.#groups.has(name)) this.#groups.set(name, selection);
    return this.#groups.get(name);
  }

  /** The names that an exception takes away; undefined if it was not found. */
  #except(
    item: Item,
    names: ReadonlySet<string>,
    globs: readonly string[],
    at: { source: Source; imported: boolean },
  ): readonly string[] | undefined {
    const { known } = this.catalogue;
    if (!known && globs.length > 0) {
      this.needsList.push({
        what: `except ${written(item.value)}`,
        source: at.source,
        span: item.span,
      });
      return undefined;
    }
    let candidates: readonly string[];
    if (item.kind === "group") {
      const part = this.#group(item, "tool", at);
      if (!part.resolved) return undefined;
      const matches = part.globs.map(compileGlob);
      candidates = [...names].filter(
        (name) => part.names.includes(name) || (!known && matches.some((match) => match(name))),
      );
    } else if (item.kind === "glob") {
      candidates = [...names].filter(compileGlob(item.value));
    } else {
      candidates = names.has(item.value) ? [item.value] : [];
    }
    if (candidates.length > 0) return candidates;
    const severity = at.imported ? "info" : "error";
    const shown = item.kind === "group" ? `@${item.value}` : item.value;
    const extras = item.kind === "name" ? hintFor(item.value, names, item.span, written) : {};
    this.#reporter.report(emptyExcept, { item: shown }, at.source, item.span, {
      ...extras,
      severity,
    });
    return at.imported ? [] : undefined;
  }

  #duplicates(items: readonly Item[], source: Source): void {
    const seen = new Set<string>();
    for (const item of items) {
      const key = item.kind === "group" ? `@${item.value}` : item.value;
      if (seen.has(key)) this.#reporter.report(duplicateItem, { item: key }, source, item.span);
      seen.add(key);
    }
  }

  #empty(bound: Bound<Group>): Selection {
    return {
      of: bound.node.targets.of,
      node: bound.node.targets,
      source: bound.source,
      items: [],
      except: [],
      ...NOTHING,
      resolved: false,
    };
  }
}

const kept = new WeakMap<Group, Kept<Selection>>();
const isKnown = ({ resolved }: Selection): boolean => resolved;

/** What was bound in the text before an edit belongs to the text after it, as its nodes do. */
export function takeOver(bound: { readonly source: Source }, source: Source): void {
  (bound as { source: Source }).source = source;
}

/** True of a word that can stand bare where a name may stand. */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text) && !RESERVED.has(text);
}

/** A name as it stands in a policy: quoted where a bare word would not do. */
export function written(name: string): string {
  return isName(name) ? name : JSON.stringify(name);
}

function spanOf(nodes: readonly { readonly span: Span }[]): Span {
  return { start: nodes[0]?.span.start ?? 0, end: nodes.at(-1)?.span.end ?? 0 };
}

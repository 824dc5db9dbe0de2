import type {
  Allow,
  Ask,
  Claim,
  Condition,
  Default,
  Deny,
  Document,
  Group,
  Hide,
  Import,
  Item,
  Label,
  Let,
  Limit,
  Literal,
  On,
  Pin,
  Server,
  Source,
  Span,
  TargetKind,
  Targets,
  Test,
  Validate,
  When,
} from "../language/index.ts";
import type { RiskClass, Tool, ToolList } from "./tools/list.ts";

/**
 * What a policy says, once its names are resolved: the one model that the checks and the lowering read.
 * Files are merged, globs and groups expanded, constants put in place. Every part knows the node and the
 * file it came from.
 */
export interface Program {
  /** The compiled file first, then its imports in the order in which they were met; each file once. */
  readonly files: readonly ProgramFile[];
  readonly server?: Bound<Server>;
  readonly tools: Catalogue;
  readonly defaults: { readonly [kind in TargetKind]: DefaultOf };
  /** The stricter one, where there are several. */
  readonly validate?: Bound<Validate>;
  readonly pin?: Bound<Pin>;
  readonly labels: ReadonlyMap<string, BoundLabel>;
  readonly lets: ReadonlyMap<string, BoundLet>;
  readonly groups: ReadonlyMap<string, BoundGroup>;
  /** Every rule of every file, out of its `on` and `when` blocks, in the order of the files. */
  readonly rules: readonly BoundRule[];
  readonly claims: readonly BoundClaim[];
  /** Of the compiled file only: imports bring no tests. */
  readonly tests: readonly Bound<Test>[];
}

/** A node with the file that its spans are of. */
export interface Bound<N> {
  readonly node: N;
  readonly source: Source;
  /** True when it stands in an imported file. */
  readonly imported: boolean;
}

export interface ProgramFile {
  readonly document: Document;
  readonly source: Source;
  readonly imported: boolean;
  /** The statement that brought it in. */
  readonly by?: Bound<Import>;
}

/** The server's tools, as far as they are known. */
export interface Catalogue {
  /** `server`: named by the `server` statement; `given`: by the caller; `none`: names are taken as written. */
  readonly origin: "server" | "given" | "none";
  /** False with origin `none`, and when the list could not be read (which was reported). */
  readonly known: boolean;
  readonly list?: ToolList;
  /** The tool list file. */
  readonly source?: Source;
  readonly byName: ReadonlyMap<string, Tool>;
  /** Sorted. */
  readonly names: readonly string[];
  readonly risk: ReadonlyMap<string, RiskClass>;
}

export interface DefaultOf {
  readonly effect: "allow" | "deny" | "hide";
  /** Absent when no statement says it: tools are denied, resources and prompts are not governed. */
  readonly stated?: Bound<Default>;
  /** Always true of tools; of the other kinds, when a statement mentions them. */
  readonly governed: boolean;
}

export interface BoundLabel extends Bound<Label> {
  readonly name: string;
  /** The only values it may have; absent means any string. */
  readonly values?: readonly string[];
}

/** A constant or a named condition, with the lets it mentions put in place. */
export interface BoundLet extends Bound<Let> {
  readonly name: string;
  /** Absent when it could not be resolved, which was reported. */
  readonly value?:
    | { readonly kind: "literal"; readonly literal: Literal }
    | { readonly kind: "condition"; readonly condition: Condition };
  /** How many times it is mentioned, in lets too. */
  readonly uses: number;
}

export interface BoundGroup extends Bound<Group> {
  readonly name: string;
  readonly selection: Selection;
  readonly uses: number;
}

/** What targets select. */
export interface Selection {
  readonly of: TargetKind;
  /** Absent of `limit all`. */
  readonly node?: Targets;
  /** The file of `node`. */
  readonly source: Source;
  /** Tools: their exact names; resources and prompts: names and globs as written. Sorted, each once. */
  readonly names: readonly string[];
  readonly items: readonly SelectedItem[];
  readonly except: readonly SelectedItem[];
  /**
   * The globs, out of groups too, that stand for tools which are not known yet. They are in force only in
   * an unconditional `deny` or `hide`: under `default allow`, or without a tool list. Sorted, each once.
   */
  readonly globs: readonly string[];
  /** Globs that an `except` narrows. They cannot stay in force for tools that come later. Sorted. */
  readonly narrowed: readonly string[];
  /** False when an item was not found, which was reported: `names` then lacks what it meant. */
  readonly resolved: boolean;
}

export interface SelectedItem {
  readonly node: Item;
  /** Sorted. Of an `except` item: the names that it takes away. */
  readonly names: readonly string[];
}

/** A rule on its own, out of its blocks. */
export type BoundRule =
  | (BoundRuleOf<Allow> & { readonly kind: "allow" })
  | (BoundRuleOf<Deny> & { readonly kind: "deny" })
  | (BoundRuleOf<Hide> & { readonly kind: "hide" })
  | (BoundRuleOf<Ask> & { readonly kind: "ask" })
  | (BoundRuleOf<Limit> & { readonly kind: "limit" });

export interface BoundRuleOf<N> extends Bound<N> {
  readonly of: TargetKind;
  readonly selection: Selection;
  /** `limit all`: one counter over every tool call; `selection` is empty. */
  readonly all: boolean;
  /** The `on` block whose targets it has. */
  readonly on?: On;
  /** The `when` blocks around it, outermost first. */
  readonly whens: readonly When[];
  readonly guard: BoundGuard;
  readonly shadow: boolean;
  /** The `///` lines of the rule, else of its `on` block. */
  readonly doc?: readonly string[];
  /** False when a name in it was not found, which was reported: it is left out of checks and lowering. */
  readonly resolved: boolean;
}

/**
 * When a rule applies. Lets are put in place; a node that came out of a let has the span of its mention, so
 * that every span lies in the file of the rule.
 */
export interface BoundGuard {
  /** The conditions of the enclosing `when` blocks, outermost first. All must hold. */
  readonly when: readonly Condition[];
  readonly own?: {
    readonly kind: "if" | "unless";
    readonly condition: Condition;
    readonly span: Span;
  };
  /** True when the rule applies to every call of its targets. An `until` is not looked at. */
  readonly always: boolean;
}

export interface BoundClaim extends Bound<Claim> {
  readonly selection: Selection;
  readonly condition?: Condition;
  readonly resolved: boolean;
}

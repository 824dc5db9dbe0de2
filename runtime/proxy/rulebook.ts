import { isGlob, type Json, type Policy, policyDigest } from "../../policy/index.ts";
import { compileEngine } from "../engine/decide.ts";
import type { Engine, Kind } from "../engine/types.ts";
import { nameOf, type Snapshot } from "./catalogue.ts";
import { foldName } from "./fold.ts";
import { type Reads, readsOf } from "./reads.ts";
import { namedBySchema } from "./schema-names.ts";

/** Members of a result that are lists which a policy can filter. */
export const LISTS = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type ListName = (typeof LISTS)[number];

/** What is opened by name, because the policy or the protocol would keep it closed. */
export interface Openings {
  /** Calls of names that are not in the server's list are judged, and not answered as unknown. */
  readonly unlisted?: boolean;
  /** Methods that the protocol does not define pass under a denying default, too. */
  readonly methods?: boolean;
}

export interface RulebookExtras {
  /** The definitions that the pins are of, where they are known. */
  readonly pinned?: ReadonlyMap<string, Json> | undefined;
  /** A policy that every call must pass too; `engine` is that of both. */
  readonly guard?: Policy | undefined;
  /** The engine only looks on: whatever it forbids is recorded, and done. */
  readonly shadow?: boolean;
  readonly opens?: Openings | undefined;
}

/** A compiled policy with what the proxy derives from it: one immutable snapshot for each decision. */
export class Rulebook {
  readonly engine: Engine;
  readonly shadow: boolean;
  /** What no rule mentions is permitted. */
  readonly permitsByDefault: boolean;
  /** Decisions need the live tools: pins, hide, unlisted, or a default that permits. */
  readonly needsCatalogue: boolean;
  readonly pinned: ReadonlyMap<string, Json> | undefined;
  readonly opens: Openings;
  /** All that a call must pass. */
  readonly #policies: readonly Policy[];
  #digests: Rulebook["digests"] | undefined;
  readonly #filtered: ReadonlySet<ListName>;
  readonly #reads = new Map<string, Reads>();
  readonly #readsOfOthers: Reads;
  readonly #named: ReadonlySet<string>;
  /** From folded names to the names of the policy that fold to them. */
  readonly #folded = new Map<string, string[]>();

  constructor(policy: Policy, engine: Engine, extras: RulebookExtras = {}) {
    const { pinned, guard, opens = {}, shadow = false } = extras;
    const policies = guard === undefined ? [policy] : [guard, policy];
    this.#policies = policies;
    this.pinned = pinned;
    this.opens = opens;
    this.engine = engine;
    this.shadow = shadow;
    this.permitsByDefault = policies.every((one) => one.default === "allow");
    const filtersTools = policies.some(filters);
    this.needsCatalogue = filtersTools || policies.some((one) => one.default === "allow");
    this.#filtered = new Set<ListName>([
      ...(filtersTools ? (["tools"] as const) : []),
      ...(engine.governs("resources") ? (["resources", "resourceTemplates"] as const) : []),
      ...(engine.governs("prompts") ? (["prompts"] as const) : []),
    ]);
    // Limits of all tools read the arguments of every call; what they read does not depend on its name.
    this.#readsOfOthers = readsOf(engine.reads(""), false);
    this.#named = new Set(policies.flatMap(namesIn));
    for (const name of this.#named) {
      const same = this.#folded.get(foldName(name));
      if (same === undefined) this.#folded.set(foldName(name), [name]);
      else same.push(name);
    }
  }

  /** What audit records name it by: its digest, and that of the guard above it. */
  get digests(): { readonly policy: string; readonly guard?: string } {
    this.#digests ??= digestsOf(this.#policies);
    return this.#digests;
  }

  /** What the policy reads of a call's arguments. */
  reads(tool: string): Reads {
    let reads = this.#reads.get(tool);
    if (reads === undefined) {
      const naming = this.#policies.filter(({ tools = {} }) => Object.hasOwn(tools, tool));
      if (naming.length === 0) return this.#readsOfOthers;
      const schemas = naming.flatMap(({ tools, validate }) => {
        const schema = validate === undefined ? undefined : tools?.[tool]?.input_schema;
        return schema === undefined ? [] : [schema];
      });
      const named = schemas.flatMap((schema) => namedBySchema(schema));
      reads = readsOf(this.engine.reads(tool), schemas.length > 0, named);
      this.#reads.set(tool, reads);
    }
    return reads;
  }

  /** Whether the policy speaks of this tool by its name. */
  names(tool: string): boolean {
    return this.#named.has(tool);
  }

  /** True when a receiver may take the name for another one of the policy or the live list. */
  isConfusable(tool: string, live: Snapshot | undefined): boolean {
    const folded = foldName(tool);
    const differs = (name: string): boolean => name !== tool;
    return (
      this.#folded.get(folded)?.some(differs) === true ||
      live?.folded.get(folded)?.some(differs) === true
    );
  }

  /** The definition that a tool must have, as its digest; undefined where any will do. */
  pin(tool: string): string | undefined {
    const pins = this.#policies.flatMap(({ tools = {} }) =>
      Object.hasOwn(tools, tool) ? (tools[tool]?.pin ?? []) : [],
    );
    return pins.length === 0 ? undefined : pins.join(" ");
  }

  /** True when lists of any kind are filtered. */
  get filtersLists(): boolean {
    return this.#filtered.size > 0;
  }

  filters(list: ListName): boolean {
    return this.#filtered.has(list);
  }

  /** Whether an item of a list stays in it. What has no name is nothing that a policy could have let through. */
  shows(list: ListName, item: Json): boolean {
    if (list === "tools") {
      const name = nameOf(item);
      return name !== undefined && this.engine.visible(name, item);
    }
    const kind: Kind = list === "prompts" ? "prompts" : "resources";
    const key = list === "prompts" ? "name" : list === "resources" ? "uri" : "uriTemplate";
    const name = (item as { readonly [key: string]: Json } | null)?.[key];
    return typeof name === "string" && this.engine.visibleKind(kind, name);
  }
}

/** Of a grant that has no policy: every call is denied. */
export const NO_POLICY = new Rulebook({ version: "1", default: "deny" }, compileEngine(undefined));

function digestsOf(policies: readonly Policy[]): Rulebook["digests"] {
  const [policy = "", guard] = policies.map(policyDigest).reverse();
  return guard === undefined ? { policy } : { policy, guard };
}

/** Whether a policy takes tools out of lists. */
function filters({ tools = {}, hide = [], unlisted }: Policy): boolean {
  return (
    Object.values(tools).some(({ pin }) => pin !== undefined) ||
    hide.length > 0 ||
    unlisted !== undefined
  );
}

function namesIn({ tools = {}, hide = [], deny_tools = {} }: Policy): readonly string[] {
  const written = [...hide, ...Object.keys(deny_tools)];
  return [...Object.keys(tools), ...written.filter((name) => !isGlob(name))];
}

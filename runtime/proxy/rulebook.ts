import { isGlob, type Json, type Policy } from "../../policy/index.ts";
import type { Engine, Kind } from "../engine/types.ts";
import { nameOf, type Snapshot } from "./catalogue.ts";
import { foldName } from "./fold.ts";
import { type Reads, readsOf } from "./reads.ts";
import { namedBySchema } from "./schema-names.ts";

/** Members of a result that are lists which a policy can filter. */
export const LISTS = ["tools", "resources", "resourceTemplates", "prompts"] as const;
export type ListName = (typeof LISTS)[number];

/** A compiled policy with what the proxy derives from it: one immutable snapshot for each decision. */
export class Rulebook {
  readonly policy: Policy;
  readonly engine: Engine;
  /** Decisions need the live tools: pins, hide, unlisted, or a default that permits. */
  readonly needsCatalogue: boolean;
  readonly pinned: ReadonlyMap<string, Json> | undefined;
  readonly #filtered: ReadonlySet<ListName>;
  readonly #reads = new Map<string, Reads>();
  readonly #readsOfOthers: Reads;
  /** From folded names to the names of the policy that fold to them. */
  readonly #folded = new Map<string, string[]>();

  /** `pinned`: the definitions that the pins are of, where they are known. */
  constructor(policy: Policy, engine: Engine, pinned?: ReadonlyMap<string, Json>) {
    this.pinned = pinned;
    this.policy = policy;
    this.engine = engine;
    const tools = Object.entries(policy.tools ?? {});
    const filtersTools =
      tools.some(([, tool]) => tool.pin !== undefined) ||
      (policy.hide ?? []).length > 0 ||
      policy.unlisted !== undefined;
    this.needsCatalogue = filtersTools || policy.default === "allow";
    this.#filtered = new Set<ListName>([
      ...(filtersTools ? (["tools"] as const) : []),
      ...(engine.governs("resources") ? (["resources", "resourceTemplates"] as const) : []),
      ...(engine.governs("prompts") ? (["prompts"] as const) : []),
    ]);
    // Limits of all tools read the arguments of every call; what they read does not depend on its name.
    this.#readsOfOthers = readsOf(engine.reads(""), false);
    const names = new Set([
      ...tools.map(([name]) => name),
      ...(policy.hide ?? []).filter((name) => !isGlob(name)),
      ...Object.keys(policy.deny_tools ?? {}).filter((name) => !isGlob(name)),
    ]);
    for (const name of names) {
      const same = this.#folded.get(foldName(name));
      if (same === undefined) this.#folded.set(foldName(name), [name]);
      else same.push(name);
    }
  }

  /** What the policy reads of a call's arguments. */
  reads(tool: string): Reads {
    let reads = this.#reads.get(tool);
    if (reads === undefined) {
      const { tools = {}, validate } = this.policy;
      if (!Object.hasOwn(tools, tool)) return this.#readsOfOthers;
      const schema = validate === undefined ? undefined : tools[tool]?.input_schema;
      const named = schema === undefined ? [] : namedBySchema(schema);
      reads = readsOf(this.engine.reads(tool), schema !== undefined, named);
      this.#reads.set(tool, reads);
    }
    return reads;
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

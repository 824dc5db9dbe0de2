import {
  type CompareEntry,
  type ConditionEntry,
  type Json,
  type PathJson,
  type Policy,
  parsePath,
} from "../../policy/index.ts";

type Steps = readonly (string | number)[];

/** For each tool, the arguments that decisions read, as steps below `args`; `*` is each element of a list. */
export function argumentsRead(policy: Policy): (tool: string) => readonly Steps[] {
  const shared = new Found();
  for (const limit of policy.all_tools?.limits ?? []) shared.limit(limit);
  const tools = new Map<string, readonly Steps[]>();
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    const found = new Found(shared.paths);
    for (const entry of [
      ...(tool.require ?? []),
      ...(tool.deny_if ?? []),
      ...(tool.ask_if ?? []),
    ]) {
      found.conditions(entry.conditions, new Map());
    }
    for (const limit of tool.limits ?? []) found.limit(limit);
    tools.set(name, found.paths);
  }
  return (tool) => tools.get(tool) ?? shared.paths;
}

class Found {
  readonly #paths: Map<string, Steps>;

  constructor(start: readonly Steps[] = []) {
    this.#paths = new Map(start.map((steps) => [JSON.stringify(steps), steps]));
  }

  get paths(): readonly Steps[] {
    return [...this.#paths.values()];
  }

  limit(limit: NonNullable<Policy["all_tools"]>["limits"][number]): void {
    if (limit.increment_from !== undefined) this.#add(limit.increment_from, new Map());
    for (const path of limit.key ?? []) this.#add(path, new Map());
    this.conditions(limit.when ?? [], new Map());
  }

  /** `variables`: the list elements that enclosing conditions name, as steps below `args`. */
  conditions(conditions: readonly ConditionEntry[], variables: ReadonlyMap<string, Steps>): void {
    for (const condition of conditions) {
      if ("any" in condition) this.conditions(condition.any, variables);
      else if ("all" in condition) this.conditions(condition.all, variables);
      else if ("as" in condition) {
        const list = this.#add("some" in condition ? condition.some : condition.every, variables);
        const inner = new Map(variables);
        inner.delete(condition.as);
        if (list !== undefined) inner.set(condition.as, [...list, "*"]);
        this.conditions([condition.where], inner);
      } else if ("path" in condition) {
        const path = this.#add(condition.path, variables);
        if (path !== undefined) this.#compared(condition, path);
        if (condition.path2 !== undefined) this.#add(condition.path2, variables);
      }
    }
  }

  /** What is compared with a list or an object is read to its leaves. */
  #compared({ op, value }: CompareEntry, path: Steps): void {
    if (op === "eq" || op === "neq") this.#literal(value, path);
    else if (op === "contains") this.#literal(value, [...path, "*"]);
    else if (op === "in" || op === "not_in") {
      for (const one of Array.isArray(value) ? (value as readonly Json[]) : []) {
        this.#literal(one, path);
      }
    }
  }

  #literal(value: Json | undefined, at: Steps): void {
    if (Array.isArray(value)) {
      for (const element of value as readonly Json[]) this.#literal(element, [...at, "*"]);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) this.#literal(member, [...at, key]);
    } else {
      this.#paths.set(JSON.stringify(at), at);
    }
  }

  #add(path: PathJson, variables: ReadonlyMap<string, Steps>): Steps | undefined {
    const [root, ...rest] = parsePath(path);
    const base = root === "args" ? [] : variables.get(String(root));
    if (base === undefined) return undefined;
    const steps = [...base, ...rest];
    this.#paths.set(JSON.stringify(steps), steps);
    return steps;
  }
}

import { isGlob } from "./glob.ts";
import { parsePath, pointer } from "./paths.ts";
import type { Extension, LimitEntry, Policy } from "./types.ts";
import { walkPolicy } from "./walk.ts";

/** The extensions that a policy uses, sorted, each with the JSON pointer of its first use. */
export function usedExtensions(policy: Policy): ReadonlyMap<Extension, string> {
  const found = new Map<Extension, string>();
  const use = (extension: Extension, at: string): void => {
    if (!found.has(extension)) found.set(extension, at);
  };

  if (policy.unlisted !== undefined) use("unlisted", "/unlisted");
  if (policy.validate !== undefined) use("validate", "/validate");
  if (policy.deny_tools !== undefined) use("patterns", "/deny_tools");
  if (policy.resources !== undefined) use("resources", "/resources");
  if (policy.prompts !== undefined) use("prompts", "/prompts");
  policy.hide?.forEach((name, index) => {
    if (name !== "*" && isGlob(name)) use("patterns", `/hide/${index}`);
  });
  for (const entry of Object.values(policy.deny_tools ?? {})) {
    if (entry.shadow) use("shadow", "/deny_tools");
  }
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    const at = pointer("tools", name);
    if (tool.pin !== undefined) use("pins", `${at}/pin`);
    if (tool.input_schema !== undefined) use("validate", `${at}/input_schema`);
    if (tool.ask_if !== undefined) use("ask_if", `${at}/ask_if`);
  }

  walkPolicy(policy, {
    entry(entry, at) {
      if (entry.shadow) use("shadow", `${at}/shadow`);
    },
    limit(limit, at) {
      for (const [field, extension] of limitExtensions(limit)) use(extension, `${at}/${field}`);
    },
    condition(condition, at) {
      if ("any" in condition) use("conditions.logic", `${at}/any`);
      else if ("all" in condition) use("conditions.logic", `${at}/all`);
      else if ("some" in condition) use("conditions.lists", `${at}/some`);
      else if ("every" in condition) use("conditions.lists", `${at}/every`);
      else if ("path" in condition) {
        if (condition.of === "length") use("conditions.lists", `${at}/of`);
        if (condition.of === "host") use("conditions.under", `${at}/of`);
        if (condition.op === "under") use("conditions.under", `${at}/op`);
        if (condition.path2 !== undefined) use("conditions.context", `${at}/path2`);
        if (condition.else !== undefined) use("conditions.default", `${at}/else`);
        if (condition.negate) use("conditions.logic", `${at}/negate`);
      } else {
        use("conditions.time", at);
        if (condition.negate) use("conditions.logic", `${at}/negate`);
      }
    },
    path(path, at, variables) {
      if (typeof path !== "string") use("conditions.paths", at);
      const root = parsePath(path)[0] as string;
      if ((root === "grant" || root === "client") && !variables.includes(root)) {
        use("conditions.context", at);
      }
    },
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function* limitExtensions(limit: LimitEntry): Iterable<[keyof LimitEntry, Extension]> {
  if (limit.window === "second" || limit.window === "week" || limit.window === "month") {
    yield ["window", "limits.windows"];
  }
  if (limit.algorithm !== undefined) yield ["algorithm", "limits.windows"];
  if (limit.every !== undefined) yield ["every", "limits.windows"];
  if (limit.concurrent !== undefined) yield ["concurrent", "limits.concurrent"];
  if (limit.increment_from !== undefined) yield ["increment_from", "limits.sum"];
  if (limit.scope !== "grant") yield ["scope", "limits.scopes"];
  if (limit.key !== undefined) yield ["key", "limits.scopes"];
  if (limit.when !== undefined) yield ["when", "limits.when"];
  if (limit.on_deny !== undefined) yield ["on_deny", "limits.message"];
  if (limit.shadow) yield ["shadow", "shadow"];
}

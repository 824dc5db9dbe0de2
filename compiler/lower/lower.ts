import type { TargetKind } from "../../language/index.ts";
import type { KindPolicy, Policy, SourceMap } from "../../policy/index.ts";
import { arrangePolicy, pointer } from "../../policy/index.ts";
import { unusualUri } from "../messages/lowering.ts";
import type { Bound, Program } from "../program.ts";
import { Origins, type Place, printPlace } from "./places.ts";
import type { Lowering } from "./rule.ts";
import { type LoweredTools, lowerTools } from "./tools.ts";
import { normalUri } from "./uris.ts";

/** A policy with the places in the source that each of its parts comes from. */
export interface Lowered {
  readonly policy: Policy;
  /** By JSON pointer into the policy. A limit is also found by its counter, as in `/tools/T/limits/C`. */
  readonly places: ReadonlyMap<string, readonly Place[]>;
}

/**
 * Writes a program down as a policy. What the format cannot say is reported at once; the policy is arranged when
 * it is asked for, which not every keystroke does.
 */
export function lower(lowering: Lowering): () => Lowered {
  const origins = new Origins();
  const tools = lowerTools(lowering, origins);
  const resources = kindPolicy(lowering, "resource");
  const prompts = kindPolicy(lowering, "prompt");
  let lowered: Lowered | undefined;
  return () => {
    lowered ??= arrange(lowering.program, tools(), origins, resources, prompts);
    return lowered;
  };
}

function arrange(
  program: Program,
  { tools, allTools, hide, denyTools }: LoweredTools,
  origins: Origins,
  resources: LoweredKind | undefined,
  prompts: LoweredKind | undefined,
): Lowered {
  const { effect } = program.defaults.tool;
  const hidden = hide.has("*") ? ["*"] : [...hide.keys()];
  const draft: Policy = {
    version: "1",
    default: effect === "allow" ? "allow" : "deny",
    ...(effect === "hide" ? { unlisted: "hide" as const } : {}),
    ...(effect === "allow" && program.pin !== undefined ? { unlisted: "deny" as const } : {}),
    ...(program.validate === undefined
      ? {}
      : { validate: program.validate.node.strictly ? ("strict" as const) : ("declared" as const) }),
    ...(hidden.length === 0 ? {} : { hide: hidden }),
    ...(denyTools.size === 0 ? {} : { deny_tools: Object.fromEntries(denyTools) }),
    ...(allTools.length === 0 ? {} : { all_tools: { limits: allTools } }),
    ...(tools.size === 0 ? {} : { tools: Object.fromEntries(tools) }),
    ...(resources === undefined ? {} : { resources: resources.policy }),
    ...(prompts === undefined ? {} : { prompts: prompts.policy }),
  };
  const places = new Map<string, Place[]>();
  const add = (at: string, found: readonly Place[]): void => {
    if (found.length > 0) places.set(at, [...(places.get(at) ?? []), ...found]);
  };
  const policy = arrangePolicy(draft, (object, at) => {
    add(at, origins.of(object));
    if ("counter" in object && "scope" in object) {
      const list = at.slice(0, at.lastIndexOf("/"));
      add(`${list}${pointer(String(object.counter))}`, origins.of(object));
    }
  });
  statementPlaces(program, add);
  policy.hide?.forEach((name, index) => {
    const place = hide.get(name);
    if (place !== undefined) add(pointer("hide", index), [place]);
  });
  for (const [kind, found] of [
    ["resources", resources],
    ["prompts", prompts],
  ] as const) {
    for (const list of ["allow", "deny", "hide"] as const) {
      policy[kind]?.[list]?.forEach((name, index) => {
        add(pointer(kind, list, index), found?.places.get(`${list} ${name}`) ?? []);
      });
    }
  }
  return { policy, places };
}

function statementPlaces(
  { defaults, pin, validate }: Program,
  add: (at: string, found: readonly Place[]) => void,
): void {
  const of = ({ node, source }: Bound<{ readonly span: Place["span"] }>): Place[] => [
    { source, span: node.span },
  ];
  const { tool, resource, prompt } = defaults;
  if (tool.stated !== undefined) add("/default", of(tool.stated));
  if (resource.stated !== undefined) add("/resources/default", of(resource.stated));
  if (prompt.stated !== undefined) add("/prompts/default", of(prompt.stated));
  if (validate !== undefined) add("/validate", of(validate));
  if (tool.effect === "hide" && tool.stated !== undefined) add("/unlisted", of(tool.stated));
  if (tool.effect === "allow" && pin !== undefined) add("/unlisted", of(pin));
}

interface LoweredKind {
  readonly policy: KindPolicy;
  readonly places: ReadonlyMap<string, Place[]>;
}

/** Resources and prompts: undefined when no statement is about them. */
function kindPolicy(
  { program, report }: Lowering,
  of: Exclude<TargetKind, "tool">,
): LoweredKind | undefined {
  const { effect, governed } = program.defaults[of];
  if (!governed) return undefined;
  const lists = { allow: [] as string[], deny: [] as string[], hide: [] as string[] };
  const places = new Map<string, Place[]>();
  for (const rule of program.rules) {
    if (rule.of !== of || !rule.resolved) continue;
    if (rule.kind !== "allow" && rule.kind !== "deny" && rule.kind !== "hide") continue;
    const place = { source: rule.source, span: rule.node.span };
    for (const given of rule.selection.names) {
      const normal = of === "resource" ? normalUri(given) : { uri: given };
      if (typeof normal === "string") {
        const item = rule.selection.items.find(({ node }) => node.value === given);
        const at = item?.node.span ?? rule.node.span;
        report(unusualUri, { uri: given, problem: normal }, rule.source, at);
        continue;
      }
      const name = normal.uri;
      lists[rule.kind].push(name);
      const key = `${rule.kind} ${name}`;
      places.set(key, [...(places.get(key) ?? []), place]);
    }
  }
  const policy: KindPolicy = {
    default: effect === "allow" ? "allow" : "deny",
    ...(lists.allow.length === 0 ? {} : { allow: lists.allow }),
    ...(lists.deny.length === 0 ? {} : { deny: lists.deny }),
    ...(lists.hide.length === 0 ? {} : { hide: lists.hide }),
  };
  return { policy, places };
}

/** The source map: where a pointer has several places, the first. */
export function sourceMapOf({ places }: Lowered): SourceMap {
  return Object.fromEntries(
    [...places.keys()]
      .sort()
      .map((at) => [at, printPlace((places.get(at) as Place[])[0] as Place)]),
  );
}

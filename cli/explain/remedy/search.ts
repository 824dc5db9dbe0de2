import type { Json, LimitEntry, Policy, RuleEntry } from "../../../policy/index.ts";
import { MICRO, parsePath, pointer } from "../../../policy/index.ts";
import type { ExplainedCall } from "../../../runtime/index.ts";
import { applyEdits, describeEdit, type Edit, joinEdits, type Situation, valueAt } from "./edit.ts";
import { waysToMatch } from "./schema-ways.ts";
import { type Surroundings, type Way, waysToAll } from "./ways.ts";

/** Changes with which a call would be decided otherwise: so it was, when it was tried. */
export interface Remedy {
  readonly edits: readonly Edit[];
  /** What is decided then. */
  readonly outcome: "allow" | "ask";
}

export interface Remedies {
  readonly found: readonly Remedy[];
  /** The call is forbidden whatever is changed of it. */
  readonly always: boolean;
}

export interface RemedyOptions {
  readonly tool: string;
  readonly situation: Situation;
  readonly explained: ExplainedCall;
  readonly policy: Policy;
  readonly guard?: Policy | undefined;
  /** The decision on the call in another situation; undefined where it would not reach the policy. */
  readonly explain: (situation: Situation) => Promise<ExplainedCall | undefined>;
  readonly surroundings: Pick<Surroundings, "schemaAt" | "labelValues">;
}

/** Changes, and what is decided with them. */
interface Tried {
  readonly edits: readonly Edit[];
  readonly explained: ExplainedCall;
}

/** Decisions that are tried at most, and changes that are made at once. */
const MAX_TRIES = 1_000;
const MAX_EDITS = 8;
const MAX_FOUND = 4;
/** Of all that are found, those that are looked at. */
const MAX_WEIGHED = 32;

/** Refusals that no change of the call alters. */
const BY_NAME =
  /^\((?:hidden|default deny|changed tool|unknown tool|confusable name|no policy)\)$|^\/deny_tools\//;

/**
 * Finds the fewest changes with which the call would be allowed, or a person asked. Every one was tried. A call that is
 * asked about is to be allowed.
 */
export async function findRemedies(options: RemedyOptions): Promise<Remedies> {
  const { explained, situation } = options;
  if (explained.outcome === "allow") return { found: [], always: false };
  if (isUnconditional(explained, options)) return { found: [], always: true };
  const found: Remedy[] = [];
  const seen = new Set<string>([JSON.stringify(situation)]);
  let level: Tried[] = [{ edits: [], explained }];
  const asking: Tried[] = [];
  let tries = 0;
  while (level.length > 0 && found.length === 0) {
    const next: Tried[] = [];
    for (const { edits, explained: refused } of level) {
      const at = applyEdits(situation, edits);
      for (const way of at === undefined ? [] : waysOut(refused, at, options)) {
        const all = joinEdits(edits, way);
        const changed = all.length > MAX_EDITS ? undefined : applyEdits(situation, all);
        if (changed === undefined || tries >= MAX_TRIES) continue;
        const key = JSON.stringify(changed);
        if (seen.has(key)) continue;
        seen.add(key);
        tries++;
        const tried = await options.explain(changed);
        if (tried === undefined) continue;
        if (tried.outcome === "allow" || (tried.outcome === "ask" && explained.outcome !== "ask")) {
          found.push({ edits: all, outcome: tried.outcome });
          // Perhaps as few changes do without a person.
          if (tried.outcome === "ask") asking.push({ edits: all, explained: tried });
        } else if (tried.outcome !== "hide") next.push({ edits: all, explained: tried });
      }
    }
    // Fewer changes first.
    level = next.sort((a, b) => a.edits.length - b.edits.length).slice(0, 32);
  }
  for (const { edits, explained: asked } of asking.slice(0, MAX_FOUND)) {
    const at = applyEdits(situation, edits);
    for (const way of at === undefined ? [] : waysOut(asked, at, options)) {
      const all = joinEdits(edits, way);
      if (all.length > edits.length || way.some(({ kind }) => kind === "approval")) continue;
      const changed = applyEdits(situation, all);
      const tried = changed === undefined ? undefined : await options.explain(changed);
      if (tried?.outcome === "allow") found.push({ edits: all, outcome: "allow" });
    }
  }
  return { found: await best(found, options), always: false };
}

/** The ones with the fewest changes; of those, calls that are allowed first. Each is told once. */
async function best(found: readonly Remedy[], options: RemedyOptions): Promise<readonly Remedy[]> {
  const needed: Remedy[] = [];
  for (const remedy of found.slice(0, MAX_WEIGHED))
    needed.push(await withoutNeedless(remedy, options));
  const least = Math.min(...needed.map(({ edits }) => edits.length));
  const told = new Map<string, Remedy>();
  for (const remedy of needed) {
    const text = remedy.edits.map(describeEdit).sort().join();
    if (remedy.edits.length === least && !told.has(text)) told.set(text, remedy);
  }
  const chosen = [...told.values()]
    .sort((a, b) => Number(a.outcome === "ask") - Number(b.outcome === "ask"))
    .slice(0, MAX_FOUND);
  const sure: Remedy[] = [];
  for (const remedy of chosen) sure.push(await withTriedOptions(remedy, options));
  return sure;
}

/** Without the changes that turn out not to be needed. */
async function withoutNeedless(remedy: Remedy, options: RemedyOptions): Promise<Remedy> {
  let { edits } = remedy;
  for (const edit of remedy.edits.length === 1 ? [] : remedy.edits) {
    const fewer = edits.filter((one) => one !== edit);
    const changed = applyEdits(options.situation, fewer);
    const tried = changed === undefined ? undefined : await options.explain(changed);
    if (tried?.outcome === remedy.outcome) edits = fewer;
  }
  return { ...remedy, edits };
}

/** Of values that would do for one condition, those that do for all. */
async function withTriedOptions(remedy: Remedy, options: RemedyOptions): Promise<Remedy> {
  const edits = [...remedy.edits];
  for (const [index, edit] of remedy.edits.entries()) {
    if ((edit.kind !== "argument" && edit.kind !== "label") || edit.options === undefined) continue;
    const sure: Json[] = [];
    for (const value of edit.options.slice(0, MAX_OPTIONS)) {
      const other: Edit =
        edit.kind === "label" ? { ...edit, value: String(value) } : { ...edit, value };
      const changed = applyEdits(options.situation, edits.with(index, other));
      const tried = changed === undefined ? undefined : await options.explain(changed);
      if (tried?.outcome === remedy.outcome) sure.push(value);
    }
    edits[index] = { ...edit, options: sure };
  }
  return { ...remedy, edits };
}

const MAX_OPTIONS = 16;

/** Ways out of what refuses the call now. */
function waysOut(
  explained: ExplainedCall,
  situation: Situation,
  options: RemedyOptions,
): readonly Way[] {
  const around: Surroundings = { ...options.surroundings, situation, tool: options.tool };
  const { outcome, rule, ask } = explained;
  if (outcome === "ask") {
    const others = explained.steps.flatMap((step) => {
      const entry = step.result === "ask" ? entryAt(step.check, options) : undefined;
      return entry === undefined ? [] : waysToAll(false, entry.conditions, around);
    });
    return [[{ kind: "approval", approvers: ask?.approvers }], ...others];
  }
  const step = explained.steps.find(({ result }) => result === "deny" || result === "hide");
  if (rule.endsWith("(invalid arguments)")) {
    const { tools = {} } = rule.startsWith("(guard)")
      ? (options.guard ?? options.policy)
      : options.policy;
    const schema = tools[options.tool]?.input_schema;
    return schema === undefined ? [] : waysToMatch(schema, around);
  }
  const check = step?.check ?? rule;
  const limit = limitAt(check, options);
  if (limit !== undefined) return waysOfLimit(limit, explained, around);
  const entry = entryAt(check, options);
  if (entry === undefined) return [];
  return waysToAll(check.includes("/require/"), entry.conditions, around);
}

/** Later, or less at once; or what the limit counts by, where it is missing. */
function waysOfLimit(
  limit: LimitEntry,
  explained: ExplainedCall,
  around: Surroundings,
): readonly Way[] {
  const { situation } = around;
  const ways: Way[] = [];
  const summed =
    limit.increment_from === undefined ? undefined : parsePath(limit.increment_from).slice(1);
  const state = explained.limits.find(({ rule }) => rule === explained.rule);
  if (explained.retryAfterMs !== undefined) {
    ways.push([{ kind: "time", now: situation.now + explained.retryAfterMs }]);
  }
  if (summed !== undefined && state !== undefined) {
    const left = Math.floor((state.max - state.used) * MICRO) / MICRO;
    if (left > 0) {
      ways.push([{ kind: "argument", path: summed, value: left, wanted: `at most ${left}` }]);
    }
  }
  if (state === undefined) {
    for (const path of [
      ...(summed === undefined ? [] : [summed]),
      ...(limit.key ?? []).map((key) => parsePath(key).slice(1)),
    ]) {
      const value = valueAt(situation.args, path);
      if (
        path === summed
          ? typeof value === "number" && value >= 0
          : value !== undefined && typeof value !== "object"
      )
        continue;
      const wanted =
        path === summed ? "given, a number that can be counted" : "given, a single value";
      ways.push([{ kind: "argument", path, value: path === summed ? 1 : "x", wanted }]);
    }
  }
  if (limit.when !== undefined) ways.push(...waysToAll(false, limit.when, around));
  return ways;
}

function isUnconditional({ rule, steps }: ExplainedCall, options: RemedyOptions): boolean {
  if (BY_NAME.test(rule.replace(/^\(guard\) /, ""))) return true;
  const check = steps.find(({ result }) => result === "deny")?.check ?? "";
  return check.includes("/deny_if/") && entryAt(check, options)?.conditions.length === 0;
}

/** The entry that a step is about: `/tools/T/require/0`. */
function entryAt(check: string, { tool, policy, guard }: RemedyOptions): RuleEntry | undefined {
  const of = check.startsWith("(guard) ") ? guard : policy;
  const { tools = {} } = of ?? {};
  const rules = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  for (const list of ["require", "deny_if", "ask_if"] as const) {
    const index = rules?.[list]?.findIndex(
      (_, at) => pointer("tools", tool, list, at) === check.replace(/^\(guard\) /, ""),
    );
    if (index !== undefined && index >= 0) return rules?.[list]?.[index];
  }
  return undefined;
}

function limitAt(check: string, { tool, policy, guard }: RemedyOptions): LimitEntry | undefined {
  const { tools = {}, all_tools } = (check.startsWith("(guard) ") ? guard : policy) ?? {};
  const at = check.replace(/^\(guard\) /, "");
  const own = Object.hasOwn(tools, tool) ? (tools[tool]?.limits ?? []) : [];
  return (
    own.find(({ counter }) => at === pointer("tools", tool, "limits", counter)) ??
    all_tools?.limits.find(({ counter }) => at === pointer("all_tools", "limits", counter))
  );
}

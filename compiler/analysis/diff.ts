import type { Json, Policy } from "../../policy/index.ts";
import { canonicalJson } from "../../policy/index.ts";
import type { Judge, JudgedCall } from "../host.ts";
import type { Type } from "../tools/types.ts";
import { partFor, type Reason } from "./call.ts";
import { approvalChanges } from "./diff-approvals.ts";
import { callChanges } from "./diff-calls.ts";
import { kindChanges } from "./diff-kinds.ts";
import { limitChanges, pinChanges } from "./diff-limits.ts";
import type { Known } from "./domains.ts";
import { closingGlobs, findName, namesIn, namesOf } from "./names.ts";
import { refusalOf } from "./outcomes.ts";

/** A policy on one side of a comparison, with what is known beside it. */
export interface DiffSide {
  readonly policy: Policy;
  /** The types of the arguments of the tools in its list, by their names. */
  readonly tools?: ReadonlyMap<string, Type>;
  readonly labels?: Known["labels"];
}

/** Something that is decided differently, or under other limits or by other people. */
export interface Change {
  readonly of: "tool" | "resource" | "prompt";
  /** The tool, the URI or the prompt; `*` for a limit on all tools. */
  readonly name: string;
  readonly what: "decision" | "approval" | "limit" | "pin";
  /** Neither side knows the tool: it stands for tools that come later. */
  readonly toCome?: true;
  readonly before: string;
  readonly after: string;
  /** Wider: something becomes possible, or easier, that was not. */
  readonly direction: "wider" | "narrower";
  /** A call that shows it. Both engines decide it so. */
  readonly call?: JudgedCall;
}

export interface Undecided {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly why: Reason;
}

export interface PolicyDiff {
  /** By name. */
  readonly changes: readonly Change[];
  /** What could be neither found nor excluded. */
  readonly undecided: readonly Undecided[];
}

/** What a comparison of one tool reads and writes. */
export interface ToolDiff {
  readonly tool: string;
  /** The policies' parts about the tool. */
  readonly before: Policy;
  readonly after: Policy;
  readonly whole: { readonly before: Policy; readonly after: Policy };
  readonly usual?: Type;
  readonly labels?: Known["labels"];
  readonly judge: Judge;
  readonly changes: Change[];
  readonly undecided: Undecided[];
}

/** Compares what two policies decide of every call. Shadow rules and messages decide nothing. */
export function diffPolicies(before: DiffSide, after: DiffSide, judge: Judge): PolicyDiff {
  const changes: Change[] = [];
  const undecided: Undecided[] = [];
  const known = knownTools(before, after);
  for (const tool of [...known, ...namesToCome(before.policy, after.policy, known)]) {
    const usual = after.tools?.get(tool) ?? before.tools?.get(tool);
    const labels = labelsOf(before, after);
    const diff: ToolDiff = {
      tool,
      before: partFor(before.policy, tool, { limits: true }),
      after: partFor(after.policy, tool, { limits: true }),
      whole: { before: before.policy, after: after.policy },
      ...(usual !== undefined && { usual }),
      ...(labels !== undefined && { labels }),
      judge,
      changes,
      undecided,
    };
    const isClosed = (refusalOf(diff.before, tool) ?? refusalOf(diff.after, tool)) !== undefined;
    if (!sameMeaning(diff)) {
      callChanges(diff);
      if (!isClosed) approvalChanges(diff);
    }
    // A counter may be shared with other tools, whatever the tool's own part says.
    if (!isClosed) limitChanges(diff);
  }
  const told = changes.map((one) =>
    one.name === "*" || known.has(one.name) ? one : { ...one, toCome: true as const },
  );
  changes.splice(0, changes.length, ...told);
  pinChanges(before.policy, after.policy, changes);
  kindChanges(before.policy, after.policy, judge, changes, undecided);
  return { changes, undecided };
}

/** Every name that either side knows, sorted. */
function knownTools(before: DiffSide, after: DiffSide): ReadonlySet<string> {
  const names = [before, after].flatMap(({ policy, tools }) => [
    ...namesIn(policy),
    ...(tools?.keys() ?? []),
  ]);
  return new Set(names.sort());
}

/** A name for each combination of globs that makes a difference. */
function namesToCome(before: Policy, after: Policy, known: ReadonlySet<string>): readonly string[] {
  const found = new Map<string, string>();
  const globs = [before, after].map(closingGlobs) as [
    ReturnType<typeof closingGlobs>,
    ReturnType<typeof closingGlobs>,
  ];
  const lists = globs.flatMap(({ hidden, denied }) => [hidden, denied]);
  for (let choice = 0; choice < 2 ** lists.length; choice++) {
    const inside = lists.map((_, index) => (choice & (1 << index)) !== 0);
    // No name is of no glob.
    if (lists.some((list, index) => list.length === 0 && inside[index])) continue;
    const memberships = lists.flatMap((list, index) => namesOf(list, inside[index] === true));
    const name = findName(memberships, known);
    if (name === undefined) continue;
    const outcomes = [refusalOf(before, name) ?? "allow", refusalOf(after, name) ?? "allow"];
    const key = outcomes.join();
    if (!found.has(key)) found.set(key, name);
  }
  return [...found.values()];
}

/** A label has the values that either side declares. */
function labelsOf(before: DiffSide, after: DiffSide): Known["labels"] | undefined {
  if (before.labels === undefined || after.labels === undefined) return undefined;
  const labels = new Map<string, { readonly values?: readonly string[] }>(before.labels);
  for (const [name, label] of after.labels) {
    const other = labels.get(name);
    const isOpen = other !== undefined && other.values === undefined;
    if (other === undefined || label.values === undefined) labels.set(name, label);
    else if (!isOpen) labels.set(name, { values: [...(other.values ?? []), ...label.values] });
  }
  return labels;
}

function sameMeaning({ before, after }: ToolDiff): boolean {
  return canonicalJson(meaningOf(before)) === canonicalJson(meaningOf(after));
}

/** Without what decides nothing of any call. */
function meaningOf({ resources: _r, prompts: _p, extensions: _e, ...policy }: Policy): Json {
  return JSON.parse(
    JSON.stringify(policy, (key, value) => (key === "on_deny" ? undefined : value)),
  ) as Json;
}

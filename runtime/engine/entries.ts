import {
  type AskEntry,
  canonicalJson,
  type Json,
  type RuleEntry,
  sha256Hex,
} from "../../policy/index.ts";
import { compileConditions } from "./conditions.ts";
import { type Condition, ERROR, type Fault, type Frame, type Truth } from "./frame.ts";
import type { Decision } from "./types.ts";

/** An entry of `require`, `deny_if` or `ask_if`, compiled. */
export interface Entry<T extends RuleEntry = RuleEntry> {
  readonly entry: T;
  readonly rule: string;
  readonly source: string | undefined;
  readonly holds: Condition;
  /** The decision of a call that it refuses, made when it is first needed. */
  refusal: Decision | undefined;
}

/** `name`: by what it says, wherever it stands. */
export type AskRule = Entry<AskEntry> & { readonly name: string };

/** `space`: that of the policy it is in, a guard's or a grant's. */
export function nameAsk(entry: Entry<AskEntry>, space: "guard" | "grant"): AskRule {
  const { conditions, approvers } = entry.entry;
  const groups = approvers === undefined ? null : [...new Set(approvers)].sort();
  return {
    ...entry,
    name: sha256Hex(canonicalJson([space, groups, conditions as unknown as Json])),
  };
}

/** Compiles entries. Those with equal conditions share them: many tools have the same rules. */
export class EntryCompiler {
  readonly #conditions = new Map<string, Condition>();

  compile<T extends RuleEntry>(entry: T, rule: string, source: string | undefined): Entry<T> {
    return { entry, rule, source, holds: this.#holds(entry.conditions), refusal: undefined };
  }

  #holds(conditions: RuleEntry["conditions"]): Condition {
    const text = JSON.stringify(conditions);
    let holds = this.#conditions.get(text);
    if (holds === undefined) {
      holds = compileConditions(conditions, false);
      this.#conditions.set(text, holds);
    }
    return holds;
  }
}

/** The value of an entry. After an error, `frame.fault` is its reason. */
export function evaluate({ entry, holds }: Entry, frame: Frame): Truth {
  frame.fault = undefined;
  let value: Truth;
  if (frame.seen === undefined) value = holds(frame);
  else {
    frame.seen = [];
    value = compileConditions(entry.conditions, true)(frame);
  }
  // Once the elements are used up, nothing that was read of them can be relied upon.
  return frame.budget < 0 ? ERROR : value;
}

export function describeFault(fault: Fault | undefined): string {
  if (fault === undefined) return "The policy cannot judge this call.";
  return `The policy cannot judge this call: \`${fault.path}\` ${fault.needs}.`;
}

interface Approvers {
  readonly approvers?: readonly string[];
}

/** Whether the same people may decide, whatever the order of their names; absent means anybody. */
export function sameApprovers(a: Approvers, b: Approvers): boolean {
  if (a.approvers === undefined || b.approvers === undefined) return a.approvers === b.approvers;
  const these = new Set(a.approvers);
  const those = new Set(b.approvers);
  return these.size === those.size && [...these].every((name) => those.has(name));
}

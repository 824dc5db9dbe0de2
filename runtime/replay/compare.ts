import { type Policy, pointer, printPath } from "../../policy/index.ts";
import type { Rulebook } from "../proxy/rulebook.ts";
import { JudgeAgain, type NewDecision } from "./judge-again.ts";
import type { PastRequest } from "./past.ts";

/** What a past call comes to under a policy. */
export type Replayed =
  | { readonly kind: "judged"; readonly decision: NewDecision }
  /** It was decided by what no policy says: `circumstance`, such as a store that could not be reached. */
  | { readonly kind: "circumstance"; readonly rule: string }
  /** The record does not hold all that the policy reads; a sentence says what is missing. */
  | { readonly kind: "incomplete"; readonly message: string };

export interface ReplayOptions {
  readonly rulebook: Rulebook;
  /** All that a call must pass, with their pins. */
  readonly policies: readonly Policy[];
  /** The server id of calls that name none. */
  readonly server: string;
}

/** Rules of the proxy: what they refuse, it refuses under any policy. */
const CIRCUMSTANCES = new Set([
  "(frozen)",
  "(state unavailable)",
  "(audit unavailable)",
  "(catalogue unavailable)",
  "(internal error)",
  "(refused)",
  "(unknown tool)",
]);

const KEEP_ALL = "With `mcpp serve --audit-arguments full` the next trail has it.";

/** Replays past calls in their order. */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #judge: JudgeAgain;
  readonly #concurrent = new Map<string, boolean>();
  readonly #reads = new Map<string, readonly (readonly (string | number)[])[]>();

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#judge = new JudgeAgain(options.rulebook);
  }

  async judge(call: PastRequest): Promise<Replayed> {
    const { rule } = call.done;
    if (CIRCUMSTANCES.has(rule) || this.#isConcurrent(rule)) return { kind: "circumstance", rule };
    const missing = this.#missing(call);
    if (missing !== undefined) return { kind: "incomplete", message: missing };
    const { grant, session, client, server = this.#options.server } = call;
    const decision = await this.#judge.judge({
      tool: call.tool,
      text: call.text ?? JSON.stringify(call.known.args),
      who: { grant, server, ...(session !== undefined && { session }), ...(client && { client }) },
      now: call.now,
      // What was done is taken to be approved; a policy that only looks on asks nobody, and counts no such call.
      approved: call.made && call.shadow?.outcome !== "ask",
      continued: call.continued,
    });
    const depends =
      (rule === "(changed tool)" && this.#isPinned(call.tool)) || rule === "(confusable name)";
    return depends && decision.rule !== rule
      ? { kind: "circumstance", rule }
      : { kind: "judged", decision };
  }

  /** What of its arguments is needed and not known, as a sentence. */
  #missing({ tool, known, place }: PastRequest): string | undefined {
    if (known.whole) return undefined;
    const { rulebook } = this.#options;
    const about = `${capital(place)}, a call of \`${tool}\``;
    if (rulebook.reads(tool).everyNumber) {
      return this.#isRefusedByName(tool)
        ? undefined
        : `${about}: the policy validates all arguments, and this record does not hold them as they came. ${KEEP_ALL}`;
    }
    for (const path of this.#pathsOf(tool)) {
      const gap = known.gap(path);
      if (gap === undefined) continue;
      if (this.#isRefusedByName(tool)) return undefined;
      const reads = `${about}: the policy reads \`${printSteps(path)}\`, which was not recorded`;
      return gap === "cut"
        ? `${reads} as it came: it was too long, or holds a URL with a query or user info.`
        : `${reads}. ${KEEP_ALL}`;
    }
    return undefined;
  }

  #pathsOf(tool: string): readonly (readonly (string | number)[])[] {
    let paths = this.#reads.get(tool);
    if (paths === undefined) {
      paths = this.#options.rulebook.engine.reads(tool);
      this.#reads.set(tool, paths);
    }
    return paths;
  }

  /** Whatever its arguments are. */
  #isRefusedByName(tool: string): boolean {
    const { rulebook, server } = this.#options;
    const context = { grant: { id: "", name: "", labels: {} }, server, now: 0 };
    const { rule } = rulebook.engine.decide({ tool, args: {} }, context);
    return /^(?:\(guard\) )?(?:\((?:hidden|default deny|changed tool)\)$|\/deny_tools\/)/.test(
      rule,
    );
  }

  #isPinned(tool: string): boolean {
    return this.#options.policies.some(
      ({ tools = {} }) => Object.hasOwn(tools, tool) && tools[tool]?.pin !== undefined,
    );
  }

  /** How many calls ran at the same time is not in any record. */
  #isConcurrent(rule: string): boolean {
    let concurrent = this.#concurrent.get(rule);
    if (concurrent === undefined) {
      const limits = limitsNamed(rule, this.#options.policies);
      concurrent = limits.some((limit) => limit.concurrent === true);
      this.#concurrent.set(rule, concurrent);
    }
    return concurrent;
  }
}

/** The limits that a rule of a decision names. */
export function limitsNamed(
  rule: string,
  policies: readonly Policy[],
): NonNullable<Policy["all_tools"]>["limits"] {
  const at = rule.replace(/^\(guard\) /, "");
  if (!at.includes("/limits/")) return [];
  return policies.flatMap(({ tools = {}, all_tools }) => [
    ...(all_tools?.limits ?? []).filter(
      ({ counter }) => at === pointer("all_tools", "limits", counter),
    ),
    ...Object.entries(tools).flatMap(([tool, { limits = [] }]) =>
      limits.filter(({ counter }) => at === pointer("tools", tool, "limits", counter)),
    ),
  ]);
}

function printSteps(steps: readonly (string | number)[]): string {
  return printPath(["args", ...steps]).replaceAll('["*"]', "[*]");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

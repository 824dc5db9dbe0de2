import {
  type ArgumentValidator,
  compileArguments,
  compileGlob,
  type LimitEntry,
  type Policy,
  pointer,
  type RuleEntry,
  type SourceMap,
  type ToolPolicy,
} from "../../policy/index.ts";
import { type ChargeOptions, compileCharge, compileStanding, type Owed } from "./charges.ts";
import { type AskRule, type Entry, EntryCompiler, nameAsk } from "./entries.ts";
import type { Frame } from "./frame.ts";
import { compileNames } from "./names.ts";
import type { Context, Decision, ShadowFinding, StandingLimit } from "./types.ts";

export interface EngineOptions {
  /** Names the statements behind rules. */
  readonly map?: SourceMap;
  /** An organisation's guard: its rules and counters are told apart from those of the grant's policy. */
  readonly guard?: boolean;
  /** The whole policy only looks on: its counters have a name space of their own. */
  readonly shadow?: boolean;
}

/**
 * What a call of one tool has to pass. Made without spreads, which give every object a hidden class of its own: on
 * the way of every call, reading them would then be slower the more tools there are.
 */
export interface CompiledTool {
  /** Whom no call of it can pass: hidden, not permitted, denied by a glob (steps 2 and 3). */
  readonly refused: Refusal | undefined;
  readonly pin: string | undefined;
  readonly pinSource: string | undefined;
  readonly validate: ArgumentValidator | undefined;
  readonly rules: RuleSet;
  /** Rules that are evaluated and decide nothing. */
  readonly shadow: RuleSet | undefined;
  /** Findings that every call of it gives: shadow globs of `deny_tools`. */
  readonly findings: readonly ShadowFinding[];
  /** Whether two of its limits may be the same counter. */
  readonly shares: boolean;
}

/** Steps 6 to 9. */
export interface RuleSet {
  readonly require: readonly Entry[];
  readonly denyIf: readonly Entry[];
  readonly askIf: readonly AskRule[];
  /** The tool's own, then those of every tool. */
  readonly limits: readonly Limit[];
}

export interface Limit {
  readonly shadow: boolean;
  readonly rule: string;
  readonly source: string | undefined;
  readonly counter: string;
  readonly owed: (frame: Frame) => Owed;
}

type StandingOf = (context: Pick<Context, "server" | "grant">) => StandingLimit;

export interface Refusal {
  /** The step that refuses, for `explain`. */
  readonly check: "hidden" | "permitted" | "denied by a glob" | "listed when compiled";
  readonly decision: Refused;
}

/** A decision that ends the evaluation. */
export type Refused = Decision & { readonly outcome: "deny" | "hide" };

export const NONE: readonly never[] = Object.freeze([]);

/** Compiles the parts of a policy that are about tools, each tool once. */
export class ToolCompiler {
  readonly #policy: Policy;
  readonly #options: EngineOptions;
  readonly #hidden: (name: string) => number;
  readonly #denied: readonly DeniedGlob[];
  readonly #shared: readonly Limit[];
  readonly #entries = new EntryCompiler();
  #standing: readonly StandingOf[] | undefined;

  constructor(policy: Policy, options: EngineOptions) {
    this.#policy = policy;
    this.#options = options;
    this.#hidden = compileNames(policy.hide ?? []);
    this.#denied = Object.entries(policy.deny_tools ?? {}).map(([glob, entry]) => ({
      matches: compileGlob(glob),
      at: pointer("deny_tools", glob),
      message: entry.on_deny,
      shadow: entry.shadow ?? false,
    }));
    this.#shared = this.#limits(policy.all_tools?.limits ?? [], "/all_tools/limits");
  }

  /** Whether a tool is taken out of lists and answered as unknown. */
  isHidden(name: string): boolean {
    return this.#hidden(name) >= 0;
  }

  source(at: string, ...others: readonly string[]): string | undefined {
    const { map } = this.#options;
    if (map === undefined) return undefined;
    for (const one of [at, ...others]) {
      if (Object.hasOwn(map, one)) return map[one];
    }
    return undefined;
  }

  /** A rule as decisions name it. */
  rule(at: string): string {
    return this.#options.guard ? `(guard) ${at}` : at;
  }

  /** A tool with an entry in the policy. */
  listed(name: string, tool: ToolPolicy): CompiledTool {
    const at = pointer("tools", name);
    const limits = [...this.#limits(tool.limits ?? [], `${at}/limits`), ...this.#shared];
    const entries = <T extends RuleEntry>(list: string, given: readonly T[] | undefined) =>
      (given ?? []).map((entry, index) => {
        const place = `${at}/${list}/${index}`;
        return this.#entries.compile(entry, this.rule(place), this.source(place));
      });
    const { refused, findings } = this.#refusals(name, true);
    const { rules, shadow } = split({
      require: entries("require", tool.require),
      denyIf: entries("deny_if", tool.deny_if),
      askIf: entries("ask_if", tool.ask_if).map((entry) =>
        nameAsk(entry, this.#options.guard ? "guard" : "grant"),
      ),
      limits,
    });
    const shares = new Set(limits.map(({ counter }) => counter)).size < limits.length;
    return {
      refused,
      findings,
      pin: tool.pin,
      pinSource: this.source(`${at}/pin`, at),
      validate: this.#validator(tool),
      rules,
      shadow,
      shares,
    };
  }

  /** A tool without an entry. */
  unlisted(name: string): CompiledTool {
    const { refused, findings } = this.#refusals(name, false);
    const { rules, shadow } = split({ require: [], denyIf: [], askIf: [], limits: this.#shared });
    return {
      refused,
      findings,
      pin: undefined,
      pinSource: undefined,
      validate: this.#policy.validate === undefined ? undefined : withoutSchema,
      rules,
      shadow,
      shares: false,
    };
  }

  /** All limits of the policy, those of all tools last. */
  standing(context: Pick<Context, "server" | "grant">): readonly StandingLimit[] {
    this.#standing ??= this.#allLimits();
    return this.#standing.map((make) => make(context));
  }

  #allLimits(): readonly StandingOf[] {
    const { tools = {}, all_tools } = this.#policy;
    const of = (entries: readonly LimitEntry[], at: string, tool?: string): StandingOf[] =>
      entries.map((entry, index) => {
        const options = this.#chargeOptions(entry, index, at);
        const standing = compileStanding(entry, options);
        const shadow = options.spaces.includes("shadow");
        const about = { shadow, ...(tool === undefined ? {} : { tool }) };
        return (context) => ({ ...standing(context), ...about });
      });
    return [
      ...Object.entries(tools).flatMap(([name, { limits = [] }]) =>
        of(limits, `${pointer("tools", name)}/limits`, name),
      ),
      ...of(all_tools?.limits ?? [], "/all_tools/limits"),
    ];
  }

  #validator(tool: ToolPolicy): ArgumentValidator | undefined {
    const mode = this.#policy.validate;
    if (mode === undefined) return undefined;
    if (tool.input_schema === undefined) return withoutSchema;
    const compiled = compileArguments(tool.input_schema, mode);
    // Validation of the policy reports such a schema; here it can only refuse every call.
    if ("refused" in compiled) return () => ({ path: "args", needs: "cannot be checked" });
    return compiled.validate;
  }

  #refusals(name: string, listed: boolean): Pick<CompiledTool, "refused" | "findings"> {
    const findings: ShadowFinding[] = [];
    let refused: Refusal | undefined;
    const refuse = (refusal: Refusal): void => {
      refused ??= refusal;
    };
    const policy = this.#policy;
    const hidden = this.#hidden(name);
    if (hidden >= 0) {
      const source = this.source(`/hide/${hidden}`, "/hide");
      refuse({ check: "hidden", decision: hiding(name, this.rule("(hidden)"), source) });
    }
    if (!listed && policy.default === "deny") {
      const rule = this.rule("(default deny)");
      const source = this.source("/default");
      refuse({
        check: "permitted",
        decision:
          policy.unlisted === "hide"
            ? hiding(name, rule, source)
            : denial(rule, `The policy does not permit the tool \`${name}\`.`, source),
      });
    }
    for (const glob of this.#denied) {
      if (!glob.matches(name)) continue;
      const message = glob.message ?? `The policy does not permit the tool \`${name}\`.`;
      const rule = this.rule(glob.at);
      if (glob.shadow) findings.push({ outcome: "deny", rule, message });
      else {
        const decision = denial(rule, message, this.source(glob.at));
        refuse({ check: "denied by a glob", decision });
      }
    }
    if (!listed && policy.unlisted !== undefined) {
      const decision = hiding(name, this.rule("(changed tool)"), this.source("/unlisted"));
      refuse({ check: "listed when compiled", decision });
    }
    return { refused, findings };
  }

  #limits(entries: readonly LimitEntry[], at: string): readonly Limit[] {
    return entries.map((entry, index) => {
      const options = this.#chargeOptions(entry, index, at);
      const { rule, source } = options;
      const shadow = entry.shadow ?? false;
      return { shadow, rule, source, counter: entry.counter, owed: compileCharge(entry, options) };
    });
  }

  #chargeOptions(entry: LimitEntry, index: number, at: string): ChargeOptions {
    const named = `${at}${pointer(entry.counter)}`;
    const { guard, shadow } = this.#options;
    const spaces = [
      ...(guard ? ["guard"] : []),
      ...(shadow || (entry.shadow ?? false) ? ["shadow"] : []),
    ];
    return { rule: this.rule(named), source: this.source(named, `${at}/${index}`), spaces };
  }
}

/** Parts the rules that decide from those that only look on. */
function split(all: RuleSet): Pick<CompiledTool, "rules" | "shadow"> {
  const part = (shadow: boolean): RuleSet => {
    const entries = <T extends Entry>(list: readonly T[]): readonly T[] =>
      unlessEmpty(list.filter(({ entry }) => (entry.shadow ?? false) === shadow));
    return {
      require: entries(all.require),
      denyIf: entries(all.denyIf),
      askIf: entries(all.askIf),
      limits: unlessEmpty(all.limits.filter((limit) => limit.shadow === shadow)),
    };
  };
  const shadow = part(true);
  const idle = Object.values(shadow).every((list) => list.length === 0);
  return { rules: part(false), shadow: idle ? undefined : shadow };
}

/** Ten thousand tools share one empty list. */
function unlessEmpty<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NONE : list;
}

interface DeniedGlob {
  readonly matches: (name: string) => boolean;
  readonly at: string;
  readonly message: string | undefined;
  readonly shadow: boolean;
}

const withoutSchema: ArgumentValidator = () => ({
  path: "args",
  needs: "cannot be checked, as the policy holds no input schema of this tool",
});

export function denial(rule: string, message: string, source: string | undefined): Refused {
  return refuse("deny", rule, message, source);
}

/** Answered like a tool that does not exist. */
export function hiding(name: string, rule: string, source: string | undefined): Refused {
  return refuse("hide", rule, `Unknown tool: ${name}`, source);
}

function refuse(
  outcome: "deny" | "hide",
  rule: string,
  message: string,
  source: string | undefined,
): Refused {
  return source === undefined
    ? { outcome, rule, message, charges: NONE, shadow: NONE, shadowCharges: NONE }
    : { outcome, rule, message, source, charges: NONE, shadow: NONE, shadowCharges: NONE };
}

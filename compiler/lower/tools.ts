import type {
  AskEntry,
  DenyTools,
  Json,
  LimitEntry,
  RuleEntry,
  ToolPolicy,
} from "../../policy/index.ts";
import { pinOf } from "../../policy/index.ts";
import { docsMissing, noDefinition, noSchema } from "../messages/lowering.ts";
import type { BoundRule } from "../program.ts";
import { alternatives, any, type Formula, isFalse, isTrue, toConditions } from "./formula.ts";
import { LimitLowering } from "./limits.ts";
import type { Origins, Place } from "./places.ts";
import { isAllowing, isLive, reportAllow, reportNotLive, reportTimeout } from "./refusals.ts";
import { formulasOf, type Lowering, type RuleFormulas } from "./rule.ts";

/** What the rules about tools come to. */
export interface LoweredTools {
  readonly tools: ReadonlyMap<string, ToolPolicy>;
  readonly allTools: readonly LimitEntry[];
  readonly hide: ReadonlyMap<string, Place>;
  readonly denyTools: ReadonlyMap<string, DenyTools>;
}

/** What the rules say of one tool. */
interface Draft {
  readonly permits: {
    readonly formula: Formula;
    readonly message?: string;
    readonly place: Place;
  }[];
  readonly require: RuleEntry[];
  readonly denyIf: RuleEntry[];
  readonly askIf: AskEntry[];
  readonly limits: LimitEntry[];
  /** Each unconditional `deny` that says why. */
  readonly denied: RuleEntry[];
  place: Place;
}

/** Reports at once what the format cannot say of tools; what it can is written down when it is asked for. */
export function lowerTools(lowering: Lowering, origins: Origins): () => LoweredTools {
  const limits = new LimitLowering(lowering);
  for (const rule of rulesOf(lowering)) {
    reportNotLive(rule, lowering);
    if (rule.kind === "hide" && !rule.shadow) continue;
    const { permits, applies } = formulasOf(rule, lowering);
    if (rule.kind === "allow") reportAllow(rule, permits, lowering);
    if (rule.kind === "ask") reportTimeout(rule, lowering);
    limits.add(rule, applies);
  }
  const { program } = lowering;
  const write = (to: Lowering) => new ToolLowering(to, origins, limits).run();
  if (program.validate === undefined && program.pin === undefined) {
    return () => write({ program, report: () => undefined });
  }
  // What lacks a definition is known once it is known which tools the policy has.
  const written = write(lowering);
  return () => written;
}

/** Those about tools, as far as their names were found. */
function rulesOf({ program }: Lowering): readonly BoundRule[] {
  return program.rules.filter((rule) => rule.of === "tool" && rule.resolved);
}

class ToolLowering {
  readonly #lowering: Lowering;
  /** For what has been reported. */
  readonly #silent: Lowering;
  readonly #origins: Origins;
  readonly #drafts = new Map<string, Draft>();
  readonly #limits: LimitLowering;
  readonly #allowing: boolean;
  readonly #live: boolean;
  readonly #allTools: LimitEntry[] = [];
  readonly #hide = new Map<string, Place>();
  readonly #denyGlobs = new Map<
    string,
    { messages: Set<string>; shadow: boolean; places: Place[] }
  >();

  constructor(lowering: Lowering, origins: Origins, limits: LimitLowering) {
    this.#lowering = lowering;
    this.#silent = { program: lowering.program, report: () => undefined };
    this.#origins = origins;
    this.#limits = limits;
    this.#allowing = isAllowing(lowering);
    this.#live = isLive(lowering);
  }

  run(): LoweredTools {
    for (const rule of rulesOf(this.#lowering)) this.#rule(rule);
    for (const { tool, entry, place } of this.#limits.limits) {
      this.#origins.add(entry, place);
      if (tool === undefined) this.#allTools.push(entry);
      else this.#draft(tool, place).limits.push(entry);
    }
    return {
      tools: this.#tools(),
      allTools: this.#allTools,
      hide: this.#hide,
      denyTools: this.#denyTools(),
    };
  }

  #rule(rule: BoundRule): void {
    const place = { source: rule.source, span: rule.node.span };
    if (rule.kind === "hide" && !rule.shadow) {
      this.#hideRule(rule, place);
      return;
    }
    const formulas = formulasOf(rule, this.#silent);
    switch (rule.kind) {
      case "allow":
        this.#allow(rule, formulas, place);
        break;
      case "ask":
        this.#ask(rule, formulas, place);
        break;
      // In shadow, a hidden tool is one that would have been denied.
      case "hide":
      case "deny":
        this.#deny(rule, formulas, place);
        break;
    }
  }

  #hideRule({ selection }: BoundRule, place: Place): void {
    const globs = this.#live ? selection.globs : selection.globs.filter((glob) => glob === "*");
    for (const name of [...selection.names, ...globs]) {
      if (!this.#hide.has(name)) this.#hide.set(name, place);
    }
  }

  #allow(rule: BoundRule & { kind: "allow" }, { permits }: RuleFormulas, place: Place): void {
    if (rule.shadow || (this.#allowing && !isTrue(permits))) return;
    this.#permit(rule, permits, place);
  }

  #ask(rule: BoundRule & { kind: "ask" }, { permits, applies }: RuleFormulas, place: Place): void {
    const { because, by, within } = rule.node;
    const seconds = within === undefined ? undefined : within.ms / 1000;
    if (!rule.shadow) this.#permit(rule, permits, place);
    if (isFalse(applies)) return;
    const entry: AskEntry = {
      conditions: toConditions(applies),
      ...(by === undefined ? {} : { approvers: by.map(({ value }) => value) }),
      ...(seconds === undefined ? {} : { timeout_seconds: seconds }),
      ...(because === undefined ? {} : { on_deny: because.value }),
      ...(rule.shadow ? { shadow: true as const } : {}),
    };
    for (const name of rule.selection.names) {
      this.#draft(name, place).askIf.push(this.#origins.add({ ...entry }, place));
    }
  }

  #permit(rule: BoundRule & { kind: "allow" | "ask" }, formula: Formula, place: Place): void {
    const message = rule.node.because?.value;
    for (const name of rule.selection.names) {
      const permit = { formula, place, ...(message === undefined ? {} : { message }) };
      this.#draft(name, place).permits.push(permit);
    }
  }

  #deny(
    rule: BoundRule & { kind: "deny" | "hide" },
    { applies, requires }: RuleFormulas,
    place: Place,
  ): void {
    const message = rule.kind === "deny" ? rule.node.because?.value : undefined;
    const rest = {
      ...(message === undefined ? {} : { on_deny: message }),
      ...(rule.shadow ? { shadow: true as const } : {}),
    };
    // What no call meets is denied outright: a denial without conditions needs no extension.
    const outright = requires !== undefined && isFalse(requires);
    const denied = requires === undefined ? alternatives(applies) : [];
    const entries = outright
      ? [{ conditions: [], ...rest }]
      : denied.map((formula) => ({ conditions: toConditions(formula), ...rest }));
    for (const name of rule.selection.names) {
      const draft = this.#draft(name, place);
      for (const entry of entries) {
        const own = this.#origins.add({ ...entry }, place);
        draft.denyIf.push(own);
        if (!rule.shadow && message !== undefined && entry.conditions.length === 0) {
          draft.denied.push(own);
        }
      }
      if (requires !== undefined && !outright && !isTrue(requires)) {
        const entry = { conditions: toConditions(requires), ...rest };
        draft.require.push(this.#origins.add(entry, place));
      }
    }
    if (!rule.guard.always || !this.#live) return;
    for (const glob of rule.selection.globs) {
      const known = this.#denyGlobs.get(glob);
      const found = known ?? { messages: new Set<string>(), shadow: true, places: [] };
      // A rule that forbids comes before one that only watches.
      if (known?.shadow === true && !rule.shadow) found.messages.clear();
      if (known === undefined || known.shadow || !rule.shadow) {
        if (message !== undefined) found.messages.add(message);
        found.shadow &&= rule.shadow;
        found.places.push(place);
      }
      this.#denyGlobs.set(glob, found);
    }
  }

  #denyTools(): Map<string, DenyTools> {
    return new Map(
      [...this.#denyGlobs].map(([glob, { messages, shadow, places }]) => {
        const message = joined(messages);
        const entry: DenyTools = {
          ...(message === undefined ? {} : { on_deny: message }),
          ...(shadow ? { shadow: true as const } : {}),
        };
        return [glob, this.#origins.add(entry, ...places)];
      }),
    );
  }

  #tools(): Map<string, ToolPolicy> {
    const { program } = this.#lowering;
    if (this.#allowing && (program.pin !== undefined || program.validate !== undefined)) {
      const statement = program.pin ?? program.validate;
      const place = statement && { source: statement.source, span: statement.node.span };
      for (const name of program.tools.names) this.#draft(name, place as Place);
    }
    const tools = new Map<string, ToolPolicy>();
    for (const [name, draft] of this.#drafts) {
      const entry = this.#toolEntry(draft);
      if (entry !== undefined) tools.set(name, this.#origins.add(entry, draft.place));
    }
    return this.#withDefinitions(tools);
  }

  #toolEntry(draft: Draft): ToolPolicy | undefined {
    const permitted = draft.permits.length > 0;
    if (!this.#allowing && !permitted) {
      // Not permitted anyway; only the reason is worth keeping, and no entry may undo `default hide`.
      const hiding = this.#lowering.program.defaults.tool.effect === "hide";
      return draft.denied.length === 0 || hiding ? undefined : { deny_if: draft.denied };
    }
    const require = [...draft.require];
    const denyIf = [...draft.denyIf];
    const permission = any(draft.permits.map(({ formula }) => formula));
    if (!this.#allowing && !isTrue(permission)) {
      const message = joined(draft.permits.flatMap((permit) => permit.message ?? []));
      const rest = message === undefined ? {} : { on_deny: message };
      const places = draft.permits.map(({ place }) => place);
      if (isFalse(permission)) {
        denyIf.push(this.#origins.add({ conditions: [], ...rest }, ...places));
      } else {
        const entry = { conditions: toConditions(permission), ...rest };
        require.push(this.#origins.add(entry, ...places));
      }
    }
    return {
      ...(require.length === 0 ? {} : { require }),
      ...(denyIf.length === 0 ? {} : { deny_if: denyIf }),
      ...(draft.askIf.length === 0 ? {} : { ask_if: draft.askIf }),
      ...(draft.limits.length === 0 ? {} : { limits: draft.limits }),
    };
  }

  /** With the schemas and pins that `validate` and `pin` ask for. */
  #withDefinitions(tools: Map<string, ToolPolicy>): Map<string, ToolPolicy> {
    const { program, report } = this.#lowering;
    const { validate, pin } = program;
    if (!program.tools.known || (validate === undefined && pin === undefined)) return tools;
    if (pin !== undefined && program.tools.list?.docs === false) {
      report(docsMissing, {}, pin.source, pin.node.span);
      return tools;
    }
    const unknown: string[] = [];
    const unpinned: string[] = [];
    const defined = new Map<string, ToolPolicy>();
    for (const [name, tool] of tools) {
      const definition = program.tools.byName.get(name);
      const schema = definition?.inputSchema;
      if (validate !== undefined && schema === undefined) unknown.push(name);
      const digest = pin === undefined ? undefined : digestOf(definition as Json | undefined);
      if (pin !== undefined && digest === undefined) unpinned.push(name);
      const entry: ToolPolicy = {
        ...(digest === undefined ? {} : { pin: digest }),
        ...(validate === undefined || schema === undefined ? {} : { input_schema: schema }),
        ...tool,
      };
      defined.set(name, this.#origins.add(entry, ...this.#origins.of(tool)));
    }
    if (validate !== undefined && unknown.length > 0) {
      report(noSchema, { tools: unknown.sort() }, validate.source, validate.node.span);
    }
    if (pin !== undefined && unpinned.length > 0) {
      report(noDefinition, { tools: unpinned.sort() }, pin.source, pin.node.span);
    }
    return defined;
  }

  #draft(name: string, place: Place): Draft {
    const known = this.#drafts.get(name);
    if (known !== undefined) return known;
    const draft: Draft = {
      permits: [],
      require: [],
      denyIf: [],
      denied: [],
      askIf: [],
      limits: [],
      place,
    };
    this.#drafts.set(name, draft);
    return draft;
  }
}

/** The messages of alternatives as one, whatever order they were written in. */
function joined(messages: Iterable<string>): string | undefined {
  const found = [...new Set(messages)].sort();
  return found.length === 0 ? undefined : found.join(" ");
}

function digestOf(definition: Json | undefined): string | undefined {
  if (definition === undefined) return undefined;
  try {
    return pinOf(definition);
  } catch {
    // A definition that has no canonical form has no digest.
    return undefined;
  }
}

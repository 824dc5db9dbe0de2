import type { Policy, RuleEntry, ToolPolicy } from "../../policy/index.ts";
import { parsePath, pointer, walkPolicy } from "../../policy/index.ts";
import { written } from "../resolve/targets.ts";
import { conditionsText } from "./conditions.ts";
import { limitText } from "./limits.ts";
import { isHalfAnchored } from "./patterns.ts";
import { CannotSay } from "./text.ts";
import { type Raised, Writer } from "./writer.ts";

export interface RaiseOptions {
  /** Becomes the `server` statement. */
  readonly server?: { readonly name: string; readonly tools?: string };
}

/**
 * A policy as `.mcpp` text. Compiling the text gives the policy back, byte for byte, if the compiler made
 * it (pins and schemas need the tool list); what the language cannot say becomes a comment and a notice.
 *
 * @param policy a validated policy
 */
export function raisePolicy(policy: Policy, options: RaiseOptions = {}): Raised {
  return new PolicyRaising(policy).run(options);
}

class PolicyRaising {
  readonly #policy: Policy;
  readonly #writer = new Writer();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  run({ server }: RaiseOptions): Raised {
    const policy = this.#policy;
    const out = this.#writer;
    if (server !== undefined) {
      const tools = server.tools === undefined ? "" : ` tools ${JSON.stringify(server.tools)}`;
      out.line(`server ${written(server.name)}${tools}`);
      out.paragraph();
    }
    this.#statements();
    out.paragraph();
    this.#tools();
    out.paragraph();
    this.#denied();
    this.#hidden();
    out.paragraph();
    for (const [index, limit] of (policy.all_tools?.limits ?? []).entries()) {
      const at = pointer("all_tools", "limits", index);
      const text = out.attempt(at, () => `${shadow(limit)}limit all ${limitText(limit, "all")}`);
      if (text !== undefined) out.line(text);
    }
    out.paragraph();
    this.#kind("resource");
    this.#kind("prompt");
    return { text: out.toString(), notices: out.notices };
  }

  #statements(): void {
    const { default: effect, unlisted, validate } = this.#policy;
    const out = this.#writer;
    const pinned = Object.values(this.#policy.tools ?? {}).some(({ pin }) => pin !== undefined);
    const hiding = effect === "deny" && unlisted === "hide";
    out.line(`default ${hiding ? "hide" : effect}`);
    if (
      unlisted !== undefined &&
      !hiding &&
      !(effect === "allow" && unlisted === "deny" && pinned)
    ) {
      out.notice(
        "/unlisted",
        `\`unlisted: ${unlisted}\` has no equal under \`default ${effect}\`.`,
      );
    }
    if (validate !== undefined) {
      out.line(`validate arguments${validate === "strict" ? " strictly" : ""}`);
    }
    if (pinned) out.line("pin tools");
    const labels = this.#labels();
    if (labels.length > 0) out.line(`labels ${labels.map(written).join(", ")}`);
  }

  /** The labels that conditions read: the language wants them declared. */
  #labels(): string[] {
    const labels = new Set<string>();
    walkPolicy(this.#policy, {
      path(path, _at, variables) {
        const [root, label] = parsePath(path);
        if (root !== "grant" || variables.includes("grant") || typeof label !== "string") return;
        if (label !== "name" && label !== "id") labels.add(label);
      },
    });
    return [...labels].sort();
  }

  #tools(): void {
    const out = this.#writer;
    const plain: string[] = [];
    const others: [string, ToolPolicy][] = [];
    for (const [name, tool] of Object.entries(this.#policy.tools ?? {})) {
      if (/[*?]/.test(name)) {
        out.notice(
          pointer("tools", name),
          `No single tool can be named \`${name}\`: it reads as a glob.`,
        );
      } else if (isPlain(tool)) plain.push(name);
      else others.push([name, tool]);
    }
    if (plain.length > 0) out.line(`allow ${plain.map(written).join(", ")}`);
    for (const { clauses, names } of this.#byClauses(others)) {
      // Several tools have a counter each, unless they share one by its name.
      const each = (clause: string): string =>
        names.length > 1 && !/ as [\w-]+$/.test(clause) ? "limit each" : "limit";
      const limits = clauses.map((clause) => ` ${each(clause)} ${clause}`);
      out.line(`allow ${names.map(written).join(", ")}${limits.join("")}`);
    }
    out.paragraph();
    for (const [name, tool] of others) {
      if (this.#limitClauses(name, tool) === undefined) this.#tool(name, tool);
    }
  }

  /** Tools that are allowed outright with the same limits. */
  #byClauses(
    tools: readonly (readonly [string, ToolPolicy])[],
  ): Iterable<{ readonly clauses: readonly string[]; readonly names: readonly string[] }> {
    const found = new Map<string, { clauses: readonly string[]; names: string[] }>();
    for (const [name, tool] of tools) {
      const clauses = this.#limitClauses(name, tool);
      if (clauses === undefined) continue;
      const key = clauses.join("\n");
      const same = found.get(key) ?? { clauses, names: [] };
      same.names.push(name);
      found.set(key, same);
    }
    return found.values();
  }

  #tool(name: string, tool: ToolPolicy): void {
    const out = this.#writer;
    const target = written(name);
    const rules = this.#rules(name, tool);
    if (rules.length === 1 && rules[0]?.comment !== true) {
      const [word, ...rest] = splitWords((rules[0] as Rule).text);
      out.line([...word, target, ...rest].join(" ").trimEnd());
      return;
    }
    out.paragraph();
    out.line(`on ${target} {`);
    for (const { text } of rules) out.line(`  ${text}`);
    out.line("}");
    out.paragraph();
  }

  /** The limits of a tool that is otherwise allowed outright, as clauses of the `allow`. */
  #limitClauses(name: string, tool: ToolPolicy): readonly string[] | undefined {
    const limits = tool.limits ?? [];
    const only =
      limits.length > 0 && !tool.require?.length && !tool.deny_if?.length && !tool.ask_if?.length;
    if (!only || this.#policy.default === "allow") return undefined;
    if (limits.some((limit) => limit.when || limit.on_deny !== undefined || limit.shadow)) {
      return undefined;
    }
    try {
      return limits.map((limit) => limitText(limit, name));
    } catch (error) {
      if (error instanceof CannotSay) return undefined;
      throw error;
    }
  }

  #rules(name: string, tool: ToolPolicy): Rule[] {
    const rules: Rule[] = [];
    const add = (at: string, text: () => string): void => this.#add(rules, at, text);
    const at = (...steps: readonly (string | number)[]): string => pointer("tools", name, ...steps);
    const { require = [], deny_if = [], ask_if = [], limits = [] } = tool;
    const [first] = require;
    const asks = ask_if.some((entry) => !entry.shadow);
    const asksAlways = ask_if.some(({ conditions, shadow }) => conditions.length === 0 && !shadow);
    // One requirement is the condition of the permission; of several, none is.
    const permission =
      require.length === 1 && !asks && this.#policy.default === "deny" && !first?.shadow
        ? first
        : undefined;
    if (permission !== undefined) {
      add(at("require", 0), () =>
        `allow ${guard("if", permission)}${because(permission)}`.trimEnd(),
      );
    } else if (this.#policy.default === "deny" && !asksAlways && !this.#isOnlyDenied(tool)) {
      rules.push({ text: "allow" });
    }
    for (const [index, entry] of require.entries()) {
      // Nothing is required.
      if (entry === permission || entry.conditions.length === 0) continue;
      add(
        at("require", index),
        () => `${shadow(entry)}deny ${guard("unless", entry)}${because(entry)}`,
      );
    }
    for (const [index, entry] of deny_if.entries()) {
      if (entry.conditions.length === 0 && /\bapprov/i.test(entry.on_deny ?? "")) {
        this.#comment(
          rules,
          at("deny_if", index),
          "This denial may stand for an approval, which `ask` would ask for.",
        );
      }
      add(
        at("deny_if", index),
        () => `${shadow(entry)}deny${prefixed(guard("if", entry))}${because(entry)}`,
      );
    }
    for (const [index, entry] of ask_if.entries()) {
      const { approvers, timeout_seconds } = entry;
      const by =
        approvers === undefined
          ? ""
          : ` by ${approvers.map((who) => JSON.stringify(who)).join(", ")}`;
      const within =
        timeout_seconds === undefined ? "" : ` within ${durationText(timeout_seconds)}`;
      add(
        at("ask_if", index),
        () => `${shadow(entry)}ask${prefixed(guard("if", entry))}${by}${within}${because(entry)}`,
      );
    }
    for (const [index, limit] of limits.entries()) {
      add(at("limits", index), () => `${shadow(limit)}limit ${limitText(limit, name)}`);
    }
    return rules;
  }

  /** A reason for a tool that nothing permits: the compiler keeps it without an `allow`. */
  #isOnlyDenied({ require, deny_if, ask_if, limits }: ToolPolicy): boolean {
    const [denied, second] = deny_if ?? [];
    return (
      this.#policy.unlisted === undefined &&
      !require?.length &&
      !ask_if?.length &&
      !limits?.length &&
      second === undefined &&
      denied?.conditions.length === 0 &&
      denied.on_deny !== undefined &&
      !denied.shadow
    );
  }

  #add(rules: Rule[], at: string, make: () => string): void {
    try {
      const text = make();
      for (const pattern of halfAnchored(text)) {
        this.#comment(
          rules,
          at,
          `The pattern \`${pattern}\` fixes one end of the text and leaves the other open.`,
        );
      }
      rules.push({ text });
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      this.#comment(rules, at, error.message);
      // What restricts and cannot be said must not be lost: nothing is let through instead.
      if (!at.includes("/ask_if/")) rules.push({ text: "deny" });
      else rules.push({ text: "ask" });
    }
  }

  #comment(rules: Rule[], at: string, message: string): void {
    this.#writer.notices.push({ at, message });
    for (const line of message.split(/[\n\r\u2028\u2029]+/)) {
      rules.push({ text: `// ${line}`, comment: true });
    }
  }

  #denied(): void {
    for (const [glob, entry] of Object.entries(this.#policy.deny_tools ?? {})) {
      const shown = isBareGlob(glob) ? glob : JSON.stringify(glob);
      this.#writer.line(`${shadow(entry)}deny ${shown}${because(entry)}`);
    }
  }

  #hidden(): void {
    const { hide = [] } = this.#policy;
    if (hide.length === 0) return;
    const names = hide.map((name) => (isBareGlob(name) ? name : written(name)));
    this.#writer.line(`hide ${names.join(", ")}`);
  }

  #kind(of: "resource" | "prompt"): void {
    const kind = of === "resource" ? this.#policy.resources : this.#policy.prompts;
    if (kind === undefined) return;
    this.#writer.line(`default ${kind.default} ${of}s`);
    for (const list of ["allow", "deny", "hide"] as const) {
      const names = kind[list] ?? [];
      if (names.length === 0) continue;
      const texts = names.map((name) => JSON.stringify(name));
      this.#writer.line(`${list} ${of} ${texts.join(", ")}`);
    }
    this.#writer.paragraph();
  }
}

interface Rule {
  /** Without its target: `deny if …`. */
  readonly text: string;
  readonly comment?: boolean;
}

function isPlain({ require, deny_if, ask_if, limits }: ToolPolicy): boolean {
  return ![require, deny_if, ask_if, limits].some((list) => list !== undefined && list.length > 0);
}

const shadow = (entry: { readonly shadow?: true }): string => (entry.shadow ? "shadow " : "");

function because({ on_deny }: { readonly on_deny?: string }): string {
  return on_deny === undefined ? "" : ` because ${JSON.stringify(on_deny)}`;
}

function guard(word: "if" | "unless", { conditions }: RuleEntry): string {
  if (conditions.length === 0) return "";
  return `${word} ${conditionsText(conditions)}`;
}

const prefixed = (text: string): string => (text === "" ? "" : ` ${text}`);

/** The words before a rule's target, and what follows it. */
function splitWords(text: string): [string[], string] {
  const match = /^(?:shadow )?(?:allow|deny|ask|limit)/.exec(text)?.[0] ?? "";
  return [match.split(" "), text.slice(match.length).trim()];
}

function isBareGlob(text: string): boolean {
  return text === "*" || (/^[A-Za-z_*?][A-Za-z0-9_*?-]*$/.test(text) && /[*?]/.test(text));
}

function durationText(seconds: number): string {
  const ms = seconds * 1000;
  if (!Number.isInteger(ms)) throw new CannotSay(`${seconds} seconds are no whole milliseconds.`);
  for (const [unit, length] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ] as const) {
    if (ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}

/** Patterns of a rule's text that are anchored at one end, and no plain prefix or suffix. */
function halfAnchored(text: string): string[] {
  return [...text.matchAll(/ contains \/((?:\\.|[^/\\])*)\//g)]
    .map((match) => match[1] as string)
    .filter(isHalfAnchored);
}

import { parse } from "yaml";
import type { CompareEntry, Json, Operator } from "../../policy/index.ts";
import { written } from "../resolve/targets.ts";
import { conditionsText } from "./conditions.ts";
import { isHalfAnchored } from "./patterns.ts";
import { CannotSay, numberText, pathText } from "./text.ts";
import { type Raised, Writer } from "./writer.ts";

type Fields = { readonly [key: string]: unknown };

/**
 * The YAML policy of the open-source Intercept proxy (version 1) as `.mcpp` text. What has no equal becomes
 * a comment and a notice, and the tool is denied rather than left open.
 */
export function raiseIntercept(yaml: string): Raised | { readonly problem: string } {
  let value: unknown;
  try {
    value = parse(yaml);
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { problem: `it is not YAML: ${line.replace(/:$/, ".")}` };
  }
  if (!isFields(value)) return { problem: "it holds no policy." };
  if (!["1", 1, "1.0"].includes(value.version as string)) {
    return { problem: "its `version` is not 1." };
  }
  if (value.tools !== undefined && !isFields(value.tools)) {
    return { problem: "its `tools` are not a map from names to rules." };
  }
  return new InterceptRaising(value).run();
}

const TOP = ["version", "description", "default", "hide", "tools"];
const RULE = ["name", "action", "rate_limit", "conditions", "on_deny", "state", "approval_timeout"];

class InterceptRaising {
  readonly #policy: Fields;
  readonly #out = new Writer();
  #allowing = false;

  constructor(policy: Fields) {
    this.#policy = policy;
  }

  run(): Raised {
    const { description, hide, tools } = this.#policy;
    const out = this.#out;
    if (typeof description === "string" && description.trim() !== "") {
      for (const line of description.trim().split(/\r?\n/)) out.line(`// ${line}`);
      out.paragraph();
    }
    this.#default();
    this.#unknown("", this.#policy, TOP);
    out.paragraph();
    const entries = Object.entries((tools as Fields | undefined) ?? {});
    const plain = entries.filter(([name, tool]) => name !== "*" && isPlain(tool));
    if (plain.length > 0) out.line(`allow ${plain.map(([name]) => written(name)).join(", ")}`);
    out.paragraph();
    for (const [name, tool] of entries) {
      if (name === "*") this.#everyTool(tool);
      else if (!isPlain(tool)) this.#tool(name, tool);
    }
    out.paragraph();
    if (Array.isArray(hide) && hide.length > 0) {
      out.line(`hide ${hide.map((name) => written(String(name))).join(", ")}`);
    }
    return { text: out.toString(), notices: out.notices };
  }

  #default(): void {
    const effect = this.#policy.default;
    this.#allowing = effect !== "deny";
    if (effect === undefined) {
      this.#out.notice(
        "default",
        "No default was given, which means allow there. `default deny` is safer.",
      );
    } else if (effect !== "allow" && effect !== "deny") {
      this.#allowing = false;
      this.#out.notice("default", `The default \`${String(effect)}\` is not known, so it is deny.`);
    }
    this.#out.line(`default ${this.#allowing ? "allow" : "deny"}`);
  }

  #tool(name: string, tool: unknown): void {
    const out = this.#out;
    out.paragraph();
    out.line(`on ${written(name)} {`);
    const rules = this.#rulesOf(`tools.${name}`, tool);
    const settled = rules.some(({ action }) => action === "require_approval" || action === "deny");
    if (!this.#allowing && !settled) out.line("  allow");
    for (const [index, rule] of rules.entries()) {
      this.#rule(`tools.${name}.rules[${index}]`, rule, (text) => `  ${text}`, name);
    }
    out.line("}");
    out.paragraph();
  }

  /** The rules of `*`: its counters are shared by all tools. */
  #everyTool(tool: unknown): void {
    for (const [index, rule] of this.#rulesOf("tools.*", tool).entries()) {
      const target = (text: string): string =>
        text.replace(/^(deny|ask|limit)\b/, (word) => `${word} ${word === "limit" ? "all" : "*"}`);
      this.#rule(`tools.*.rules[${index}]`, rule, target, "*");
    }
  }

  #rulesOf(at: string, tool: unknown): readonly Fields[] {
    if (tool === null || tool === undefined) return [];
    if (!isFields(tool)) {
      this.#out.notice(at, "This is no tool entry, and is left out.");
      return [];
    }
    this.#unknown(at, tool, ["rules"]);
    const { rules } = tool;
    return Array.isArray(rules) ? rules.filter(isFields) : [];
  }

  #rule(at: string, rule: Fields, target: (text: string) => string, tool: string): void {
    const out = this.#out;
    this.#unknown(at, rule, RULE);
    const because =
      typeof rule.on_deny === "string" ? ` because ${JSON.stringify(rule.on_deny)}` : "";
    const add = (text: string): void => out.line(target(`${text}${because}`));
    if (rule.rate_limit !== undefined) this.#rateLimit(`${at}.rate_limit`, rule.rate_limit, add);
    const conditions = Array.isArray(rule.conditions) ? rule.conditions.filter(isFields) : [];
    const { action = "evaluate" } = rule;
    if (action === "deny") {
      if (conditions.length > 0) {
        out.notice(at, "The conditions of a `deny` had no effect there and are left out.");
      }
      add("deny");
      return;
    }
    if (action === "require_approval") {
      if (conditions.length > 0) {
        out.notice(at, "Every call is asked for: when the conditions applied is not published.");
      }
      add(`ask${this.#timeout(`${at}.approval_timeout`, rule.approval_timeout)}`);
      return;
    }
    if (action !== "evaluate") {
      out.notice(at, `The action \`${String(action)}\` is not known, so the tool is denied.`);
      add("deny");
      return;
    }
    const own = conditions.filter(({ path }) => !String(path).startsWith("state."));
    const counted = conditions.filter((condition) => !own.includes(condition));
    for (const condition of counted) this.#counter(at, rule.state, condition, add, tool);
    if (own.length > 0) this.#requirement(at, own, add);
  }

  #requirement(at: string, conditions: readonly Fields[], add: (text: string) => void): void {
    try {
      const entries = conditions.map(conditionOf);
      for (const { op, value } of entries) {
        if (op === "regex" && isHalfAnchored(String(value))) {
          const message = `The pattern \`${String(value)}\` fixes one end of the text and leaves the other open.`;
          this.#out.notice(at, message);
        }
      }
      add(`deny unless ${conditionsText(entries)}`);
    } catch (error) {
      if (!(error instanceof CannotSay)) throw error;
      this.#out.notice(at, `${error.message} The tool is denied instead.`);
      add("deny");
    }
  }

  #rateLimit(at: string, text: unknown, add: (text: string) => void): void {
    const match = /^\s*(\d+)\s*\/\s*(second|minute|hour|day)s?\s*$/.exec(String(text));
    if (match === null) {
      this.#out.notice(
        at,
        `The rate \`${String(text)}\` is not understood, so the tool is denied.`,
      );
      add("deny");
      return;
    }
    // One counter for all clients there.
    add(`limit ${match[1]}/${match[2]} per server`);
  }

  /** A bound on a counter of the rule's own `state`. */
  #counter(
    at: string,
    state: unknown,
    condition: Fields,
    add: (text: string) => void,
    tool: string,
  ): void {
    const path = String(condition.path);
    const { op, value } = condition;
    const fields = isFields(state) ? state : {};
    const { counter, window = "day", increment = 1, increment_from } = fields;
    const own = path === `state.${tool === "*" ? "_global" : tool}.${String(counter)}`;
    const known = /^(second|minute|hour|day)$/.test(String(window));
    if (!own || !known || typeof value !== "number" || (op !== "lte" && op !== "lt")) {
      const message = `The condition on \`${path}\` has no equal; the tool is denied instead.`;
      this.#out.notice(`${at}.conditions`, message);
      add("deny");
      return;
    }
    if (increment_from !== undefined) {
      if (op === "lt") {
        this.#out.notice(
          `${at}.conditions`,
          "The sum may reach this bound here; there it had to stay below.",
        );
      }
      const source = pathText(String(increment_from));
      add(`limit sum(${source}) to ${numberText(value)}/${String(window)} per server`);
      return;
    }
    const step = typeof increment === "number" && increment > 0 ? increment : 1;
    const calls = Math.max(0, op === "lt" ? Math.ceil(value / step) - 1 : Math.floor(value / step));
    add(`limit ${numberText(calls)}/${String(window)} per server`);
  }

  #timeout(at: string, value: unknown): string {
    if (value === undefined) return "";
    const match = /^(\d+)(ms|s|m|h|d)$/.exec(String(value));
    if (match !== null && Number(match[1]) > 0) return ` within ${match[0]}`;
    this.#out.notice(at, `The time-out \`${String(value)}\` is not understood; it is ten minutes.`);
    return "";
  }

  #unknown(at: string, fields: Fields, known: readonly string[]): void {
    for (const key of Object.keys(fields)) {
      if (known.includes(key)) continue;
      this.#out.notice(
        at === "" ? key : `${at}.${key}`,
        `\`${key}\` has no equal and is left out.`,
      );
    }
  }
}

function isPlain(tool: unknown): boolean {
  if (tool === null || tool === undefined) return true;
  if (!isFields(tool)) return false;
  const { rules, ...others } = tool;
  const none =
    rules === undefined || rules === null || (Array.isArray(rules) && rules.length === 0);
  return none && Object.keys(others).length === 0;
}

const OPERATORS: readonly string[] = [
  "eq",
  "neq",
  "lt",
  "lte",
  "gt",
  "gte",
  "in",
  "not_in",
  "exists",
  "regex",
  "contains",
] satisfies readonly Operator[];

function conditionOf({ path, op, value }: Fields): CompareEntry {
  if (typeof path !== "string" || !/^args(\.[^.]+)+$/.test(path)) {
    throw new CannotSay(`The path \`${String(path)}\` has no equal.`);
  }
  if (typeof op !== "string" || !OPERATORS.includes(op)) {
    throw new CannotSay(`The operator \`${String(op)}\` is not known.`);
  }
  if (op === "exists" && typeof value !== "boolean") {
    throw new CannotSay("`exists` is compared with true or false.");
  }
  return { path, op: op as Operator, value: value as Json };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import picocolors from "picocolors";
import { renderFrame, visible } from "../../language/index.ts";
import {
  type Context,
  describeSpan,
  type ExplainedCall,
  type ExplainStep,
  type LimitState,
} from "../../runtime/index.ts";
import { painter } from "../report/colour.ts";
import { firstLine, type Statement } from "../statement.ts";
import { isoTime } from "../time.ts";
import { type Colours, conditionLines } from "./conditions.ts";
import type { Remedies } from "./remedy/search.ts";
import { remedyLines } from "./remedy-lines.ts";

export interface PrettyOptions {
  readonly tool: string;
  readonly context: Context;
  readonly colour: boolean;
  readonly statementAt: (place: string) => Statement | undefined;
  readonly remedies: Remedies;
  /** What was perhaps meant, a sentence. */
  readonly hint?: string;
}

/** For a person at a terminal: the decision, the steps to it, its statement, and what is left of limits. */
export function explainPretty(explained: ExplainedCall, options: PrettyOptions): string {
  const colours = picocolors.createColors(options.colour);
  const parts = [
    [headline(explained, options, colours), caller(options.context, colours)].join("\n"),
    explained.steps.flatMap((step) => stepLines(step, options, colours)).join("\n"),
    frameOf(explained, options),
    limitLines(explained.limits, options.context, colours),
    shadowLines(explained, colours),
    remedyLines(explained, options.remedies, options.statementAt, colours),
    options.hint === undefined ? "" : colours.cyan(options.hint),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function headline(
  { outcome, rule, message, ask }: ExplainedCall,
  { tool }: PrettyOptions,
  colours: Colours,
): string {
  const paint = { allow: colours.green, ask: colours.yellow, deny: colours.red, hide: colours.red };
  const waits =
    ask === undefined ? "" : ` It waits for at most ${describeSpan(ask.timeoutSeconds * 1000)}.`;
  const why = message === "" ? "" : `: ${visible(message)}${waits}`;
  const by = rule === "" ? "" : colours.dim(`  ${visible(rule)}`);
  return `${colours.bold(paint[outcome](outcome))} ${colours.bold(visible(tool))}${why}${by}`;
}

function caller({ grant, session, now }: Context, colours: Colours): string {
  const labels = Object.entries(grant.labels).map(([name, value]) => `${name}=${value}`);
  const who = [
    `as ${grant.name}`,
    ...(labels.length === 0 ? [] : [`with ${labels.join(", ")}`]),
    ...(session === undefined ? [] : [`in session ${session}`]),
    `at ${isoTime(now)}`,
  ];
  return colours.dim(visible(who.join(" ")));
}

function stepLines(step: ExplainStep, options: PrettyOptions, colours: Colours): string[] {
  const { check, result, message, source, conditions = [] } = step;
  const statement = source === undefined ? undefined : options.statementAt(source);
  const title = isPointer(check) && statement !== undefined ? firstLine(statement) : check;
  const place = source === undefined ? "" : colours.dim(`  ${visible(source)}`);
  const lines = [`  ${mark(result, colours)} ${visible(title)}${remark(result)}${place}`];
  if (result === "pass" || result === "count") return lines;
  lines.push(...conditionLines(conditions, colours));
  // A refusal's own message is in the headline.
  if (message !== undefined && (result === "skip" || result === "shadow")) {
    lines.push(`      ${colours.dim(visible(message))}`);
  }
  return lines;
}

function isPointer(check: string): boolean {
  return /^(?:\(guard\) )?\//.test(check);
}

function mark(result: ExplainStep["result"], colours: Colours): string {
  switch (result) {
    case "pass":
    case "count":
      return colours.green("✓");
    case "ask":
      return colours.yellow("?");
    case "deny":
    case "hide":
      return colours.red("✗");
    case "skip":
    case "shadow":
      return colours.dim("–");
  }
}

function remark(result: ExplainStep["result"]): string {
  if (result === "ask") return ": asks a person";
  return result === "shadow" ? ": only watched" : "";
}

/** A condition with what it gave and what it read. */
export function frameOf({ source, outcome }: ExplainedCall, options: PrettyOptions): string {
  const statement = source === undefined ? undefined : options.statementAt(source);
  if (statement === undefined) return "";
  const style = outcome === "allow" ? "hint" : outcome === "ask" ? "warning" : "error";
  return renderFrame(statement.source, statement.span, { style, paint: painter(options.colour) });
}

function limitLines(limits: readonly LimitState[], { now }: Context, colours: Colours): string {
  const rows = limits.map((limit) => {
    const { counter, amount, max, used, allows, resetsAt } = limit;
    const left = exact(max - used);
    const charge = amount === 1 ? "" : `, this call takes ${amount}`;
    const until =
      resetsAt === undefined || used === 0
        ? ""
        : `, anew in ${describeSpan(resetsAt - now)} (${isoTime(resetsAt)})`;
    const room = amount > left ? colours.red(`${left} left`) : `${left} left`;
    return [visible(counter), visible(allows), `${used} used, ${room}${charge}${until}`] as const;
  });
  if (rows.length === 0) return "";
  const widest = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [first, second] = [widest(0), widest(1)];
  const lines = rows.map(
    ([counter, allows, state]) =>
      `  ${counter.padEnd(first)}  ${colours.dim(allows.padEnd(second))}  ${state}`,
  );
  return [colours.bold("limits"), ...lines].join("\n");
}

/** Sums have at most six decimal places. */
function exact(difference: number): number {
  return Number(Math.max(difference, 0).toFixed(6));
}

function shadowLines({ shadow }: ExplainedCall, colours: Colours): string {
  const lines = shadow.map(
    ({ outcome, message, rule }) =>
      `  ${outcome}: ${visible(message)}${colours.dim(`  ${visible(rule)}`)}`,
  );
  return lines.length === 0
    ? ""
    : [colours.bold("if shadow rules were in force"), ...lines].join("\n");
}

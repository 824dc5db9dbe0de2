import {
  conditionalAllow,
  globNotLive,
  shadowAllow,
  timeoutOutOfRange,
} from "../messages/lowering.ts";
import type { BoundRule } from "../program.ts";
import { type Formula, isTrue } from "./formula.ts";
import type { Lowering } from "./rule.ts";

// What single rules say that a policy cannot.

export function isAllowing({ program }: Lowering): boolean {
  return program.defaults.tool.effect === "allow";
}

/** Whether globs stay in force for tools that are not known yet. */
export function isLive(lowering: Lowering): boolean {
  const { tools, pin } = lowering.program;
  return !tools.known || (isAllowing(lowering) && pin === undefined);
}

/** What an `allow` cannot be. */
export function reportAllow(
  rule: BoundRule & { kind: "allow" },
  permits: Formula,
  lowering: Lowering,
): void {
  if (rule.shadow) lowering.report(shadowAllow, {}, rule.source, rule.node.keyword);
  else if (isAllowing(lowering) && !isTrue(permits)) reportConditionalAllow(rule, lowering);
}

const YEAR_SECONDS = 31_536_000;

export function reportTimeout(rule: BoundRule & { kind: "ask" }, { report }: Lowering): void {
  const { within } = rule.node;
  if (within === undefined || (within.ms > 0 && within.ms <= YEAR_SECONDS * 1000)) return;
  report(timeoutOutOfRange, { text: within.text }, rule.source, within.span);
}

function reportConditionalAllow(rule: BoundRule & { kind: "allow" }, { report }: Lowering): void {
  const { node, source, guard, selection } = rule;
  const [name, second] = selection.names;
  const targets =
    name !== undefined && second === undefined ? `\`${name}\`` : "every tool it names";
  const plain =
    guard.own !== undefined &&
    guard.when.length === 0 &&
    node.limits.length === 0 &&
    node.until === undefined;
  const fixes = plain
    ? [
        {
          title: "Write `deny … unless`",
          edits: [
            { span: node.keyword, text: "deny" },
            {
              span: {
                start: guard.own.span.start,
                end: guard.own.span.start + guard.own.kind.length,
              },
              text: "unless",
            },
          ],
        },
      ]
    : undefined;
  const at = guard.own?.span ?? node.until?.span ?? node.keyword;
  report(conditionalAllow, { targets }, source, at, fixes && { fixes });
}

/** Under `default allow`, tools that come later escape a glob that cannot be kept. */
export function reportNotLive(rule: BoundRule, lowering: Lowering): void {
  const { selection, source } = rule;
  if (rule.kind !== "deny" && rule.kind !== "hide") return;
  if (!isLive(lowering) || !lowering.program.tools.known || rule.shadow) return;
  const [narrowed] = selection.narrowed;
  const [glob] = selection.globs;
  const found = narrowed ?? (rule.guard.always ? undefined : glob);
  if (found === undefined) return;
  const why = narrowed === undefined ? "condition" : "except";
  const span = selection.source === source ? selection.node?.span : undefined;
  lowering.report(globNotLive, { glob: found, why }, source, span ?? rule.node.keyword);
}

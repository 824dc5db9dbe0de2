import type { Message, ReportExtras, Source, Span } from "../../../language/index.ts";
import type { At } from "../../messages/types.ts";
import type { CheckContext } from "../check.ts";

/** Something wrong in one tool of a rule. */
interface Finding {
  readonly entry: Message<never>;
  readonly parameters: object;
  readonly span: Span;
  /** The part of the condition that it spoils: one part, one diagnostic. */
  readonly part: Span;
  readonly extras: ReportExtras;
  /** Said only if it is so in every tool. */
  readonly unanimous: boolean;
}

interface Unchecked {
  readonly operand: string;
  readonly why: string;
  readonly span: Span;
}

interface Group {
  readonly finding: Finding;
  readonly tools: string[];
}

/**
 * Collects what is wrong with one condition in each of its tools, and tells it once: one diagnostic a part
 * of the condition, which names the tools.
 */
export class Problems {
  readonly #findings = new Map<string, Group>();
  readonly #unchecked = new Map<string, { readonly what: Unchecked; readonly tools: string[] }>();
  #tools: string[] = [];
  #tool = "";

  /** What is found next is found in this tool. */
  enter(tool: string): void {
    this.#tool = tool;
    this.#tools.push(tool);
  }

  add<P extends object>(
    entry: Message<P>,
    parameters: Omit<P, "at">,
    span: Span,
    part: Span,
    options: ReportExtras & { readonly unanimous?: boolean } = {},
  ): void {
    const { unanimous = false, ...extras } = options;
    const key = `${entry.code} ${span.start} ${span.end}`;
    const group = this.#findings.get(key);
    if (group !== undefined) {
      if (group.tools.at(-1) !== this.#tool) group.tools.push(this.#tool);
      return;
    }
    const finding = { entry: entry as never, parameters, span, part, extras, unanimous };
    this.#findings.set(key, { finding, tools: [this.#tool] });
  }

  /** Notes that nothing is known of an operand. */
  unchecked(operand: string, why: string | undefined, span: Span): void {
    const what = { operand, why: why ?? "", span };
    const key = `${operand} ${what.why}`;
    const known = this.#unchecked.get(key);
    if (known === undefined) this.#unchecked.set(key, { what, tools: [this.#tool] });
    else if (known.tools.at(-1) !== this.#tool) known.tools.push(this.#tool);
  }

  /** Tells everything, `notChecked` in one diagnostic. */
  report(
    context: CheckContext,
    source: Source,
    notChecked: Message<{ at: At; operands: readonly string[]; why: string }>,
  ): void {
    const of = this.#tools.length;
    const groups = [...this.#findings.values()].filter(
      ({ finding, tools }) => !finding.unanimous || tools.length === of,
    );
    for (const { finding, tools } of gravestOfEachPart(groups)) {
      const parameters = { ...finding.parameters, at: { tools, of } } as never;
      context.report(finding.entry, parameters, source, finding.span, finding.extras);
    }
    const [first, ...others] = [...this.#unchecked.values()];
    if (first === undefined || groups.some(({ finding }) => finding.entry.severity === "error")) {
      return;
    }
    const alike = others.filter(({ what }) => what.why === first.what.why);
    const operands = [...new Set([first, ...alike].map(({ what }) => what.operand))];
    const tools = [...new Set([first, ...alike].flatMap((note) => note.tools))];
    const why = first.what.why === "" ? "the schema allows anything there" : `of ${first.what.why}`;
    context.report(notChecked, { at: { tools, of }, operands, why }, source, first.what.span);
  }
}

/** Of several findings about one part: an error before a warning, then the one that most tools share. */
function gravestOfEachPart(groups: readonly Group[]): Group[] {
  const best = new Map<string, Group>();
  for (const group of groups) {
    const { part } = group.finding;
    const key = `${part.start} ${part.end}`;
    const before = best.get(key);
    if (before === undefined || weight(group) > weight(before)) best.set(key, group);
  }
  return [...best.values()];
}

function weight({ finding, tools }: Group): number {
  return (finding.entry.severity === "error" ? 1e9 : 0) + tools.length;
}

import type { RiskClass, Tool } from "./list.ts";
import { RISK_CLASSES } from "./read.ts";
import { type Evidence, evidenceOf } from "./risk-evidence.ts";

export type RiskSeverity = "low" | "medium" | "high" | "critical";

export interface Classification {
  readonly risk: RiskClass;
  /** The evidence, a sentence. */
  readonly why: string;
  readonly severity: RiskSeverity;
  /** Hints that the evidence does not bear out, each a sentence. */
  readonly contradictions: readonly string[];
}

const SEVERITY: { readonly [risk in RiskClass]: RiskSeverity } = {
  read: "low",
  write: "medium",
  execute: "high",
  financial: "critical",
  destructive: "critical",
};

/** Whether a class is graver than another: read < write < execute < financial < destructive. */
export function isGraver(risk: RiskClass, than: RiskClass): boolean {
  return RISK_CLASSES.indexOf(risk) > RISK_CLASSES.indexOf(than);
}

/**
 * The risk class of a tool. The `risk` of its entry stands, if it has one; else the gravest evidence of its
 * name, description, schema and annotations. An annotation that raises the class is believed. One that
 * lowers it (`readOnlyHint: true`, `destructiveHint: false`; MCP ToolAnnotations) is believed only where
 * nothing speaks against it, and where something does, that is a contradiction.
 */
export function classify(tool: Tool): Classification {
  let classification = classified.get(tool);
  if (classification === undefined) {
    classification = weighEvidence(tool);
    classified.set(tool, classification);
  }
  return classification;
}

const classified = new WeakMap<Tool, Classification>();

function weighEvidence(tool: Tool): Classification {
  const evidence = [...evidenceOf(tool), ...fromHints(tool)];
  const contradictions = contradictionsOf(tool, evidence);
  const found = tool.risk === undefined ? weigh(tool, evidence) : stated(tool, tool.risk);
  return { ...found, severity: SEVERITY[found.risk], contradictions };
}

function stated(tool: Tool, risk: RiskClass): { risk: RiskClass; why: string } {
  if (tool.why !== undefined) return { risk, why: tool.why };
  return {
    risk,
    why: tool.risk_by === "hand" ? "It was chosen by hand." : "The tool list says so.",
  };
}

function weigh(tool: Tool, evidence: readonly Evidence[]): { risk: RiskClass; why: string } {
  const sure = gravest(evidence.filter((piece) => piece.sure));
  if (sure !== undefined) return { risk: sure.risk, why: sentence(withName(sure, evidence)) };
  if (tool.annotations?.readOnlyHint === true) {
    return { risk: "read", why: "The server says `readOnlyHint`, and nothing speaks against it." };
  }
  const guess = gravest(evidence);
  if (guess !== undefined) {
    return { risk: guess.risk, why: `${sentence(guess.why)} Nothing says that it only reads.` };
  }
  return {
    risk: "write",
    why: "Nothing says what it does, so it counts as one that changes something.",
  };
}

/** What a hint says stands beside what the name says: the reader may know better than the server. */
function withName(hint: Evidence, evidence: readonly Evidence[]): string {
  const named = evidence.find(({ why }) => why.startsWith("the name says"));
  return hint.why !== DESTRUCTIVE || named === undefined
    ? hint.why
    : `${hint.why}, and ${named.why}`;
}

const DESTRUCTIVE = "the server says `destructiveHint`";

function gravest(evidence: readonly Evidence[]): Evidence | undefined {
  return evidence.reduce<Evidence | undefined>(
    (found, piece) => (found === undefined || isGraver(piece.risk, found.risk) ? piece : found),
    undefined,
  );
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

/** Only hints that raise the class. An absent hint says nothing, whatever its default. */
function fromHints(tool: Tool): Evidence[] {
  const { readOnlyHint, destructiveHint } = tool.annotations ?? {};
  const found: Evidence[] = [];
  if (destructiveHint === true) {
    found.push({ risk: "destructive", sure: true, why: DESTRUCTIVE });
  }
  if (readOnlyHint === false) {
    found.push({ risk: "write", sure: true, why: "the server says that it does not only read" });
  }
  return found;
}

function contradictionsOf(tool: Tool, evidence: readonly Evidence[]): string[] {
  const { readOnlyHint, destructiveHint } = tool.annotations ?? {};
  const sure = gravest(evidence.filter((piece) => piece.sure));
  if (sure === undefined) return [];
  const found: string[] = [];
  if (readOnlyHint === true && sure.risk !== "read") {
    found.push(`The server says \`readOnlyHint: true\` of \`${tool.name}\`, yet ${sure.why}.`);
  }
  if (destructiveHint === false && sure.risk === "destructive") {
    found.push(`The server says \`destructiveHint: false\` of \`${tool.name}\`, yet ${sure.why}.`);
  }
  return found;
}

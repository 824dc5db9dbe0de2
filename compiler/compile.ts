import type { Diagnostic, Source, Span } from "../language/index.ts";
import { report } from "../language/index.ts";
import type { Policy, SourceMap } from "../policy/index.ts";
import { type ClaimResult, proveClaim } from "./analysis/claims.ts";
import { callText, contextText } from "./analysis/describe-call.ts";
import { runChecks } from "./check/check.ts";
import { rules } from "./check/rules.ts";
import { argumentsOf } from "./check/typed.ts";
import type { Host } from "./host.ts";
import { type Lowered, lower, sourceMapOf } from "./lower/lower.ts";
import type { Lowering } from "./lower/rule.ts";
import { checkCore, type Target } from "./lower/target.ts";
import { claimRefuted, claimUndecided } from "./messages/claims.ts";
import type { Program } from "./program.ts";
import { resolve } from "./resolve/resolve.ts";
import { hasBytes } from "./resolve/texts.ts";

export interface Compilation {
  /** Arranged: `serializePolicy` gives its bytes. Undefined when there is an error. Made when it is asked for. */
  readonly policy: Policy | undefined;
  /** From JSON pointers into `policy`; empty without one. Made when it is asked for. */
  readonly map: SourceMap;
  /** In the order of the files and of the text. */
  readonly diagnostics: readonly Diagnostic[];
  readonly program: Program;
  /** What was found out of each claim, in their order; empty when there is an error of another kind. */
  readonly claims: readonly ClaimResult[];
}

export interface CompileOptions {
  /** `mcpp` unless it is said. */
  readonly target?: Target;
  /**
   * Keeps what it finds out about each statement for the compilation of the text after an edit (`edited`), which
   * then takes only as long as what the edit concerns. Says the same; costs time and memory where no edit follows.
   * The compilation is used up by the next one: its policy and its map are asked for before.
   */
  readonly remember?: boolean;
  /** Claims are proved, and neither reported nor a reason to have no policy: whoever asks says what they came to. */
  readonly claimsApart?: boolean;
}

/** Compiles a policy: text to JSON, with everything there is to say about it. Never throws. */
export function compile(source: Source, host: Host, options: CompileOptions = {}): Compilation {
  const { remember = false, claimsApart = false } = options;
  const resolved = resolve(source, host, remember);
  const { program } = resolved;
  const found = [...resolved.diagnostics];
  found.push(...runChecks(rules, program, found, remember));

  // A consequence of what was said already is not said again.
  const later: Diagnostic[] = [];
  const lowering: Lowering = {
    program,
    remember,
    report: (entry, parameters, at, span, extras) => {
      if (found.some((other) => other.severity === "error" && overlaps(other, at, span))) return;
      later.push(report(entry, parameters, at, span, extras));
    },
  };
  const lowered = hasBytes(program) ? lower(lowering) : undefined;
  if (lowered !== undefined && options.target === "policylayer") checkCore(lowered(), lowering);

  const isSound = [...found, ...later].every(({ severity }) => severity !== "error");
  const claims = isSound && lowered !== undefined ? proveClaims(program, lowered, host) : [];
  const diagnostics = inOrder(
    [...found, ...later, ...(claimsApart ? [] : claims.flatMap((one) => claimDiagnostics(one)))],
    program,
  );
  const fine = lowered !== undefined && diagnostics.every(({ severity }) => severity !== "error");
  let map: SourceMap | undefined;
  return {
    get policy() {
      return fine ? lowered().policy : undefined;
    },
    get map() {
      map ??= fine ? sourceMapOf(lowered()) : {};
      return map;
    },
    diagnostics,
    program,
    claims,
  };
}

function proveClaims(
  program: Program,
  lowered: () => Lowered,
  { judge }: Host,
): readonly ClaimResult[] {
  const claims = program.claims.filter(({ resolved }) => resolved);
  if (claims.length === 0) return [];
  const { policy } = lowered();
  const typeOf = (tool: string) => argumentsOf(program, tool);
  return claims.map((claim) => ({
    claim,
    verdict: proveClaim(claim, { labels: program.labels, policies: [policy], judge, typeOf }),
  }));
}

/**
 * What there is to say of a claim that was not proved.
 *
 * @param where whose calls it was proved of, where not everybody's: `for the grant …`
 */
export function claimDiagnostics(
  { claim, verdict }: ClaimResult,
  where?: string,
): readonly Diagnostic[] {
  const { node, source } = claim;
  if (verdict.kind === "proved") return [];
  if (verdict.kind === "undecided") {
    const parameters = { ...verdict, ...(where !== undefined && { where }) };
    return [report(claimUndecided, parameters, source, node.span)];
  }
  const { call, outcome } = verdict;
  const parameters = {
    claim: node.claim,
    call: callText(call),
    context: contextText(call),
    outcome,
    ...(where !== undefined && { where }),
  };
  return [report(claimRefuted, parameters, source, node.span)];
}

/** What `compile` has to say, without its policy. */
export function check(
  source: Source,
  host: Host,
): { readonly diagnostics: readonly Diagnostic[]; readonly program: Program } {
  const { diagnostics, program } = compile(source, host);
  return { diagnostics, program };
}

function overlaps(diagnostic: Diagnostic, source: Source, span: Span): boolean {
  return (
    diagnostic.source === source &&
    diagnostic.span.start < Math.max(span.end, span.start + 1) &&
    span.start < Math.max(diagnostic.span.end, diagnostic.span.start + 1)
  );
}

/** By file, then by place; each once. */
function inOrder(diagnostics: readonly Diagnostic[], program: Program): Diagnostic[] {
  const files = new Map(program.files.map(({ source }, index) => [source, index]));
  const fileOf = ({ source }: Diagnostic): number => files.get(source) ?? files.size;
  const sorted = [...diagnostics].sort(
    (a, b) =>
      fileOf(a) - fileOf(b) ||
      a.span.start - b.span.start ||
      a.span.end - b.span.end ||
      (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  );
  const seen = new Set<string>();
  return sorted.filter((diagnostic) => {
    const { code, span, message } = diagnostic;
    const key = `${fileOf(diagnostic)} ${span.start} ${span.end} ${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

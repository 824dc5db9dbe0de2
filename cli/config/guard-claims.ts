import { type Compilation, claimDiagnostics, proveFor, typeOf } from "../../compiler/index.ts";
import type { Diagnostic } from "../../language/index.ts";
import { compileGlob, type Json } from "../../policy/index.ts";
import { engineJudge } from "../judge.ts";
import type { PolicyFacts, Under } from "./config.ts";

/** What is wrong with the claims of a guard about calls that must pass it and a policy under it. */
export function claimsOver(guard: Compilation, under: Under): readonly Diagnostic[] {
  const above = guard.policy;
  const below = under.policy.policy;
  if (above === undefined || below === undefined) return [];
  const policies = under.shadow === true ? [above] : [above, below];
  return guard.program.claims.flatMap((claim) => {
    if (!claim.resolved) return [];
    const tools = toolsOf(claim, under.policy);
    const verdict = proveFor(claim, tools, {
      policies,
      judge,
      typeOf: (tool) => argumentsOf(under.policy, tool),
      ...(under.grant !== undefined && { grant: under.grant }),
    });
    return claimDiagnostics({ claim, verdict }, under.where);
  });
}

const judge = engineJudge();

/** The tools that a claim names, and those of the other policy that its globs select. */
function toolsOf(
  { selection }: Compilation["program"]["claims"][number],
  { policy, tools }: PolicyFacts,
): readonly string[] {
  const covers = selection.globs.map(compileGlob);
  const excepts = selection.except.flatMap(({ node }) =>
    node.kind === "name" || node.kind === "glob" ? [compileGlob(node.value)] : [],
  );
  const known = [...Object.keys(policy?.tools ?? {}), ...(tools?.keys() ?? [])];
  const selected = known.filter(
    (name) => covers.some((one) => one(name)) && !excepts.some((one) => one(name)),
  );
  return [...new Set([...selection.names, ...selected])].sort();
}

function argumentsOf({ tools }: PolicyFacts, tool: string): ReturnType<typeof typeOf> | undefined {
  const schema = (tools?.get(tool) as { readonly inputSchema?: Json } | undefined)?.inputSchema;
  return schema === undefined ? undefined : typeOf(schema);
}

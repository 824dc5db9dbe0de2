import { noToolList } from "../../compiler/index.ts";
import {
  type Diagnostic,
  didYouMean,
  report,
  type Source,
  type Span,
  suggest,
} from "../../language/index.ts";
import type { GrantConfig, PolicyFacts } from "./config.ts";
import { guardForbids, guardNamesNoTool } from "./messages.ts";

/** An exact name of a tool in a policy. */
export interface Naming {
  readonly name: string;
  readonly source: Source;
  readonly span: Span;
}

/** An `allow` or `ask`, and the tools that it opens. */
export interface Permission {
  readonly tools: readonly string[];
  readonly source: Source;
  readonly span: Span;
}

/** What is to say of a guard by itself: it needs no tool list, because it is for more than one server. */
export function ofGuard({ diagnostics }: PolicyFacts): readonly Diagnostic[] {
  return diagnostics.filter(({ code }) => code !== noToolList.code);
}

/** What a guard and the policies under it have to say about one another. */
export function guardFindings(
  guard: PolicyFacts,
  policies: readonly PolicyFacts[],
): readonly Diagnostic[] {
  return [...unknownNames(guard, policies), ...policies.flatMap((one) => forbidden(guard, one))];
}

/** What is wrong with the claims of a guard about the calls of one grant. */
export function claimsOverGrant(
  guard: PolicyFacts,
  { id, name, labels, policies, shadow }: GrantConfig,
): readonly Diagnostic[] {
  return [...policies].flatMap(([server, policy]) => {
    const where = `for the grant \`${name}\` on \`${server}\``;
    return guard.claimsOver?.({ policy, where, shadow, grant: { id, name, labels } }) ?? [];
  });
}

/** Names of the guard that no server has; said only where every server's tools are known. */
function unknownNames(guard: PolicyFacts, policies: readonly PolicyFacts[]): Diagnostic[] {
  // A guard with a tool list of its own was checked against that.
  if (guard.toolNames !== undefined || policies.length === 0) return [];
  const known = new Set<string>();
  for (const { toolNames } of policies) {
    if (toolNames === undefined) return [];
    for (const name of toolNames) known.add(name);
  }
  return (guard.namings ?? []).flatMap(({ name, source, span }) => {
    if (known.has(name)) return [];
    const hint = didYouMean(suggest(name, known));
    const extras = hint === undefined ? {} : { hint };
    return [report(guardNamesNoTool, { name }, source, span, extras)];
  });
}

function forbidden(guard: PolicyFacts, { permissions = [] }: PolicyFacts): Diagnostic[] {
  return permissions.flatMap(({ tools, source, span }) => {
    const refused = tools.filter((tool) => guard.refuses?.(tool) === true);
    if (refused.length === 0 || refused.length < tools.length) return [];
    const parameters = { tools: refused, guard: guard.path };
    return [report(guardForbids, parameters, source, span)];
  });
}

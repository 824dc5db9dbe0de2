import type { Policy, RuleEntry, ToolPolicy } from "../../policy/index.ts";
import { pointer, usedExtensions, walkPolicy } from "../../policy/index.ts";
import { notCore, unpublished } from "../messages/lowering.ts";
import type { Lowered } from "./lower.ts";
import type { Place } from "./places.ts";
import type { Lowering } from "./rule.ts";

/** The formats that a policy can be compiled to: ours, or only what hosted gateways publish. */
export const TARGETS = ["mcpp", "policylayer"] as const;
export type Target = (typeof TARGETS)[number];

/**
 * Reports every statement that needs more than the core format, and the parts of the core whose meaning on
 * hosted gateways is not published.
 */
export function checkCore(lowered: Lowered, lowering: Lowering): void {
  reportExtensions(lowered, lowering);
  reportUnpublished(lowered, lowering);
}

function reportExtensions({ policy, places }: Lowered, lowering: Lowering): void {
  const { program, report } = lowering;
  const byPlace = new Map<string, { place: Place; extensions: Set<string> }>();
  const need = (found: readonly Place[], extensions: Iterable<string>): void => {
    const names = [...extensions];
    if (names.length === 0) return;
    for (const place of found) {
      const key = `${place.source.name} ${place.span.start} ${place.span.end}`;
      const known = byPlace.get(key) ?? { place, extensions: new Set() };
      for (const name of names) known.extensions.add(name);
      byPlace.set(key, known);
    }
  };
  for (const [at, part] of parts(policy)) {
    need(places.get(at) ?? [], usedExtensions({ version: "1", default: "deny", ...part }).keys());
  }
  const { pin, validate } = program;
  if (pin !== undefined) need([{ source: pin.source, span: pin.node.span }], ["pins"]);
  if (validate !== undefined) {
    need([{ source: validate.source, span: validate.node.span }], ["validate"]);
  }
  for (const kind of ["resource", "prompt"] as const) {
    const { stated } = program.defaults[kind];
    if (stated !== undefined) {
      need([{ source: stated.source, span: stated.node.span }], [`${kind}s`]);
    }
  }
  for (const { place, extensions } of byPlace.values()) {
    report(notCore, { extensions: [...extensions].sort() }, place.source, place.span);
  }
}

/** Each part of a policy that has a place of its own, as a policy with nothing else in it. */
function* parts(policy: Policy): Iterable<readonly [at: string, part: Partial<Policy>]> {
  const { unlisted, hide, deny_tools, all_tools, tools, resources, prompts } = policy;
  if (unlisted !== undefined) yield ["/unlisted", { unlisted }];
  for (const [index, name] of (hide ?? []).entries()) {
    yield [pointer("hide", index), { hide: [name] }];
  }
  for (const [glob, entry] of Object.entries(deny_tools ?? {})) {
    yield [pointer("deny_tools", glob), { deny_tools: { [glob]: entry } }];
  }
  for (const [index, limit] of (all_tools?.limits ?? []).entries()) {
    yield [pointer("all_tools", "limits", index), { all_tools: { limits: [limit] } }];
  }
  for (const [name, tool] of Object.entries(tools ?? {})) {
    for (const list of ["require", "deny_if", "ask_if", "limits"] as const) {
      for (const [index, entry] of (tool[list] ?? []).entries()) {
        const part = { [name]: { [list]: [entry] } as ToolPolicy };
        yield [pointer("tools", name, list, index), { tools: part }];
      }
    }
  }
  for (const [kind, value] of Object.entries({ resources, prompts })) {
    for (const list of ["allow", "deny", "hide"] as const) {
      for (const index of (value?.[list] ?? []).keys()) {
        yield [pointer(kind, list, index), { [kind]: value }];
      }
    }
  }
}

/** One warning for each open question, at the first statement that raises it. */
function reportUnpublished({ policy, places }: Lowered, lowering: Lowering): void {
  const regexes: Place[] = [];
  const absent: Place[] = [];
  let here: readonly Place[] = [];
  walkPolicy(policy, {
    entry(_entry: RuleEntry, at) {
      here = places.get(at) ?? [];
    },
    condition(condition) {
      if (!("path" in condition)) return;
      if (condition.op === "regex") regexes.push(...here);
      else if (condition.op !== "exists") absent.push(...here);
    },
  });
  warn("regular expressions", regexes, lowering);
  warn("a condition whose argument is missing or of another type", absent, lowering);
}

function warn(what: string, found: readonly Place[], { report }: Lowering): void {
  const [first, ...others] = [
    ...new Map(found.map((place) => [keyOf(place), place])).values(),
  ].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (first === undefined) return;
  const related = others.map(({ source, span }) => ({ message: "Here too.", source, span }));
  report(unpublished, { what }, first.source, first.span, related.length > 0 ? { related } : {});
}

function keyOf({ source, span }: Place): string {
  return `${source.name}:${String(span.start).padStart(9, "0")}:${span.end}`;
}

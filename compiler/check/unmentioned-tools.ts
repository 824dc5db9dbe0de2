import { compileGlob } from "../../policy/index.ts";
import { unmentionedTools } from "../messages/coverage.ts";
import type { Check } from "./check.ts";
import { placeOfPolicy } from "./standing.ts";

/** Every tool of the list is mentioned; those that are not come in one list. */
export const unmentionedToolsCheck: Check = {
  name: "unmentioned-tools",
  run({ program, report, sound }) {
    const { tools, rules, defaults } = program;
    if (!tools.known || !sound()) return;
    const selections = rules.filter((rule) => rule.of === "tool").map((rule) => rule.selection);
    const mentioned = new Set(selections.flatMap((selection) => selection.names));
    const globs = [...new Set(selections.flatMap((selection) => selection.globs))].map(compileGlob);
    const names = tools.names.filter(
      (name) => !mentioned.has(name) && !globs.some((matches) => matches(name)),
    );
    if (names.length === 0) return;
    const { source, span } = placeOfPolicy(program);
    const effect = defaults.tool.effect;
    report(unmentionedTools, { names, of: tools.names.length, effect }, source, span);
  },
};

import type { Program } from "../program.ts";
import { written } from "../resolve/targets.ts";
import { RISK_CLASSES } from "../tools/read.ts";
import { type Candidate, countOf } from "./candidates.ts";
import { toolsOfItem } from "./scope.ts";

/** Every tool, but those that are named already. */
export function tools(program: Program, without: ReadonlySet<string>): readonly Candidate[] {
  const { names, byName, risk } = program.tools;
  return names
    .filter((name) => !without.has(name) && !without.has(written(name)))
    .map((name) => {
      const title = byName.get(name)?.title;
      const detail = [risk.get(name), title].filter((part) => part !== undefined).join(" · ");
      return {
        kind: "tool",
        label: name,
        text: written(name),
        ...(detail === "" ? {} : { detail }),
      };
    });
}

/** Own groups, and the risk classes that have tools. */
export function groups(program: Program): readonly Candidate[] {
  const own = [...program.groups].map(
    ([name, { selection }]): Candidate => ({
      kind: "group",
      label: `@${name}`,
      text: `@${name}`,
      detail: countOf(selection.names.length, selection.of),
    }),
  );
  const builtIn = RISK_CLASSES.flatMap((name): Candidate[] => {
    const tools = toolsOfItem(program, { kind: "group", value: name });
    if (program.tools.known && tools.length === 0) return [];
    const detail = program.tools.known ? countOf(tools.length, "tool") : "risk class";
    return [{ kind: "group", label: `@${name}`, text: `@${name}`, detail }];
  });
  return [...own, ...builtIn];
}

/** Globs over the first words that several tools begin with. */
export function globs(program: Program): readonly Candidate[] {
  const counts = new Map<string, number>();
  for (const name of program.tools.names) {
    const word = /^[A-Za-z0-9]+[_-]/.exec(name)?.[0];
    if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([word, count]) => ({
      kind: "glob",
      label: `${word}*`,
      text: /^[A-Za-z]/.test(word) ? `${word}*` : JSON.stringify(`${word}*`),
      detail: countOf(count, "tool"),
    }));
}

/** The resources of the list. */
export function resources(program: Program): readonly Candidate[] {
  return (program.tools.list?.resources ?? []).map(({ uri, name }) => ({
    kind: "resource",
    label: uri,
    text: JSON.stringify(uri),
    ...(name === undefined ? {} : { detail: name }),
  }));
}

/** The prompts of the list. */
export function prompts(program: Program): readonly Candidate[] {
  return (program.tools.list?.prompts ?? []).map(({ name, description }) => ({
    kind: "prompt",
    label: name,
    text: written(name),
    ...(description === undefined ? {} : { doc: description }),
  }));
}

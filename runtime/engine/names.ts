import { compileGlob, isGlob } from "../../policy/index.ts";

/** A set of names and globs, asked by name: the index of the first that matches, or -1. */
export function compileNames(patterns: readonly string[]): (name: string) => number {
  const exact = new Map<string, number>();
  const globs: { readonly matches: (name: string) => boolean; readonly index: number }[] = [];
  patterns.forEach((pattern, index) => {
    if (isGlob(pattern)) globs.push({ matches: compileGlob(pattern), index });
    else if (!exact.has(pattern)) exact.set(pattern, index);
  });
  return (name) => {
    const found = exact.get(name);
    if (found !== undefined) return found;
    for (const glob of globs) {
      if (glob.matches(name)) return glob.index;
    }
    return -1;
  };
}

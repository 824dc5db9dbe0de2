import { compileGlob, compileStarGlob, isGlob } from "../../policy/index.ts";

/** A set of names: the index of the first that matches, or -1. */
type Names = (name: string) => number;

/** Names of tools and globs with `*` and `?`. */
export function compileNames(patterns: readonly string[]): Names {
  return compile(patterns, isGlob, compileGlob);
}

/** URIs or names of prompts, and globs with `*` alone: a `?` begins the query of a URI. */
export function compileStarNames(patterns: readonly string[]): Names {
  return compile(patterns, (text) => text.includes("*"), compileStarGlob);
}

function compile(
  patterns: readonly string[],
  isPattern: (text: string) => boolean,
  compileOne: (glob: string) => (name: string) => boolean,
): Names {
  const exact = new Map<string, number>();
  const globs: { readonly matches: (name: string) => boolean; readonly index: number }[] = [];
  patterns.forEach((pattern, index) => {
    if (isPattern(pattern)) globs.push({ matches: compileOne(pattern), index });
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

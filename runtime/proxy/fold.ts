/**
 * Foldings under which a lenient receiver may take one name for another. Two names that differ but fold to
 * the same are never both let through (runtime, § Refused before any policy).
 */

const PLAIN = /^[a-z0-9/.]*$/;
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/** Of method and tool names: NFKC, case, white space around, and characters that are not seen. */
export function foldName(name: string): string {
  if (PLAIN.test(name)) return name;
  const visible = name.normalize("NFKC").replace(IGNORABLE, "").trim();
  // Upper first: `ſ` and `ı` have no lower case of their own but share an upper case with `s` and `i`.
  return visible.toUpperCase().toLowerCase().normalize("NFKC");
}

/** Of keys: as names, and `-` and `_` do not count. */
export function foldKey(key: string): string {
  return foldName(key).replace(/[-_]/g, "");
}

/** The first key that is none of `names` but folds to one, with that name. */
export function confusableKey(
  keys: Iterable<string>,
  names: FoldedNames,
): { readonly key: string; readonly name: string } | undefined {
  for (const key of keys) {
    if (names.exact.has(key)) continue;
    const name = names.folded.get(foldKey(key));
    if (name !== undefined) return { key, name };
  }
  return undefined;
}

export interface FoldedNames {
  readonly exact: ReadonlySet<string>;
  /** From the folded form to the name. */
  readonly folded: ReadonlyMap<string, string>;
}

export function foldedNames(names: Iterable<string>): FoldedNames {
  const exact = new Set(names);
  return { exact, folded: new Map([...exact].map((name) => [foldKey(name), name])) };
}

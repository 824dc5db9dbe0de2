import type { Fix, ReportExtras, Span } from "../../language/index.ts";
import { didYouMean, suggest } from "../../language/index.ts";

/** A did-you-mean for a name that was not found, with a fix for each candidate. */
export function hintFor(
  name: string,
  candidates: Iterable<string>,
  span: Span,
  write: (candidate: string) => string = (candidate) => candidate,
): ReportExtras {
  const suggestions = suggest(name, [...candidates]);
  if (suggestions.length === 0) return {};
  const fixes: Fix[] = suggestions.map((candidate) => ({
    title: `Change to \`${write(candidate)}\``,
    edits: [{ span, text: write(candidate) }],
  }));
  const hint = didYouMean(suggestions.map(write));
  return { fixes, ...(hint === undefined ? {} : { hint }) };
}

/** How many letters must be added, left out or changed to make one word of the other. */
export function distance(a: string, b: string): number {
  let previous = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}

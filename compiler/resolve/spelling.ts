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

/** How many letters must be added, left out, changed or swapped with a neighbour to make one word the other. */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          change,
          (last[j] as number) + 1,
          (row[j - 1] as number) + 1,
          swapped ? (beforeLast[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

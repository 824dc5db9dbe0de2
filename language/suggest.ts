/** At most so many names are offered. */
const MOST = 5;

/**
 * The candidates that someone who wrote `written` may have meant, the nearest first, at most five. A name that
 * differs by case alone comes before all others; beyond a third of its length a name is another name.
 */
export function suggest(written: string, candidates: Iterable<string>): string[] {
  const folded = written.toLowerCase();
  const limit = Math.max(Math.floor(written.length / 3), 1);
  const scored: { name: string; distance: number }[] = [];
  for (const name of new Set(candidates)) {
    if (name === written) continue;
    const other = name.toLowerCase();
    if (other === folded) scored.push({ name, distance: 0 });
    else if (Math.abs(other.length - folded.length) <= limit) {
      const distance = editDistance(folded, other, limit);
      if (distance <= limit) scored.push({ name, distance });
    }
  }
  return scored
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** ``Did you mean `a`, `b` or `c`?``; undefined without names. */
export function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${alternatives(names)}?`;
}

/** `` `a`, `b` or `c` `` */
export function alternatives(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\``);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that make one text the other (optimal string
 * alignment distance); anything above `limit` is `limit + 1`.
 */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] as number) + 1);
      }
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

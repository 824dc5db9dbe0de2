/** `` `a`, `b` and `c` ``; beyond `most` names the rest is counted: `` `a`, `b` and 7 more ``. */
export function listing(names: readonly string[], most = 5): string {
  const shown = names.length > most ? names.slice(0, most - 1) : names;
  const parts = shown.map((name) => `\`${name}\``);
  if (names.length > most) parts.push(`${names.length - shown.length} more`);
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}

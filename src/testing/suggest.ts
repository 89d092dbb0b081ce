/** `; did you mean "nodes"?` where something near to what was written exists; else what there is, if that is a short list. */
const LISTED_MAX = 20;

export function suggest(written: string, known: readonly string[]): string {
  const near = known
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return `; did you mean "${near.word}"?`;
  if (known.length === 0) return '; there are none';
  return known.length <= LISTED_MAX ? `; there are: ${known.join(', ')}` : '';
}

/** Insertions, deletions and replacements that lead from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

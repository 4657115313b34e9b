/** More letters apart than this, two words are no misspelling of each other. */
const MAX_EDITS = 3;

/** The candidate that is the fewest edits away from a word (Levenshtein); null when none is near. */
export function nearest<Candidate extends string>(word: string, candidates: readonly Candidate[]): Candidate | null {
  let best: { candidate: Candidate; edits: number } | null = null;
  for (const candidate of candidates) {
    const edits = editsBetween(word.slice(0, 64), candidate);
    if (edits <= MAX_EDITS && edits < candidate.length && (best === null || edits < best.edits)) {
      best = { candidate, edits };
    }
  }
  return best?.candidate ?? null;
}

function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (above[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[to.length] ?? 0;
}

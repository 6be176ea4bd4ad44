/** A command line that is not valid: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The words after `npx postern` of the command whose help explains more. */
  readonly helpOf: string;

  constructor(message: string, helpOf = '') {
    super(message);
    this.helpOf = helpOf;
  }
}

/** The candidate that `word` most likely stands for; undefined if none is similar enough. */
export function mostSimilar(word: string, candidates: readonly string[]): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, distance: distanceBetween(word, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.candidate ?? candidates.find((candidate) => word.length > 2 && candidate.startsWith(word));
}

/** Levenshtein distance: single letters inserted, left out or replaced. */
function distanceBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The word that somebody who mistyped may have meant. */

/** The nearest of `words`, or undefined where none is near. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const word of words) {
    // A beginning is meant more likely than a slip.
    const steps = isPrefix(typed, word) ? 0.5 : distance(typed, word);
    if (steps < least) [best, least] = [word, steps];
  }
  return least <= Math.max(1, Math.floor(typed.replace(/^-+/, "").length / 3)) ? best : undefined;
}

function isPrefix(typed: string, word: string): boolean {
  return typed.replace(/^-+/, "").length >= 3 && word.startsWith(typed);
}

/** How many letters to change, add, remove or swap with their neighbour. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        steps = Math.min(steps, before[j - 2]! + 1);
      }
      row.push(steps);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}

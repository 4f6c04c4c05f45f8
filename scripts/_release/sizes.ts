/** What the files of a release take, and whether that is still allowed. */
import { BUDGET } from "./names.ts";
import type { Made } from "./release.ts";

/** One line for each file, with its size and the most it may have. */
export function sizeTable(made: readonly Made[]): string {
  const width = Math.max(...made.map(({ name }) => name.length));
  return made.map(({ name, kind, size }) =>
    `${name.padEnd(width)}  ${megabytes(size).padStart(6)} MB  of ${
      String(BUDGET[kind]).padStart(4)
    }`
  ).join("\n");
}

/** A sentence for each file that takes more than its kind may. */
export function overBudget(made: readonly Made[]): string[] {
  return made.filter(({ kind, size }) => size > BUDGET[kind] * 1e6).map(({ name, kind, size }) =>
    `${name} is too large: it may have ${BUDGET[kind]} MB, and has ${megabytes(size)}. ` +
    "The budget is in scripts/_release/names.ts."
  );
}

function megabytes(size: number): string {
  return (size / 1e6).toFixed(size < 1e5 ? 2 : 1);
}

/** Tables for people: columns as wide as what is in them, on a terminal no wider than it. */
import { cutTo, inColour, oneLine, painted, paintOf, terminalWidth } from "./terminal.ts";

/** A column is cut to no less than this. */
const NARROWEST = 8;
const GAP = 2;

/** How a table is shown; by default as standard output wants it. */
export interface TableLook {
  /** Longest line. */
  width?: number;
  colour?: boolean;
}

/**
 * Columns under their headings, two spaces apart; numbers to the right. Where they are wider than the
 * terminal, the widest ones are cut. Words that are states have colours.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { width = terminalWidth(), colour = inColour() }: TableLook = {},
): string {
  const clean = rows.map((row) => row.map(oneLine));
  const widths = fitted(
    headings.map((heading, at) =>
      clean.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), heading.length)
    ),
    headings,
    width,
  );
  const right = headings.map((_, at) =>
    clean.length > 0 && clean.every((row) => /^(-?\d+(\.\d+)?)?$/.test(row[at] ?? ""))
  );
  const line = (cells: readonly string[], look: (cell: string, text: string) => string) =>
    widths.map((width, at) => {
      const cell = cutTo(cells[at] ?? "", width);
      const last = at === widths.length - 1;
      const text = right[at] ? cell.padStart(width) : last ? cell : cell.padEnd(width);
      return look(cell, text);
    }).join(" ".repeat(GAP)).trimEnd();
  const head = line(headings, (_, text) => text);
  return [
    painted(head, "bold", colour),
    ...clean.map((row) =>
      line(row, (cell, text) => {
        const paint = colour ? paintOf(cell) : undefined;
        return paint ? text.replace(cell, () => painted(cell, paint, true)) : text;
      })
    ),
  ].join("\n");
}

/** The widest columns give way first; headings stay whole as long as that is enough. */
function fitted(widths: number[], headings: readonly string[], most: number): number[] {
  const fit = [...widths];
  const total = () => fit.reduce((sum, width) => sum + width + GAP, -GAP);
  for (let over = total() - most; over > 0; over = total() - most) {
    const widest = Math.max(...fit);
    const at = fit.indexOf(widest);
    const least = Math.max(NARROWEST, headings[at]!.length);
    if (widest <= least) break;
    const next = Math.max(least, ...fit.filter((width) => width < widest));
    fit[at] = Math.max(widest - over, Math.min(next, widest - 1), least);
  }
  return fit;
}

/** Tables for people: columns as wide as what is in them, on a terminal no wider than it. */
import { cutTo, inColour, oneLine, painted, paintOf, terminalWidth } from "./terminal.ts";

/** A column is cut to no less than this. */
const NARROWEST = 8;
/** A part of an address leads nowhere: such columns are not cut. */
const ADDRESS = /^(\d+(\.\d+){3}|[\da-f]*:[\da-f:]+)?$/i;
const GAP = 2;

/** How a table is shown; by default as standard output wants it. */
export interface TableLook {
  /** Longest line. */
  width?: number;
  colour?: boolean;
}

/**
 * Columns under their headings, two spaces apart; numbers to the right. Where they are wider than the
 * terminal, the empty ones are left out and the widest ones cut. Words that are states have colours.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { width = terminalWidth(), colour = inColour() }: TableLook = {},
): string {
  const clean = rows.map((row) => row.map(oneLine));
  const wanted = widthsOf(headings, clean);
  const used = headings.flatMap((_, at) => clean.some((row) => row[at]) ? [at] : []);
  if (lengthOf(wanted) > width && 0 < used.length && used.length < headings.length) {
    const some = (row: readonly string[]) => used.map((at) => row[at] ?? "");
    return table(some(headings), clean.map(some), { width, colour });
  }
  const least = headings.map((heading, at) =>
    clean.every((row) => ADDRESS.test(row[at] ?? ""))
      ? wanted[at]!
      : Math.max(NARROWEST, heading.length)
  );
  const widths = fitted(wanted, least, width);
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

function widthsOf(headings: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return headings.map((heading, at) =>
    rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), heading.length)
  );
}

function lengthOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

/** The widest columns give way first, each down to its least. */
function fitted(widths: number[], least: readonly number[], most: number): number[] {
  const fit = [...widths];
  for (let over = lengthOf(fit) - most; over > 0; over = lengthOf(fit) - most) {
    const open = fit.map((width, at) => width > least[at]! ? width : 0);
    const widest = Math.max(...open);
    if (widest === 0) break;
    const at = open.indexOf(widest);
    const next = Math.max(least[at]!, ...open.filter((width) => width < widest));
    fit[at] = Math.max(widest - over, Math.min(next, widest - 1), least[at]!);
  }
  return fit;
}

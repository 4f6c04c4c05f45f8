/** What stands in a table's cell, as a value: equal values need no change of the page. */

/** How a text is meant; never by its colour alone. */
export type Tone = "good" | "warn" | "bad" | "muted" | "plain";

/** One GPU as a small mark. */
export interface GpuMark {
  /** Part that is held, 0 to 1. */
  held: number;
  /** Busy as its driver says, 0 to 1; null: not known. */
  busy: number | null;
  /** Busy or full though nobody of the cluster holds it. */
  foreign: boolean;
  title: string;
}

/** See the top of this file. */
export interface Cell {
  text: string;
  /** A second, smaller line. */
  sub?: string;
  tone?: Tone;
  /** A state: a dot stands before it. */
  dot?: boolean;
  mono?: boolean;
  title?: string;
  href?: string;
  /** 0 to 1: a bar behind the text. */
  bar?: number;
  gpus?: readonly GpuMark[];
}

/** A column of a table of rows `R`. */
export interface Column<R> {
  id: string;
  title: string;
  /** What a title alone does not say. */
  hint?: string;
  cell(row: R): Cell;
  /** What rows are ordered by; absent: by the cell's text. */
  order?(row: R): number | string;
  /** Numbers stand at the right. */
  number?: boolean;
  /** How narrow a window must be to leave it out: first 3, then 2. */
  rank?: 2 | 3;
  /** Takes the room that is left. */
  wide?: boolean;
  /** May go on in a second line. */
  wrap?: boolean;
}

/** A bar's tone: nearly full is worth a look. */
export function fullness(share: number | undefined): Tone {
  if (share === undefined) return "muted";
  return share >= 0.95 ? "bad" : share >= 0.85 ? "warn" : "plain";
}

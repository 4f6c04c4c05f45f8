/** What standard output is: a terminal and how wide, and whether colours are wanted. */

/** SGR codes of the colours that are used. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A colour or weight of text. */
export type Paint = keyof typeof CODES;

/** True where a person reads standard output. */
export function onTerminal(): boolean {
  return Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** True where colours are wanted: on a terminal, unless NO_COLOR is set; with FORCE_COLOR always. */
export function inColour(): boolean {
  if (Deno.env.get("NO_COLOR")) return false;
  return Boolean(Deno.env.get("FORCE_COLOR")) || onTerminal();
}

/** Columns of the terminal; without one there is no limit. */
export function terminalWidth(): number {
  if (!onTerminal()) return Infinity;
  try {
    // A terminal that was never given a size says 0.
    return Math.max(20, Deno.consoleSize().columns || 80);
  } catch {
    return 80;
  }
}

/** Rows of the terminal. */
export function terminalHeight(): number {
  try {
    return Math.max(4, Deno.consoleSize().rows || 24);
  } catch {
    return 24;
  }
}

/** The text in a colour, where colours are wanted. */
export function painted(text: string, paint: Paint, colour = inColour()): string {
  return colour && text !== "" ? `\x1b[${CODES[paint]}m${text}\x1b[0m` : text;
}

const WORDS: Readonly<Record<string, Paint>> = {
  alive: "green",
  created: "green",
  running: "green",
  succeeded: "green",
  suspect: "yellow",
  draining: "yellow",
  away: "yellow",
  pending: "yellow",
  pending_creation: "yellow",
  restarting: "yellow",
  rescheduling: "yellow",
  warning: "yellow",
  dead: "red",
  failed: "red",
  error: "red",
  stopped: "dim",
  ended: "dim",
  removed: "dim",
  info: "dim",
};

/** The colour in which a state's word is shown; undefined for a word that has none. */
export function paintOf(word: string): Paint | undefined {
  return WORDS[word.trim().toLowerCase()];
}

/** Without what would move a terminal's cursor or end a line: names and messages are others' words. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, " ");
}

// deno-lint-ignore no-control-regex
const ORDER = /\x1b\[[\d;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Without what makes a terminal do more than show a text: move its cursor, change its title, fill its
 * clipboard. Lines, tabulators and colours stay.
 */
export function harmless(text: string): string {
  return text.replace(ORDER, (found) => found.length > 1 ? found : "?");
}

/** Cuts a text to a length, which shows. */
export function cutTo(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text;
}

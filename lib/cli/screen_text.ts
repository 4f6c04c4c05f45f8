/** Lines with colours in them, as a terminal counts them. Pure. */

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[0-9;]*m/g;

/** The text without its colours. */
export function withoutColour(text: string): string {
  return text.replace(COLOUR, "");
}

/** Cuts a line to so many columns, which shows; colours take none, and end with the line. */
export function cutLine(line: string, width: number): string {
  if (withoutColour(line).length <= width) return line;
  let text = "";
  let columns = 0;
  let at = 0;
  let coloured = false;
  for (const match of line.matchAll(COLOUR)) {
    const part = line.slice(at, match.index);
    if (columns + part.length >= width) break;
    text += part + match[0];
    columns += part.length;
    coloured = match[0] !== "\x1b[0m";
    at = match.index + match[0].length;
  }
  const rest = withoutColour(line.slice(at));
  return `${text}${rest.slice(0, width - columns - 1)}…${coloured ? "\x1b[0m" : ""}`;
}

/** `████░░░░░░` for a part of a whole, 0 to 1. */
export function bar(part: number, width = 10): string {
  const full = Math.round(Math.max(0, Math.min(1, part)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

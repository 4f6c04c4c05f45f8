/** A log's last lines, out of parts that end anywhere. Pure. */
import type { Tone } from "./cell.ts";

/** Lines that are kept. */
export const MOST_LINES = 5000;
/** Dropped at a time, so that not every line draws all of them anew. */
const DROP = 1000;
/** Characters of a line that are shown. */
const LONGEST = 10_000;

/** A line; `goesOn` where it has the text of the last one and more. */
export interface LogLine {
  text: string;
  goesOn: boolean;
}

/** See the top of this file. */
export class LogLines {
  #lines: string[] = [];
  /** What has come of a line that has not ended. */
  #open = "";

  get all(): LogLine[] {
    return this.#lines.map((text) => ({ text, goesOn: false }));
  }

  clear(): void {
    this.#lines = [];
    this.#open = "";
  }

  /** @returns lines that are new, and how many old ones were dropped */
  add(text: string): { added: LogLine[]; dropped: number } {
    const parts = (this.#open + text).split("\n");
    let goesOn = this.#open !== "";
    this.#open = parts.pop()!;
    const added: LogLine[] = [];
    if (goesOn) this.#lines.pop();
    for (const part of this.#open === "" ? parts : [...parts, this.#open]) {
      const line = { text: plainText(part), goesOn };
      goesOn = false;
      this.#lines.push(line.text);
      added.push(line);
    }
    const dropped = this.#lines.length > MOST_LINES + DROP ? this.#lines.length - MOST_LINES : 0;
    if (dropped > 0) this.#lines.splice(0, dropped);
    return { added, dropped };
  }
}

/** Without a terminal's colours, and of what was written over itself only the last. */
function plainText(line: string): string {
  // deno-lint-ignore no-control-regex
  const bare = line.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replace(/\r$/, "");
  const last = bare.slice(bare.lastIndexOf("\r") + 1);
  return last.length > LONGEST ? `${last.slice(0, LONGEST)} …` : last;
}

/** How a line stands out. */
export function toneOf(line: string): Tone {
  if (/\b(ERROR|CRITICAL|FATAL)\b|^Traceback |^\w*(Error|Exception)\b.*:/.test(line)) return "bad";
  return /\bWARN(ING)?\b/.test(line) ? "warn" : "plain";
}

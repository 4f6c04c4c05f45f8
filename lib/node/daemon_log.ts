/** The daemon's own log file: one line per event, two generations at most. */

const LIMIT = 16 * 2 ** 20;
const LEVELS = ["debug", "info", "warning", "error"] as const;

/** How much a line matters. */
export type Level = typeof LEVELS[number];

/** Where lines go. */
export interface Logger {
  write(level: Level, text: string): void;
}

/** Appends to a file; past 16 MiB it begins anew and keeps the former as `.1`. */
export class DaemonLog implements Logger {
  #file: Deno.FsFile;
  #size: number;
  #least: number;

  constructor(readonly path: string, level: string = "info") {
    this.#file = open(path);
    this.#size = this.#file.statSync().size;
    const named = LEVELS.indexOf(level.toLowerCase() as Level);
    this.#least = named < 0 ? 1 : named;
  }

  write(level: Level, text: string): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const line = `${new Date().toISOString()} ${level.toUpperCase()} ${text}\n`;
    const bytes = new TextEncoder().encode(line);
    try {
      if (this.#size + bytes.length > LIMIT) this.#rotate();
      this.#size += this.#file.writeSync(bytes);
    } catch { /* a full disk must not end a node */ }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #rotate(): void {
    Deno.renameSync(this.path, `${this.path}.1`);
    this.#file.close();
    this.#file = open(this.path);
    this.#size = 0;
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true, mode: 0o600 });
}

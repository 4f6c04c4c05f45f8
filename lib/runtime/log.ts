/** The log files of daemon and head: one line per event, two generations at most. */
import { dirname } from "node:path";

/** Past this size, in bytes, a file begins anew, and the former is kept as `.1`. */
const LIMIT = 16 * 2 ** 20;

const LEVELS = ["debug", "info", "warning", "error"] as const;

/** How much a line matters. */
export type Level = typeof LEVELS[number];

/** Where a process says what happens. */
export interface Log {
  write(level: Level, text: string): void;
}

/** For tests, and for who has nowhere to log. */
export const NO_LOG: Log = { write: () => {} };

/** What {@link LogFile} may be told. */
export interface LogOptions {
  /** The least level that is written; `info` where absent or unknown. */
  level?: string | undefined;
  /** Instead of 16 MiB, in bytes. */
  limit?: number;
}

/** Appends to a file, whose folder is made where it is not there. */
export class LogFile implements Log, Disposable {
  #file: Deno.FsFile;
  #size: number;
  readonly #least: number;
  readonly #limit: number;

  constructor(readonly path: string, { level = "info", limit = LIMIT }: LogOptions = {}) {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = open(path);
    this.#size = this.#file.statSync().size;
    const named = LEVELS.indexOf(level.toLowerCase() as Level);
    this.#least = named < 0 ? LEVELS.indexOf("info") : named;
    this.#limit = limit;
  }

  write(level: Level, text: string): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const line = `${new Date().toISOString()} ${level.toUpperCase()} ${text}\n`;
    const bytes = new TextEncoder().encode(line);
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#limit) this.#rotate();
      this.#size += this.#file.writeSync(bytes);
    } catch { /* a full disk must not end a node or a cluster */ }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #rotate(): void {
    Deno.renameSync(this.path, `${this.path}.1`);
    const former = this.#file;
    this.#file = open(this.path);
    former.close();
    this.#size = 0;
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true, mode: 0o600 });
}

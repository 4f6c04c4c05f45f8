/** The log files of daemon and head: one line per event, as text or JSON, two generations at most. */
import { dirname } from "node:path";

/** Past this size, in bytes, a file begins anew, and the former is kept as `.1`. */
const LIMIT = 16 * 2 ** 20;

/** The levels, the least first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** How lines are written. */
export const LOG_FORMATS = ["text", "json"] as const;

/** How much a line matters. */
export type Level = typeof LOG_LEVELS[number];
/** See {@link LOG_FORMATS}. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Whom a line is about: fields of its own where lines are JSON. */
export interface LogSubject {
  node_id?: string;
  actor_id?: string;
  job_id?: string;
  /** Address of the other end of a connection. */
  peer?: string;
}

/** Where a process says what happens. */
export interface Log {
  write(level: Level, text: string, about?: LogSubject): void;
}

/** For tests, and for who has nowhere to log. */
export const NO_LOG: Log = { write: () => {} };

/** What {@link LogFile} may be told. */
export interface LogOptions {
  /** The least level that is written; `info` where absent or unknown. */
  level?: string | undefined;
  /** Instead of 16 MiB, in bytes. */
  limit?: number | undefined;
  /** `text` where absent or unknown. */
  format?: string | undefined;
  /** Who writes: `daemon` or `head`, in each line that is JSON. */
  process?: string;
}

/** Appends to a file, whose folder is made where it is not there. */
export class LogFile implements Log, Disposable {
  #file: Deno.FsFile;
  #size: number;
  readonly #least: number;
  readonly #limit: number;
  readonly #lineOf: (level: Level, text: string, about: LogSubject) => string;

  constructor(readonly path: string, options: LogOptions = {}) {
    const { level = "info", limit = LIMIT, format, process = "" } = options;
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = open(path);
    this.#size = this.#file.statSync().size;
    const named = LOG_LEVELS.indexOf(level.toLowerCase() as Level);
    this.#least = named < 0 ? LOG_LEVELS.indexOf("info") : named;
    this.#limit = limit;
    this.#lineOf = format === "json" ? jsonLine(process) : textLine;
  }

  write(level: Level, text: string, about: LogSubject = {}): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    const bytes = new TextEncoder().encode(this.#lineOf(level, text, about));
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#limit) this.#rotate();
      this.#size += this.#file.writeSync(bytes);
    } catch { /* a full disk must not end a node or a cluster */ }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #rotate(): void {
    try {
      Deno.renameSync(this.path, `${this.path}.1`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // else somebody took it away
    }
    const former = this.#file;
    this.#file = open(this.path);
    former.close();
    this.#size = 0;
  }
}

function textLine(level: Level, text: string): string {
  return `${new Date().toISOString()} ${level.toUpperCase()} ${text}\n`;
}

/** One object a line, whatever is in the text: its line ends are escaped. */
function jsonLine(process: string) {
  const { pid } = Deno;
  return (level: Level, msg: string, about: LogSubject) =>
    JSON.stringify({ time: new Date().toISOString(), level, process, pid, ...about, msg }) + "\n";
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true, mode: 0o600 });
}

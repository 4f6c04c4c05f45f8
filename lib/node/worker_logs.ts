/**
 * The output of all workers of this node: read at most every 100 ms while there are workers, passed
 * on to the drivers in batches.
 */
import { OutputFile } from "./output_file.ts";

/** How often the files are looked at, in milliseconds. */
export const LOG_INTERVAL = 100;

/** Files of ended workers that are kept on a node; the oldest go first. */
const KEPT_FILES = 400;

/** Bytes of stderr that a death report is made from. */
const TAIL = 64 * 1024;

/** One of a worker's two streams. */
export type Stream = "out" | "err";

/** Takes new lines; false: not now, try again later (nothing is lost, the file keeps it). */
export interface LogSink<W> {
  ready(worker: W): boolean;
  lines(worker: W, stream: Stream, lines: string[]): void;
}

type Files = Record<Stream, OutputFile>;
const STREAMS: readonly Stream[] = ["out", "err"];

/** See the top of this file. `W` is what the owner knows a worker by. */
export class WorkerLogs<W> implements Disposable {
  #files = new Map<W, Files>();
  #timer: number | undefined;
  #ended: string[] = [];

  constructor(readonly sink: LogSink<W>) {}

  /**
   * Begins to follow a worker's files.
   * @throws what the system answers where they cannot be made.
   */
  follow(worker: W, paths: Record<Stream, string>): void {
    const out = new OutputFile(paths.out);
    try {
      this.#files.set(worker, { out, err: new OutputFile(paths.err) });
    } catch (error) {
      out[Symbol.dispose]();
      throw error;
    }
    this.#timer ??= setInterval(() => this.poll(), LOG_INTERVAL);
  }

  /** Passes on what is new. */
  poll(): void {
    for (const [worker, files] of this.#files) {
      if (!this.sink.ready(worker)) continue;
      for (const stream of STREAMS) this.#pass(worker, stream, () => files[stream].read());
    }
  }

  /** Passes on the rest of an ended worker's output; returns the end of its stderr. */
  finish(worker: W): string {
    const files = this.#files.get(worker);
    if (!files) return "";
    this.#files.delete(worker);
    if (this.#files.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    let tail = "";
    try {
      tail = files.err.tail(TAIL);
    } catch { /* it cannot be read: the report goes without it */ }
    for (const stream of STREAMS) {
      this.#pass(worker, stream, () => files[stream].rest());
      const empty = files[stream].isEmpty;
      files[stream][Symbol.dispose]();
      if (empty) remove(files[stream].path);
      else this.#ended.push(files[stream].path);
    }
    while (this.#ended.length > KEPT_FILES) remove(this.#ended.shift()!);
    return tail;
  }

  [Symbol.dispose](): void {
    for (const worker of [...this.#files.keys()]) this.finish(worker);
  }

  #pass(worker: W, stream: Stream, read: () => string[]): void {
    let lines: string[];
    try {
      lines = read();
    } catch {
      return; // the folder was removed under us; output is not worth a worker
    }
    if (lines.length > 0) this.sink.lines(worker, stream, lines);
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* gone already */ }
}

/**
 * The output of all workers of this node: read at most every 100 ms while there are workers, passed
 * on to the drivers in batches.
 */
import { logBounds } from "../runtime/log_bounds.ts";
import { OutputFile } from "./output_file.ts";

/** How often the files are looked at, in milliseconds. */
export const LOG_INTERVAL = 100;

/** Files of ended workers that are kept on a node, at most; the oldest go first. */
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

/** Bytes that output may take. */
export interface OutputBounds {
  /** Each file of a worker that runs. */
  worker: number;
  /** All files of those that have ended. */
  ended: number;
}

type Files = Record<Stream, OutputFile>;
const STREAMS: readonly Stream[] = ["out", "err"];

/** See the top of this file. `W` is what the owner knows a worker by. */
export class WorkerLogs<W> implements Disposable {
  #files = new Map<W, Files>();
  #timer: number | undefined;
  #ended: { path: string; size: number }[] = [];
  #endedBytes = 0;

  constructor(readonly sink: LogSink<W>, readonly bounds: OutputBounds = logBounds()) {}

  /**
   * Begins to follow a worker's files.
   * @throws what the system answers where they cannot be made.
   */
  follow(worker: W, paths: Record<Stream, string>): void {
    const limit = this.bounds.worker;
    const out = new OutputFile(paths.out, limit);
    try {
      this.#files.set(worker, { out, err: new OutputFile(paths.err, limit) });
    } catch (error) {
      out[Symbol.dispose]();
      throw error;
    }
    this.#timer ??= setInterval(() => this.poll(), LOG_INTERVAL);
  }

  /** Passes on what is new. */
  poll(): void {
    for (const [worker, files] of this.#files) {
      if (!this.sink.ready(worker)) {
        for (const stream of STREAMS) this.#pass(worker, stream, () => (files[stream].bound(), []));
        continue;
      }
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
      const { path, size } = files[stream];
      files[stream][Symbol.dispose]();
      if (size === 0) remove(path);
      else this.#keep(path, size);
    }
    return tail;
  }

  /** The newest one stays, however large it is. */
  #keep(path: string, size: number): void {
    this.#ended.push({ path, size });
    this.#endedBytes += size;
    while (
      this.#ended.length > KEPT_FILES ||
      (this.#endedBytes > this.bounds.ended && this.#ended.length > 2)
    ) {
      const oldest = this.#ended.shift()!;
      this.#endedBytes -= oldest.size;
      remove(oldest.path);
    }
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

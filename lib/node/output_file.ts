/**
 * One append-only output file of a worker, read as it grows. The worker writes to the file and never
 * to us, so it never waits for us. Past its limit the file is emptied, with a note in its place.
 */
import { LineSplitter } from "./line_splitter.ts";

/** Bytes of one file: two of them make a worker's 64 MiB. */
export const FILE_LIMIT = 32 * 2 ** 20;

const READ_SIZE = 256 * 1024;

/** See the top of this file. */
export class OutputFile implements Disposable {
  #file: Deno.FsFile;
  #offset = 0;
  #lines = new LineSplitter();

  /** Creates the file, so that it is there to be read before the worker opens it. */
  constructor(readonly path: string, readonly limit = FILE_LIMIT) {
    this.#file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
  }

  /** Lines that are new, of at most 256 KiB. */
  read(): string[] {
    const size = this.#file.statSync().size;
    if (size < this.#offset) this.#offset = size; // somebody else emptied it
    if (size === this.#offset) return [];
    const buffer = new Uint8Array(Math.min(READ_SIZE, size - this.#offset));
    this.#file.seekSync(this.#offset, Deno.SeekMode.Start);
    const count = this.#file.readSync(buffer) ?? 0;
    this.#offset += count;
    const lines = this.#lines.push(buffer.subarray(0, count));
    if (this.#offset >= this.limit && this.#offset === size) this.#empty();
    return lines;
  }

  /** What is left, the last line without its end included; at most 4 MiB of it. */
  rest(): string[] {
    const lines: string[] = [];
    for (let round = 0; round < 16; round++) {
      const before = this.#offset;
      lines.push(...this.read());
      if (this.#offset === before) break;
    }
    return [...lines, ...this.#lines.flush()];
  }

  /** The end of the file as text, at most `bytes`. */
  tail(bytes: number): string {
    const size = this.#file.statSync().size;
    const start = Math.max(0, size - bytes);
    const buffer = new Uint8Array(size - start);
    this.#file.seekSync(start, Deno.SeekMode.Start);
    const count = this.#file.readSync(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, count));
  }

  /** Nothing was ever written to it. */
  get isEmpty(): boolean {
    return this.#file.statSync().size === 0;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #empty(): void {
    const note = `[beam: ${this.limit} bytes of output were reached; what stood here is gone]\n`;
    this.#file.truncateSync(0);
    Deno.writeTextFileSync(this.path, note, { append: true });
    this.#offset = new TextEncoder().encode(note).length;
  }
}

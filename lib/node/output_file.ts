/**
 * One append-only output file of a worker, read as it grows. The worker writes to the file and never
 * to us, so it never waits for us. Past its limit the file is cut: its last lines stay, behind a note.
 */
import { LineSplitter } from "./line_splitter.ts";
import { shorten } from "./shorten.ts";

const READ_SIZE = 256 * 1024;
/** What of a file stays when it is cut: a death report is made from as much. */
const KEPT = 64 * 1024;

/** See the top of this file. */
export class OutputFile implements Disposable {
  #file: Deno.FsFile;
  #offset = 0;
  #lines = new LineSplitter();

  /** Creates the file, so that it is there to be read before the worker opens it. */
  constructor(readonly path: string, readonly limit: number) {
    this.#file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
  }

  /** Lines that are new, of at most 256 KiB. */
  read(): string[] {
    const size = this.#file.statSync().size;
    if (size < this.#offset) this.#offset = size; // somebody else emptied it
    if (size - this.#offset > 2 * this.limit) return [this.#skip(size)];
    if (size === this.#offset) return [];
    const buffer = new Uint8Array(Math.min(READ_SIZE, size - this.#offset));
    this.#file.seekSync(this.#offset, Deno.SeekMode.Start);
    const count = this.#file.readSync(buffer) ?? 0;
    this.#offset += count;
    const lines = this.#lines.push(buffer.subarray(0, count));
    if (this.#offset >= this.limit) this.#shorten();
    return lines;
  }

  /** Where lines cannot be taken now: a writer that is much too fast must not fill the disk. */
  bound(): void {
    const { size } = this.#file.statSync();
    if (size - this.#offset > 2 * this.limit) this.#skip(size);
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

  /** Bytes that are in it; 0: nothing was ever written to it. */
  get size(): number {
    return this.#file.statSync().size;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Gives up what came too fast to be read. @returns the line that says so */
  #skip(size: number): string {
    const left = Math.floor(this.limit / 2);
    const lost = size - left - this.#offset;
    const note =
      `[beam: ${lost} bytes of output came faster than they could be passed on; they are gone]`;
    this.#offset = shorten(this.#file, { read: size - left, keep: 0, note });
    return note;
  }

  #shorten(): void {
    const note = `[beam: ${this.limit} bytes of output were reached; what stood here is gone]`;
    const keep = Math.min(KEPT, Math.floor(this.limit / 4));
    this.#offset = shorten(this.#file, { read: this.#offset, keep, note });
  }
}

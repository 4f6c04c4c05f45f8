/** Two joined streams in memory, for tests: what one writes the other reads, in pieces at will. */
import type { SpliceStream } from "./splice.ts";

/** One end of a pipe. */
export class PipeEnd implements SpliceStream {
  closed = false;
  /** Everything that was written here. */
  readonly written: Uint8Array[] = [];
  #inbox: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  #room: (() => void) | undefined;
  other!: PipeEnd;

  /** @param piece most bytes per read @param capacity unread bytes that make writers wait */
  constructor(readonly piece = Infinity, readonly capacity = Infinity) {}

  get unread(): number {
    return this.#inbox.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#inbox.length === 0) {
      if (this.closed) throw new Deno.errors.BadResource("read from a closed pipe");
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const [first] = this.#inbox as [Uint8Array];
    const count = Math.min(first.length, buffer.length, this.piece);
    buffer.set(first.subarray(0, count));
    if (count === first.length) this.#inbox.shift();
    else this.#inbox[0] = first.subarray(count);
    this.#room?.();
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (!this.closed && !this.other.closed && this.other.unread >= this.other.capacity) {
      await new Promise<void>((resolve) => this.other.#room = resolve);
    }
    if (this.closed || this.other.closed) throw new Deno.errors.BrokenPipe("the pipe is closed");
    const copy = bytes.slice();
    this.written.push(copy);
    if (copy.length > 0) this.other.#inbox.push(copy);
    this.other.#wake?.();
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    this.other.#ended = true;
    this.other.#wake?.();
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("the pipe is closed already");
    this.closed = true;
    this.other.#ended = true;
    for (const end of [this, this.other]) {
      end.#wake?.();
      end.#room?.();
    }
  }
}

/** Both ends of a pipe. */
export function pipe(options: { piece?: number; capacity?: number } = {}): [PipeEnd, PipeEnd] {
  const a = new PipeEnd(options.piece, options.capacity);
  const b = new PipeEnd(options.piece, options.capacity);
  a.other = b;
  b.other = a;
  return [a, b];
}

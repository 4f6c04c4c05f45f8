/**
 * A connection between a node and the head: bytes are under way until the world delivers them, each
 * direction in its order, in pieces at will.
 */
import type { SpliceStream } from "../../../lib/wire/splice.ts";

const END = new Uint8Array(0);

/** One end of a connection. */
export class WireEnd implements SpliceStream {
  other!: WireEnd;
  closed = false;
  /** Its process is gone: what it writes goes nowhere, and nobody reads. */
  dead = false;
  /** On its way to this end; empty bytes are the end of the stream. */
  coming: Uint8Array[] = [];
  #inbox: Uint8Array[] = [];
  #ended = false;
  #broken: Error | undefined;
  #wake: (() => void) | undefined;

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#inbox.length === 0) {
      if (this.closed) throw new Deno.errors.BadResource("read from a closed connection");
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const first = this.#inbox[0]!;
    const count = Math.min(first.length, buffer.length);
    buffer.set(first.subarray(0, count));
    if (count === first.length) this.#inbox.shift();
    else this.#inbox[0] = first.subarray(count);
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.closed) {
      return Promise.reject(new Deno.errors.BadResource("write to a closed connection"));
    }
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (!this.dead && bytes.length > 0) this.other.coming.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("the connection is closed already");
    this.closed = true;
    if (!this.dead) this.other.coming.push(END);
    this.#wake?.();
  }

  /** The next bytes arrive, or `most` of them. */
  deliver(most = Infinity): void {
    const bytes = this.coming.shift();
    if (bytes === undefined || this.dead) return;
    if (this.closed) {
      if (bytes !== END) this.other.break();
      return;
    }
    if (bytes === END) this.#ended = true;
    else if (bytes.length > most) {
      this.#inbox.push(bytes.subarray(0, most));
      this.coming.unshift(bytes.subarray(most));
    } else this.#inbox.push(bytes);
    this.#wake?.();
  }

  /** The connection breaks on this side: what is under way to it is lost. */
  break(): void {
    this.coming = [];
    this.#broken ??= new Deno.errors.ConnectionReset("connection reset by peer");
    this.#wake?.();
  }

  /** Its process is killed; `arrives` of what it has sent may still arrive, then the stream ends. */
  kill(arrives: number): void {
    if (this.dead) return;
    this.dead = true;
    this.coming = [];
    this.other.coming = [...this.other.coming.slice(0, arrives), END];
  }
}

/** A connection. */
export class Wire {
  readonly node_end = new WireEnd();
  readonly head_end = new WireEnd();

  /** @param machine whose daemon dialed */
  constructor(readonly machine: number) {
    this.node_end.other = this.head_end;
    this.head_end.other = this.node_end;
  }

  /** Nothing can happen on it any more. */
  get over(): boolean {
    const done = (end: WireEnd) => end.closed || end.dead;
    return done(this.node_end) && done(this.head_end);
  }
}

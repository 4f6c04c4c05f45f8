/**
 * Streams to and from other machines by the token that opened them: when a token is taken no more, what
 * was opened by it ends. Who may go on dials anew.
 */
import { LinkClosed } from "./errors.ts";
import type { Keyring } from "./keyring.ts";

/** See the top of this file. */
export class KeyedStreams {
  #open = new Set<{ key: string | undefined; end: AbortController }>();
  #ended: Error | undefined;

  constructor(readonly keys: Keyring, readonly now: () => number = Date.now) {}

  /**
   * What `run` returns; it is given a signal that ends its stream, before it begins where that is over.
   * @param key the id of the token that opened the stream; absent in an open cluster
   */
  async hold<T>(key: string | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stream = { key, end: new AbortController() };
    this.#open.add(stream);
    if (this.#ended) stream.end.abort(this.#ended);
    else this.#look(stream);
    try {
      return await run(stream.end.signal);
    } finally {
      this.#open.delete(stream);
    }
  }

  /** Ends those whose token is taken no more. */
  endFormer(): void {
    for (const stream of this.#open) this.#look(stream);
  }

  /** Ends all, and whatever comes later. */
  close(reason: Error): void {
    this.#ended = reason;
    for (const { end } of this.#open) end.abort(reason);
  }

  #look({ key, end }: { key: string | undefined; end: AbortController }): void {
    if (this.keys.takes(key, this.now())) return;
    end.abort(new LinkClosed("It was opened by a former token, which is honoured no more"));
  }
}

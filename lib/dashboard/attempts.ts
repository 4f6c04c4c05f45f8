/**
 * How often somebody may try a token: from each address some at once, then one every few seconds. So who
 * has a wrong one is in the way of nobody at another address.
 */
import { sourceOf } from "../wire/strangers.ts";

const AT_ONCE = 10;
/** After how long there is one more, in milliseconds. */
const EVERY_MS = 3000;
/** How many addresses are remembered; of further ones who has failed last. */
const MOST_SOURCES = 1000;

/** Attempts left at a time. */
interface Allowance {
  left: number;
  at: number;
}

/** See the top of this file. Only attempts that failed count. */
export class Attempts {
  /** By source; who failed longest ago first. Who is not in it has all. */
  #sources = new Map<string, Allowance>();

  constructor(readonly now: () => number, readonly most = MOST_SOURCES) {}

  /** Milliseconds until the next one may be made from this address; 0: now. */
  wait(address: string): number {
    const left = this.#left(sourceOf(address));
    return left >= 1 ? 0 : Math.ceil((1 - left) * EVERY_MS);
  }

  /** One from this address failed. */
  failed(address: string): void {
    const source = sourceOf(address);
    const left = Math.max(0, this.#left(source) - 1);
    this.#sources.delete(source);
    this.#sources.set(source, { left, at: this.now() });
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > this.most && oldest !== undefined) this.#sources.delete(oldest);
  }

  #left(source: string): number {
    const known = this.#sources.get(source);
    if (known === undefined) return AT_ONCE;
    return Math.min(AT_ONCE, known.left + Math.max(0, this.now() - known.at) / EVERY_MS);
  }
}

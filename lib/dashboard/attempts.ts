/** How often somebody may try a token: some at once, then one every few seconds, whoever tries. */

const AT_ONCE = 10;
/** After how long there is one more, in milliseconds. */
const EVERY_MS = 3000;

/** See the top of this file. Only attempts that failed count. */
export class Attempts {
  #left = AT_ONCE;
  #at: number;

  constructor(readonly now: () => number) {
    this.#at = now();
  }

  /** Milliseconds until the next one may be made; 0: now. */
  get wait(): number {
    this.#refill();
    return this.#left >= 1 ? 0 : Math.ceil((1 - this.#left) * EVERY_MS);
  }

  failed(): void {
    this.#refill();
    this.#left = Math.max(0, this.#left - 1);
  }

  #refill(): void {
    const now = this.now();
    this.#left = Math.min(AT_ONCE, this.#left + Math.max(0, now - this.#at) / EVERY_MS);
    this.#at = now;
  }
}

/**
 * Turns of the event loop between a link's messages. What has arrived already is read without one: a peer that
 * sends faster than it can be served would keep timers, and with them every sign of life, waiting.
 */
import { setImmediate } from "node:timers";

/** How long messages may be served at a stretch, in milliseconds. */
const LONGEST = 20;
/** The clock is looked at after so many messages. */
const EVERY = 8;

/** See the top of this file. */
export class Turns {
  #count = 0;
  #since = 0;
  /** Settles with the next turn; absent where the clock was not looked at since the last one. */
  #next: Promise<void> | undefined;

  /** @param now in milliseconds */
  constructor(readonly now: () => number) {}

  /** Asked once for each message: what to wait for before the one after it, if anything. */
  afterThis(): Promise<void> | undefined {
    if (++this.#count % EVERY !== 0) return undefined;
    if (this.#next !== undefined) {
      return this.now() - this.#since > LONGEST ? this.#next : undefined;
    }
    this.#since = this.now();
    this.#next = new Promise((resolve) =>
      setImmediate(() => {
        this.#next = undefined;
        resolve();
      })
    );
    return undefined;
  }
}

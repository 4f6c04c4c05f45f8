/**
 * When a certificate is to be made anew: by the clock as it is set. That may be set, as where a machine
 * starts before it knows the time, and after a night's sleep it is hours ahead of what timers have counted.
 */
import type { Clock } from "../runtime/clock.ts";
import { CLOCK_SKEW, renewalAfter } from "./authority.ts";

/** How often the clock is looked at, in milliseconds. */
const LOOK = 60_000;

/** See the top of this file. */
export class Renewal {
  #from = 0;
  #due = Infinity;
  #stop: (() => void) | undefined;
  #closed = false;

  /** @param run makes another, and says {@link made} or {@link again} */
  constructor(readonly clock: Pick<Clock, "wall" | "after">, readonly run: () => void) {}

  /** One was made that is good for `lifetime` milliseconds from now. */
  made(lifetime: number): void {
    this.again(renewalAfter(lifetime));
  }

  /** To be run in `ms` milliseconds. */
  again(ms: number): void {
    this.#from = this.clock.wall();
    this.#due = this.#from + ms;
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    this.#stop?.();
  }

  #wait(): void {
    this.#stop?.();
    if (this.#closed) return;
    const left = Math.max(1, this.#due - this.clock.wall());
    this.#stop = this.clock.after(Math.min(left, LOOK), () => this.#look());
  }

  #look(): void {
    const now = this.clock.wall();
    // Set back by so much, what was made then is not good yet.
    if (now >= this.#due || now < this.#from - CLOCK_SKEW / 2) this.run();
    else this.#wait();
  }
}

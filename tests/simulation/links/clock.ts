/** The clock of one simulated process: it goes when the world says so, and stands while the process does. */
import type { Clock } from "../../../lib/runtime/clock.ts";

interface Timer {
  at: number;
  run: () => void;
  every?: number;
}

export class SimClock implements Clock {
  #timers = new Set<Timer>();

  constructor(private time: number) {}

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    return this.#add({ at: this.time + ms, run });
  }

  every(ms: number, run: () => void): () => void {
    return this.#add({ at: this.time + ms, run, every: ms });
  }

  /** Moves on, and runs what is due; what is late because the process stood still runs once. */
  pass(ms: number): void {
    this.time += ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= this.time)
        .sort((a, b) => a.at - b.at);
      if (next === undefined) return;
      if (next.every === undefined) this.#timers.delete(next);
      else {
        next.at += next.every;
        if (next.at <= this.time) next.at = this.time + next.every;
      }
      next.run();
    }
  }

  /** The process ends: nothing of it runs any more. */
  end(): void {
    this.#timers.clear();
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

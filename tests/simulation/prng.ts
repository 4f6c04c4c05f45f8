/** A small seeded generator (mulberry32), so that a run can be repeated from its seed alone. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 up to, not including, `below`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, undefined where there is none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.int(items.length)];
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.int(16).toString(16)).join("");
  }
}

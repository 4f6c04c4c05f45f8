/**
 * What one run of counted sources tells: which branches it took and roughly how often, how near its
 * comparisons came, how many steps it took, how many bytes it made room for.
 */

/** Exact matches of a comparison, in its measure of nearness. */
const EQUAL = 64;

/** See the top of this file. The names of its methods are those that `instrument.ts` writes. */
export class Feedback {
  /** Per place: how often it was passed in this run. */
  readonly hits: Uint32Array;
  /** Bytes of typed arrays made in this run. */
  room = 0;
  /** Largest of them. */
  largest = 0;
  /** Per place: in which orders of magnitude it was ever passed, a bit for each. */
  readonly #known: Uint32Array;
  /** Per comparison: how near its two sides ever came. */
  readonly #nearest: Uint8Array;
  #nearer = false;

  constructor(readonly places: number, comparisons: number) {
    this.hits = new Uint32Array(places);
    this.#known = new Uint32Array(places);
    this.#nearest = new Uint8Array(comparisons);
  }

  /** Forgets the last run. */
  reset(): void {
    this.hits.fill(0);
    this.room = 0;
    this.largest = 0;
    this.#nearer = false;
  }

  /** Forgets everything. */
  forget(): void {
    this.reset();
    this.#known.fill(0);
    this.#nearest.fill(0);
  }

  /** Branches passed in this run: a measure of its work that no clock is needed for. */
  get steps(): number {
    let sum = 0;
    for (const count of this.hits) sum += count;
    return sum;
  }

  /** How many places were ever passed. */
  get covered(): number {
    let sum = 0;
    for (const known of this.#known) if (known !== 0) sum++;
    return sum;
  }

  /** Takes the run into the books. @returns whether it did what none before has done */
  learn(): boolean {
    let fresh = this.#nearer;
    for (let place = 0; place < this.hits.length; place++) {
      const count = this.hits[place]!;
      if (count === 0) continue;
      const bit = 1 << (32 - Math.clz32(count));
      if ((this.#known[place]! & bit) !== 0) continue;
      this.#known[place]! |= bit;
      fresh = true;
    }
    return fresh;
  }

  same(id: number, a: unknown, b: unknown): boolean {
    return this.#met(id, a, b), a === b;
  }

  differs(id: number, a: unknown, b: unknown): boolean {
    return this.#met(id, a, b), a !== b;
  }

  less(id: number, a: number, b: number): boolean {
    return this.#met(id, a, b), a < b;
  }

  more(id: number, a: number, b: number): boolean {
    return this.#met(id, a, b), a > b;
  }

  most(id: number, a: number, b: number): boolean {
    return this.#met(id, a, b), a <= b;
  }

  least(id: number, a: number, b: number): boolean {
    return this.#met(id, a, b), a >= b;
  }

  made<T extends { byteLength: number }>(array: T): T {
    this.room += array.byteLength;
    this.largest = Math.max(this.largest, array.byteLength);
    return array;
  }

  #met(id: number, a: unknown, b: unknown): void {
    const near = nearness(a, b);
    if (near <= this.#nearest[id]!) return;
    this.#nearest[id] = near;
    this.#nearer = true;
  }
}

function nearness(a: unknown, b: unknown): number {
  if (a === b) return EQUAL;
  if (typeof a === "string" && typeof b === "string") {
    const most = Math.min(a.length, b.length, EQUAL - 2);
    let at = 0;
    while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
    return at + 1;
  }
  if (
    (typeof a === "number" || typeof a === "bigint") &&
    (typeof b === "number" || typeof b === "bigint")
  ) {
    const apart = Math.abs(Number(a) - Number(b));
    return Number.isFinite(apart) ? Math.max(1, EQUAL - 1 - Math.ceil(Math.log2(apart + 1))) : 0;
  }
  return 0;
}

/** The pickled exceptions of actors whose `__init__` raised, for those who ask later. Bounded. */

const MOST = 1000;
const MOST_BYTES = 64 * 2 ** 20;
const EMPTY = new Uint8Array(0);

/** Forgets the oldest where there are too many or they are too large. */
export class InitErrors {
  #bodies = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(readonly limits = { count: MOST, bytes: MOST_BYTES }) {}

  put(actor_id: string, body: Uint8Array): void {
    if (body.length === 0 || body.length > this.limits.bytes) return;
    this.drop(actor_id);
    this.#bodies.set(actor_id, body);
    this.#bytes += body.length;
    for (const oldest of this.#bodies.keys()) {
      if (this.#bodies.size <= this.limits.count && this.#bytes <= this.limits.bytes) return;
      this.drop(oldest);
    }
  }

  /** Empty where there is none (any more). */
  get(actor_id: string): Uint8Array {
    return this.#bodies.get(actor_id) ?? EMPTY;
  }

  drop(actor_id: string): void {
    this.#bytes -= this.#bodies.get(actor_id)?.length ?? 0;
    this.#bodies.delete(actor_id);
  }
}

/** Who on this machine wants to know what becomes of which actor. */
import type { Client } from "./client.ts";

/** Clients by the actors they have located, and one-time waits for what happens next. */
export class Watchers {
  #clients = new Map<string, Set<Client>>();
  #waits = new Map<string, Set<() => void>>();

  /** From now on the client hears of this actor. */
  watch(actor_id: string, client: Client): void {
    const present = this.#clients.get(actor_id);
    if (present) present.add(client);
    else this.#clients.set(actor_id, new Set([client]));
  }

  /** The client has heard the last of this actor. */
  unwatch(actor_id: string, client: Client): void {
    const clients = this.#clients.get(actor_id);
    if (clients?.delete(client) && clients.size === 0) this.#clients.delete(actor_id);
  }

  /** Those who hear of this actor. */
  of(actor_id: string): Iterable<Client> {
    return this.#clients.get(actor_id) ?? [];
  }

  /** Ids of the actors that somebody here hears of. */
  get actors(): Iterable<string> {
    return this.#clients.keys();
  }

  /** The client is gone. */
  forget(client: Client): void {
    for (const actor_id of this.#clients.keys()) this.unwatch(actor_id, client);
  }

  /** Nothing more will become of this actor. */
  end(actor_id: string): void {
    this.#clients.delete(actor_id);
  }

  /** Calls `wake` when the actor's worker here becomes ready or ends; the result takes it back. */
  wait(actor_id: string, wake: () => void): () => void {
    const present = this.#waits.get(actor_id);
    const waits = present ?? new Set();
    if (!present) this.#waits.set(actor_id, waits);
    waits.add(wake);
    return () => {
      waits.delete(wake);
      if (waits.size === 0 && this.#waits.get(actor_id) === waits) this.#waits.delete(actor_id);
    };
  }

  /** The actor's worker here became ready or ended. */
  wake(actor_id: string): void {
    for (const wake of [...this.#waits.get(actor_id) ?? []]) wake();
  }
}

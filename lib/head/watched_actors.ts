/**
 * Which nodes hear what becomes of which actor: those where it ran, and those where a process has
 * asked after it. Telling all of a large cluster of every actor would be most of the head's work.
 */
export class WatchedActors {
  #nodes = new Map<string, Set<string>>();

  /** From now on the node hears of this actor. */
  add(actor_id: string, node_id: string): void {
    const known = this.#nodes.get(actor_id);
    if (known) known.add(node_id);
    else this.#nodes.set(actor_id, new Set([node_id]));
  }

  /** Ids of the nodes that hear of it. */
  of(actor_id: string): Iterable<string> {
    return this.#nodes.get(actor_id) ?? [];
  }

  /** Nothing more will become of this actor. */
  end(actor_id: string): void {
    this.#nodes.delete(actor_id);
  }

  /** The node is no more. */
  forget(node_id: string): void {
    for (const [actor_id, nodes] of this.#nodes) {
      if (nodes.delete(node_id) && nodes.size === 0) this.#nodes.delete(actor_id);
    }
  }
}

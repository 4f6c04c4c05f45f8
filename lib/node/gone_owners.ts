/** Processes and nodes that are no more: what is made in their name afterwards has no use. */

/** How many processes are remembered; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** See the top of this file. */
export class GoneOwners {
  /** Behind their nodes: a node speaks for its own processes only. */
  #processes = new Set<string>();
  #nodes = new Set<string>();

  /** @param by the node of those processes */
  add(processes: readonly string[], nodes: readonly string[], by: string): void {
    for (const node of nodes) this.#nodes.add(node);
    for (const process of processes) this.#processes.add(`${by} ${process}`);
    for (const oldest of this.#processes) {
      if (this.#processes.size <= REMEMBERED) break;
      this.#processes.delete(oldest);
    }
  }

  /** True where the process, or its node, is gone. */
  has(process: string, node: string): boolean {
    return this.#processes.has(`${node} ${process}`) || this.#nodes.has(node);
  }

  hasNode(node: string): boolean {
    return this.#nodes.has(node);
  }
}

/** Processes and nodes that are no more: what is made in their name afterwards has no use. */

/** How many processes are remembered; the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** See the top of this file. */
export class GoneOwners {
  #processes = new Set<string>();
  #nodes = new Set<string>();

  add(processes: readonly string[], nodes: readonly string[] = []): void {
    for (const node of nodes) this.#nodes.add(node);
    for (const process of processes) this.#processes.add(process);
    for (const oldest of this.#processes) {
      if (this.#processes.size <= REMEMBERED) break;
      this.#processes.delete(oldest);
    }
  }

  /** True where the process, or its node, is gone. */
  has(process: string, node: string): boolean {
    return this.#processes.has(process) || this.#nodes.has(node);
  }

  hasNode(node: string): boolean {
    return this.#nodes.has(node);
  }
}

/** The processes of this node by the ids that references name their owners with. */
import type { Client } from "./client.ts";

/** How long a process that is here may take until it serves objects, in milliseconds. */
const LISTEN_PATIENCE = 5000;

interface Process {
  client: Client;
  socket: string | undefined;
  waits: Set<() => void>;
}

/** See the top of this file. */
export class Processes {
  #byId = new Map<string, Process>();

  /** The client says which process it is. */
  add(client: Client, process: string): void {
    const present = this.#byId.get(process);
    if (present) present.client = client;
    else this.#byId.set(process, { client, socket: undefined, waits: new Set() });
  }

  /** The process serves objects on this socket from now on. */
  listen(client: Client, process: string, socket: string): void {
    this.add(client, process);
    const entry = this.#byId.get(process)!;
    entry.socket = socket;
    for (const wake of entry.waits) wake();
  }

  /** Where the process serves objects, waiting a moment for it; undefined where it is not here. */
  async socketOf(process: string, patience = LISTEN_PATIENCE): Promise<string | undefined> {
    const entry = this.#byId.get(process);
    if (!entry || entry.socket !== undefined) return entry?.socket;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        entry.waits.delete(done);
        resolve();
      };
      const timer = setTimeout(done, patience);
      entry.waits.add(done);
    });
    return entry.socket;
  }

  /** The client is gone, and with it its processes, which are returned. */
  gone(client: Client): string[] {
    const gone = [...this.#byId].filter(([, entry]) => entry.client === client);
    for (const [process, entry] of gone) {
      this.#byId.delete(process);
      entry.socket = undefined;
      for (const wake of entry.waits) wake();
    }
    return gone.map(([process]) => process);
  }

  /** The node begins anew: none is here. */
  clear(): string[] {
    const clients = new Set([...this.#byId.values()].map(({ client }) => client));
    return [...clients].flatMap((client) => this.gone(client));
  }
}

/** Copies of other nodes' objects: brought here once, however many ask. */
import { RequestFailed } from "../wire/errors.ts";
import type { Fields } from "../wire/messages.ts";
import type { Courier } from "./courier.ts";
import type { ObjectStore, StoredFile } from "./object_store.ts";

/** Files that cross at the same time; the others wait for their turn. */
const AT_ONCE = 8;

/** What fetches need. */
export interface FetchesHost {
  node_id(): string;
  store: ObjectStore;
  courier: Pick<Courier, "fetch">;
  /** The copy lies on disk. */
  spilled(file: StoredFile): void;
}

interface Running {
  node: string;
  path: Promise<string>;
  ending: AbortController;
}

type Wanted = Fields<"object.fetch">;

/** See the top of this file. */
export class Fetches {
  #running = new Map<string, Running>();
  #free = AT_ONCE;
  #turns: (() => void)[] = [];

  constructor(readonly host: FetchesHost) {}

  /**
   * Where the file lies on this node, once it does.
   * @throws {RequestFailed} with code object_lost or no_space
   */
  async path(wanted: Wanted): Promise<string> {
    const { name, node } = wanted;
    const { store } = this.host;
    const file = store.find(name);
    if (node === this.host.node_id() || file?.state === "sealed") {
      if (file && await file.whole) return file.path;
      throw lost(wanted, "its node has no such file (it was freed, or its owner ended)");
    }
    if (store.gone.hasNode(node)) throw lost(wanted, "that node is dead");
    const running = this.#running.get(name) ?? this.#start(wanted);
    return await running.path;
  }

  /** The file is to go: what brings it here ends. */
  drop(name: string): void {
    this.#running.get(name)?.ending.abort(lost({ name }, "it was freed meanwhile"));
  }

  /** What is being brought from these nodes will not come. */
  nodesGone(nodes: readonly string[]): void {
    for (const [name, { node, ending }] of this.#running) {
      if (nodes.includes(node)) ending.abort(lost({ name, node }, "that node is dead"));
    }
  }

  #start(wanted: Wanted): Running {
    const ending = new AbortController();
    const path = this.#inTurn(() => this.#bring(wanted, ending.signal)).finally(() => {
      this.#running.delete(wanted.name);
    });
    const running = { node: wanted.node, path, ending };
    this.#running.set(wanted.name, running);
    return running;
  }

  async #bring(wanted: Wanted, signal: AbortSignal): Promise<string> {
    try {
      return await this.#copy(wanted, false, signal);
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    // Shared memory was full after all.
    try {
      return await this.#copy(wanted, true, signal);
    } catch (error) {
      if (!isFull(error)) throw error;
      throw new RequestFailed(
        "no_space",
        `Cannot fetch the object ${wanted.name} of ${wanted.size} bytes: the disk became full`,
        "Free space on the disk of the runtime directory.",
      );
    }
  }

  async #copy(wanted: Wanted, spill: boolean, signal: AbortSignal): Promise<string> {
    const { store, courier } = this.host;
    const { name, node, size, owner, owner_node } = wanted;
    signal.throwIfAborted();
    const maker = {};
    const file = await store.create(
      { size, owner, owner_node, copy: { name, node }, spill },
      maker,
    );
    try {
      const found = await courier.fetch({ source: "object", name, node }, file.path, { signal });
      if (found !== size) throw lost(wanted, `it has ${found} bytes there, not ${size}`);
    } catch (error) {
      store.abort(name, maker);
      throw error;
    }
    store.seal(name, maker);
    if (store.find(name) !== file) throw lost(wanted, "it was freed meanwhile");
    if (file.spilled) this.host.spilled(file);
    return file.path;
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as { code?: string }).code ?? "");
}

function lost({ name, node }: { name: string; node?: string }, why: string): RequestFailed {
  const from = node === undefined ? "" : ` from node ${node.slice(0, 12)}`;
  return new RequestFailed("object_lost", `Cannot fetch the object ${name}${from}: ${why}`);
}

/**
 * What nodes must tell each other of objects, passed on: files that are to go, and processes and
 * nodes that are no more. The head keeps it for nodes that are away for a moment; it knows of no object.
 */
import { RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Fields, Reply } from "../wire/messages.ts";
import { portOf } from "./node_spec.ts";
import type { HeadState } from "./state.ts";

/** How many ended processes are remembered for nodes that come back. */
const REMEMBERED = 10_000;

/** What a node's object store uses, as the node says. */
export type StoreUse = Fields<"node.usage">;

/** See the top of this file. */
export class ObjectNotices {
  /** Names to be dropped on nodes that are away. */
  #owed = new Map<string, Set<string>>();
  /** Ended processes, oldest first. */
  #gone = new Set<string>();
  #use = new Map<string, StoreUse>();

  constructor(readonly state: HeadState) {}

  /** `node.locate`. @throws {RequestFailed} with code node_gone where it is dead or unknown */
  locate({ node }: Fields<"node.locate">): Reply<"node.locate"> {
    const record = this.state.brain.node(node);
    if (record && record.state !== "dead") return { host: record.ip, port: portOf(record) };
    throw new RequestFailed("node_gone", `Cannot reach node ${node.slice(0, 12)}: it is dead`);
  }

  /** `objects.free`: to those nodes, or to all. */
  free({ names, nodes }: Fields<"objects.free">): void {
    const { books } = this.state.brain;
    const wanted = nodes.length > 0 ? nodes.map(String) : [...books.nodes.keys()];
    for (const node_id of wanted) {
      const record = books.nodes.get(node_id);
      if (!record || record.state === "dead") continue;
      const link = this.state.nodes.get(node_id);
      if (link) {
        link.send({ kind: "objects.drop", names });
        continue;
      }
      const owed = this.#owed.get(node_id) ?? new Set();
      for (const name of names) owed.add(String(name));
      this.#owed.set(node_id, owed);
    }
  }

  /** `process.gone`: every node hears of it. */
  processesGone({ processes }: Fields<"process.gone">): void {
    for (const process of processes) this.#gone.add(String(process));
    for (const oldest of this.#gone) {
      if (this.#gone.size <= REMEMBERED) break;
      this.#gone.delete(oldest);
    }
    this.#tellAll({ processes, nodes: [] });
  }

  /** The node is dead: what its processes owned goes everywhere. */
  nodeGone(node_id: string): void {
    this.#owed.delete(node_id);
    this.#use.delete(node_id);
    this.#tellAll({ processes: [], nodes: [node_id] });
  }

  /** A node that was here before is back: it hears what it may have missed. */
  rejoined(node_id: string, link: Link): void {
    const nodes = [...this.state.brain.books.nodes.values()]
      .filter((node) => node.state === "dead").map((node) => node.node_id);
    link.send({ kind: "owner.gone", processes: [...this.#gone], nodes });
    const owed = this.#owed.get(node_id);
    this.#owed.delete(node_id);
    if (owed) link.send({ kind: "objects.drop", names: [...owed] });
  }

  /** `node.usage`. */
  used(node_id: string, use: StoreUse): void {
    this.#use.set(node_id, use);
  }

  /** What that node's store uses; undefined where it has not said. */
  useOf(node_id: string): StoreUse | undefined {
    return this.#use.get(node_id);
  }

  #tellAll(gone: Fields<"owner.gone">): void {
    for (const node_id of this.state.brain.books.nodes.keys()) {
      this.state.nodes.get(node_id)?.send({ kind: "owner.gone", ...gone });
    }
  }
}

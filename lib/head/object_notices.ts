/**
 * What nodes must tell each other of objects, passed on: files that are to go, and processes and
 * nodes that are no more. The head keeps it for nodes that are away for a moment, in its journal too,
 * since who said it takes it for done; it knows of no object.
 */
import { RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Fields, Reply } from "../wire/messages.ts";
import { portOf, tlsNameOf } from "./node_spec.ts";
import type { HeadState } from "./state.ts";

/** How many ended processes are remembered for nodes that come back. */
const REMEMBERED = 10_000;
/** How many files a node that is away is to drop when it is back, at most. */
const MOST_OWED = 100_000;

/** How often something is noted for a node that is away, at most. */
const MOST_FACTS = 10_000;
/** How long what was sent may be lost with its link: one that hears nothing ends before, in milliseconds. */
const UNSURE_MS = 15_000;
/** How many such messages are kept, at most. */
const MOST_UNSURE = 10_000;
/** How that is called in the journal, before the node's id. */
const OWED = "owed/";

/** What a node that is away has to hear, and of which node. */
interface Owed {
  /** Files that it is to drop. */
  names: string[];
  /** Processes that ended. */
  processes: string[];
  by: string;
}

/** What a node's object store uses, as the node says. */
export type StoreUse = Fields<"node.usage">;

/** See the top of this file. */
export class ObjectNotices {
  /** Names to be dropped on nodes that are away, and who said so. */
  #owed = new Map<string, Map<string, string>>();
  /** Ended processes and their nodes, oldest first. */
  #gone = new Map<string, string>();
  #use = new Map<string, StoreUse>();
  /** Names to be dropped that were sent of late, oldest first. */
  #unsure: { at: number; node_id: string; drop: Fields<"objects.drop"> }[] = [];

  /** Facts of the journal that say what is owed, by node. */
  #facts = new Map<string, string[]>();
  #count = 0;

  constructor(readonly state: HeadState) {
    for (const [key, text] of state.shell.journal.factsOf(OWED)) {
      const [node_id, count] = key.split("/");
      this.#count = Math.max(this.#count, Number(count));
      this.#note(node_id!, OWED + key, JSON.parse(text));
    }
  }

  /** `node.locate`. @throws {RequestFailed} with code node_gone where it is dead or unknown */
  locate({ node }: Fields<"node.locate">): Reply<"node.locate"> {
    const record = this.state.brain.node(node);
    if (record && record.state !== "dead") {
      const address: Reply<"node.locate"> = { host: record.ip, port: portOf(record) };
      const name = tlsNameOf(record);
      if (name !== undefined) address.name = name;
      return address;
    }
    throw new RequestFailed("node_gone", `Cannot reach node ${node.slice(0, 12)}: it is dead`);
  }

  /** `objects.free` of node `by`: to those nodes, or to all. They see whether it may. */
  free({ names, nodes }: Fields<"objects.free">, by: string): void {
    const { books } = this.state.brain;
    const wanted = nodes.length > 0 ? nodes.map(String) : [...books.nodes.keys()];
    for (const node_id of wanted) {
      const record = books.nodes.get(node_id);
      if (!record || record.state === "dead") continue;
      const link = this.state.nodes.get(node_id);
      if (link) {
        const drop = { names, by };
        link.send({ kind: "objects.drop", ...drop });
        this.#unsure.push({ at: this.state.clock.now(), node_id, drop });
        continue;
      }
      this.#owe(node_id, { names: names.map(String), processes: [], by });
    }
    this.#becomeSure();
    this.state.shell.journal.flush();
  }

  /** `process.gone` of node `by`: every node hears of it. */
  processesGone({ processes }: Fields<"process.gone">, by: string): void {
    for (const process of processes) this.#gone.set(String(process), by);
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= REMEMBERED) break;
      this.#gone.delete(oldest);
    }
    this.#tellAll({ processes, nodes: [], by });
    for (const { node_id, state } of this.state.brain.books.nodes.values()) {
      if (state === "dead" || this.state.nodes.get(node_id)) continue;
      this.#owe(node_id, { names: [], processes: processes.map(String), by });
    }
    this.state.shell.journal.flush();
  }

  /** The node is dead: what its processes owned goes everywhere. */
  nodeGone(node_id: string): void {
    this.#settle(node_id);
    this.#use.delete(node_id);
    this.#tellAll({ processes: [], nodes: [node_id] });
  }

  /** A node that was here before is back: it hears what it may have missed. */
  rejoined(node_id: string, link: Link): void {
    const nodes = [...this.state.brain.books.nodes.values()]
      .filter((node) => node.state === "dead").map((node) => node.node_id);
    link.send({ kind: "owner.gone", processes: [], nodes });
    for (const [by, processes] of byNode(this.#gone)) {
      link.send({ kind: "owner.gone", processes, nodes: [], by });
    }
    const owed = byNode(this.#owed.get(node_id) ?? new Map());
    this.#settle(node_id);
    for (const [by, names] of owed) link.send({ kind: "objects.drop", names, by });
    this.#becomeSure();
    for (const { drop } of this.#unsure.filter((one) => one.node_id === node_id)) {
      link.send({ kind: "objects.drop", ...drop });
    }
  }

  /** `node.usage`. @throws {RequestFailed} for amounts below zero */
  used(node_id: string, use: StoreUse): void {
    if (Object.values(use).some((amount) => typeof amount === "number" && amount < 0)) {
      throw new RequestFailed("bad_request", "Cannot take `node.usage`: an amount is below zero");
    }
    this.#use.set(node_id, use);
  }

  /** What that node's store uses; undefined where it has not said. */
  useOf(node_id: string): StoreUse | undefined {
    return this.#use.get(node_id);
  }

  #becomeSure(): void {
    const since = this.state.clock.now() - UNSURE_MS;
    const at = this.#unsure.findIndex((one) => one.at > since);
    const sure = at < 0 ? this.#unsure.length : at;
    this.#unsure.splice(0, Math.max(sure, this.#unsure.length - MOST_UNSURE));
  }

  /** Keeps what a node that is away has to hear. */
  #owe(node_id: string, owed: Owed): void {
    const fact = `${OWED}${node_id}/${++this.#count}`;
    if (this.#note(node_id, fact, owed)) {
      this.state.shell.journal.putFact(fact, JSON.stringify(owed));
    }
  }

  /** What is forgotten goes with its owner, or with the node. @returns whether it was kept */
  #note(node_id: string, fact: string, { names, processes, by }: Owed): boolean {
    const owed = this.#owed.get(node_id) ?? new Map<string, string>();
    const facts = this.#facts.get(node_id) ?? [];
    if (owed.size + names.length > MOST_OWED || facts.length >= MOST_FACTS) return false;
    for (const name of names) owed.set(name, by);
    for (const process of processes) this.#gone.set(process, by);
    this.#owed.set(node_id, owed);
    this.#facts.set(node_id, facts);
    facts.push(fact);
    return true;
  }

  #settle(node_id: string): void {
    this.#owed.delete(node_id);
    for (const fact of this.#facts.get(node_id) ?? []) this.state.shell.journal.deleteFact(fact);
    this.#facts.delete(node_id);
  }

  #tellAll(gone: Fields<"owner.gone">): void {
    for (const node_id of this.state.brain.books.nodes.keys()) {
      this.state.nodes.get(node_id)?.send({ kind: "owner.gone", ...gone });
    }
  }
}

/** The names that each node said. */
function byNode(said: ReadonlyMap<string, string>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [name, node] of said) {
    const former = names.get(node);
    if (former) former.push(name);
    else names.set(node, [name]);
  }
  return names;
}

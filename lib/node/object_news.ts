/**
 * What other nodes must hear of objects, told to the head: files that are to go there, and processes
 * that ended here. It is gathered while a message is on its way, and kept while the head is down.
 */
import type { Message } from "../wire/messages.ts";

/** Names in one message. */
const BATCH = 5000;
/** Stands for every node. */
const EVERYWHERE = "";

/** What the head is told. */
export type News = Message<"objects.free"> | Message<"process.gone">;

/** Asks the head, however long it takes; rejects when the node ends. */
export type AskHead = (message: News) => Promise<unknown>;

/** See the top of this file. */
export class ObjectNews {
  /** Names by the nodes that must drop them. */
  #names = new Map<string, Set<string>>();
  #processes = new Set<string>();
  #telling: Promise<void> | undefined;

  constructor(readonly ask: AskHead) {}

  /** This file is to go on those nodes; on every node where none is named. */
  free(name: string, nodes: Iterable<string> = [EVERYWHERE]): void {
    for (const node of nodes) {
      const names = this.#names.get(node);
      if (names) names.add(name);
      else this.#names.set(node, new Set([name]));
    }
    this.#tell();
  }

  /** These processes ended: what they owned goes everywhere. */
  gone(processes: Iterable<string>): void {
    for (const process of processes) this.#processes.add(process);
    this.#tell();
  }

  /** Settles when the head has heard all there is now, or the node ends. */
  async told(): Promise<void> {
    while (this.#telling) await this.#telling;
  }

  #tell(): void {
    if (this.#names.size === 0 && this.#processes.size === 0) return;
    this.#telling ??= this.#drain().finally(() => this.#telling = undefined);
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // what is said in one go leaves in one message
    try {
      for (let messages = this.#take(); messages.length > 0; messages = this.#take()) {
        await Promise.all(messages.map((message) => this.ask(message)));
      }
    } catch { /* the node ends, and with it all it had */ }
  }

  #take(): News[] {
    const messages: News[] = [];
    for (const [node, names] of this.#names) {
      const nodes = node === EVERYWHERE ? [] : [node];
      for (const part of parts([...names])) {
        messages.push({ kind: "objects.free", names: part, nodes });
      }
    }
    for (const part of parts([...this.#processes])) {
      messages.push({ kind: "process.gone", processes: part });
    }
    this.#names.clear();
    this.#processes.clear();
    return messages;
  }
}

function parts(list: string[]): string[][] {
  const count = Math.ceil(list.length / BATCH);
  return Array.from({ length: count }, (_, at) => list.slice(at * BATCH, (at + 1) * BATCH));
}

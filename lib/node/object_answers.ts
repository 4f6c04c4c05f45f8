/**
 * Answers to what processes ask about objects: room for large values, copies of other nodes' ones,
 * and where a process serves its own. Nothing here waits for the head but what is on other nodes.
 */
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Received } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import type { NodeFacts } from "./assignment.ts";
import type { Client } from "./client.ts";
import type { Fetches } from "./fetches.ts";
import type { ObjectNews } from "./object_news.ts";
import type { ObjectStore, StoredFile } from "./object_store.ts";
import { type Loose, textIn } from "./order.ts";
import type { Processes } from "./processes.ts";

/** What the answers need of the node. */
export interface ObjectAnswersHost {
  facts(): NodeFacts;
  /** The socket for streams to other nodes. */
  via: string;
  store: ObjectStore;
  fetches: Fetches;
  processes: Processes;
  news: ObjectNews;
  /** Another node's port; asked for whether it lives. @throws {RequestFailed} with code node_gone where it is dead. */
  locate(node: string, signal: AbortSignal): Promise<{ host: string; port: number }>;
  /** A file lies on disk that was made for this client. */
  spilled(client: Client, file: StoredFile): void;
}

/** See the top of this file. */
export class ObjectAnswers {
  constructor(readonly host: ObjectAnswersHost) {}

  /** Serves the message where it is about objects; false where it is not. */
  handle(client: Client, received: Received): boolean {
    const { kind } = received.message;
    const { store, processes } = this.host;
    switch (kind) {
      case "object.create":
        this.#answer(client, received, kind, this.#create(client, received));
        return true;
      case "object.seal":
        store.seal(fieldsOf(received, kind).name, client);
        return true;
      case "object.abort":
        store.abort(fieldsOf(received, kind).name, client);
        return true;
      case "object.fetch":
        this.#answer(client, received, kind, this.#fetch(received));
        return true;
      case "object.free":
        this.#free(fieldsOf(received, kind).objects);
        return true;
      case "process.listen": {
        const { process, socket } = fieldsOf(received, kind);
        processes.listen(client, process, socket);
        client.link.reply(received, kind, {});
        return true;
      }
      case "process.locate":
        this.#answer(client, received, kind, this.#locate(client, received));
        return true;
    }
    return false;
  }

  /**
   * These files go here, and from here every copy of them.
   * @param by the node that says so
   */
  drop(names: readonly unknown[], by: string): void {
    const { store, fetches, news } = this.host;
    for (const name of names) {
      if (typeof name !== "string" || !store.mayDrop(name, by)) continue;
      fetches.drop(name);
      const file = store.drop(name);
      if (file && file.readers.size > 0) news.free(name, file.readers);
    }
  }

  /** The client's process ended: what it made, and what it owned, goes. */
  clientGone(client: Client): void {
    const { store, processes, news } = this.host;
    store.makerGone(client);
    const gone = processes.gone(client);
    if (gone.length === 0) return;
    store.ownersGone(gone, [], this.host.facts().node_id);
    news.gone(gone);
  }

  /** These processes, and all of those nodes, are no more. */
  ownersGone(processes: readonly unknown[], nodes: readonly unknown[], by: string): void {
    const { node_id } = this.host.facts();
    const gone = nodes.filter((node) => node !== node_id).map(String);
    this.host.fetches.nodesGone(gone);
    this.host.store.ownersGone(processes.map(String), gone, by);
  }

  #answer<K extends "object.create" | "object.fetch" | "process.locate">(
    client: Client,
    received: Received,
    kind: K,
    answer: Promise<Reply<K>>,
  ): void {
    answer.then(
      (fields) => client.link.reply(received, kind, fields),
      (error) => client.link.refuse(received, error),
    );
  }

  async #create(client: Client, received: Received): Promise<Reply<"object.create">> {
    const { size, owner, owner_node, object_id, spill } = fieldsOf(received, "object.create");
    const { store } = this.host;
    if (size < 0) {
      throw new RequestFailed(
        "bad_request",
        `Cannot make room for ${size} bytes: it must be 0 or more`,
      );
    }
    const wanted = { size, owner, owner_node, object_id, spill: spill === true };
    const file = await store.create(wanted, client);
    // It went while there was room made: nobody else would remove this.
    if (client.link.isClosed) store.abort(file.name, client);
    else if (file.spilled) this.host.spilled(client, file);
    return { name: file.name, path: file.path };
  }

  async #fetch(received: Received): Promise<Reply<"object.fetch">> {
    return { path: await this.host.fetches.path(fieldsOf(received, "object.fetch")) };
  }

  #free(objects: readonly unknown[]): void {
    const { store, news } = this.host;
    const { node_id } = this.host.facts();
    for (const object of objects) {
      const name = textIn(object as Loose, "name");
      const node = textIn(object as Loose, "node");
      this.drop([name], node_id);
      if (node === node_id) continue;
      // Of a node that is gone only copies are left, and nobody knows where.
      if (store.gone.hasNode(node)) news.free(name);
      else news.free(name, [node]);
    }
  }

  async #locate(client: Client, received: Received): Promise<Reply<"process.locate">> {
    const { process, node } = fieldsOf(received, "process.locate");
    const { facts, store, processes, via } = this.host;
    const { node_id, cluster } = facts();
    if (store.gone.has(process, node)) throw processGone(process);
    if (node === node_id) {
      const socket = await processes.socketOf(process);
      if (socket === undefined) throw processGone(process);
      return { socket, cluster };
    }
    try {
      await this.host.locate(node, client.gone.signal);
      return { via, cluster };
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "node_gone") throw processGone(process);
      throw error;
    }
  }
}

/** The refusal for a process that is no more. */
export function processGone(process: string): RequestFailed {
  return new RequestFailed("process_gone", `The process ${process} that owns the object has ended`);
}

/**
 * The daemon's part in objects, put together: the store, what brings copies from other nodes, which
 * processes own what, and the news of ends. The daemon hands over what arrives and tells it of ends.
 */
import { dirname, join } from "node:path";
import { LinkClosed } from "../wire/errors.ts";
import { fieldsOf, type Received } from "../wire/link.ts";
import type { Identity } from "../wire/handshake.ts";
import type { KeyedStreams } from "../wire/keyed_streams.ts";
import type { Message } from "../wire/messages.ts";
import type { NodeFacts } from "./assignment.ts";
import type { Client } from "./client.ts";
import { Courier } from "./courier.ts";
import { withDeadline } from "./deadline.ts";
import { Fetches } from "./fetches.ts";
import type { FileSource } from "./file_stream.ts";
import { FirstSignal } from "./first_signal.ts";
import type { HeadAsks } from "./head_asks.ts";
import type { Libc } from "./libc.ts";
import { type NodeAddress, NodeDialer } from "./node_dialer.ts";
import { ObjectAnswers } from "./object_answers.ts";
import { ObjectNews } from "./object_news.ts";
import { ObjectStore } from "./object_store.ts";
import { numberIn, textIn } from "./order.ts";
import { Processes } from "./processes.ts";
import { isOwn, openStoreFolder, type StoreFolder } from "./store_folder.ts";

/** Where files of the machine's memory lie. */
export const SHARED_MEMORY = "/dev/shm";
/** How long the head may take to say where a node is, in milliseconds. */
const LOCATE_TIMEOUT = 10_000;
/** How often the head hears of the store's use, at most, in milliseconds. */
const USAGE_INTERVAL = 1000;

/** What the plane needs of its node. */
export interface ObjectPlaneHost {
  facts(): NodeFacts;
  identity(): Identity;
  /** The socket for streams to other nodes. */
  via: string;
  /** The head as this node reaches it. */
  head(): { host: string; port: number };
  /** Bytes that may lie in shared memory. */
  quota: number;
  /** Tells this daemon's folders from those of others. */
  key: string;
  /** Whose members use the store too. */
  group: number | undefined;
  libc: Libc | undefined;
  asks: HeadAsks;
  /** Tells the head, where there is a link. */
  tell(message: Message<"node.usage">): void;
  /** A sentence for the person at the driver of a job. */
  warn(job_id: string, code: string, text: string): void;
  log(text: string): void;
  /** Ends streams whose token is taken no more. */
  streams: KeyedStreams;
  /** Ends what goes on between nodes. */
  signal: AbortSignal;
  /** Instead of {@link SHARED_MEMORY}, in tests. */
  shared_memory?: string;
}

/** See the top of this file. */
export class ObjectPlane {
  /** What other nodes' daemons may fetch, by the source they name: see {@link Courier}. */
  readonly sources = new Map<string, FileSource>();
  readonly courier: Courier;
  /** Streams to other nodes. */
  readonly dialer: NodeDialer;
  readonly processes = new Processes();
  readonly store: ObjectStore;
  readonly answers: ObjectAnswers;
  #fetches: Fetches;
  #news: ObjectNews;
  #addresses = new Map<string, NodeAddress>();
  /** Jobs whose driver was told that objects lie on disk. */
  #warned = new Set<string>();
  #said = "";
  #timer: number;

  /** @throws what the system answers where the store's folders cannot be made. */
  constructor(readonly host: ObjectPlaneHost) {
    const node_id = () => host.facts().node_id;
    this.store = openStore(host);
    const ways = {
      identity: host.identity,
      head: host.head,
      locate: (node: string, signal: AbortSignal) => this.#locate(node, signal),
    };
    this.dialer = new NodeDialer(ways);
    const { log, signal, streams } = host;
    this.courier = new Courier({ ...ways, node_id, log, signal, streams });
    this.#fetches = new Fetches({
      node_id,
      store: this.store,
      courier: this.courier,
      spilled: (file) => host.log(`A copy of ${file.size} bytes lies on disk: ${file.path}`),
    });
    this.#news = new ObjectNews((message) => host.asks.askOwn(message, host.signal));
    this.answers = new ObjectAnswers({
      facts: host.facts,
      via: host.via,
      store: this.store,
      fetches: this.#fetches,
      processes: this.processes,
      news: this.#news,
      locate: ways.locate,
      spilled: (client) => this.#spilled(client),
    });
    this.sources.set("object", (name, node) => this.#pathFor(name, node));
    this.#timer = setInterval(() => this.#tellUsage(), USAGE_INTERVAL);
  }

  /** What the head says about objects; false where the message is about something else. */
  take(received: Received): boolean {
    const { kind } = received.message;
    if (kind === "objects.drop") {
      const { names, by = "" } = fieldsOf(received, kind);
      this.answers.drop(names, by ?? "");
      return true;
    }
    if (kind !== "owner.gone") return false;
    const { processes, nodes, by = "" } = fieldsOf(received, kind);
    for (const node of nodes) this.#addresses.delete(String(node));
    this.answers.ownersGone(processes, nodes, by ?? "");
    return true;
  }

  /** The node has joined, perhaps another head: it knows nothing of the store's use. */
  joined(): void {
    this.#said = "";
    this.#tellUsage();
  }

  /** Everything goes: the node begins anew under another id. */
  clear(): void {
    this.processes.clear();
    this.store.clear();
  }

  /** Removes all files. The signal must have ended what goes on. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#news.told();
    await this.store.close();
  }

  async #pathFor(name: string, node: string | undefined): Promise<string | undefined> {
    const file = this.store.find(name);
    if (!file || file.origin !== undefined || !await file.whole) return undefined;
    // What lies at its name now may be anybody's: see `store_folder.ts`.
    if (!isOwn(dirname(file.path))) return undefined;
    if (node !== undefined) file.readers.add(node);
    return file.path;
  }

  async #locate(node: string, signal: AbortSignal): Promise<NodeAddress> {
    const known = this.#addresses.get(node);
    if (known) return known;
    const { fields } = await withDeadline(LOCATE_TIMEOUT, async (late) => {
      using first = new FirstSignal(late, signal, this.host.signal);
      return await this.host.asks.askOwn({ kind: "node.locate", node }, first.signal);
    }).catch((error) => {
      signal.throwIfAborted();
      if ("code" in error && error.name === "RequestFailed") throw error;
      throw new LinkClosed(`the head did not say where its node is: ${error.message}`);
    });
    const answer = fields as Record<string, unknown>;
    const name = textIn(answer, "name");
    const address: NodeAddress = { host: textIn(answer, "host"), port: numberIn(answer, "port") };
    if (name !== "") address.name = name;
    this.#addresses.set(node, address);
    return address;
  }

  #spilled(client: Client): void {
    const job_id = client.job_id ?? client.worker?.order.job.job_id;
    if (job_id === undefined || this.#warned.has(job_id)) return;
    this.#warned.add(job_id);
    const { facts, quota } = this.host;
    const { node_ip } = facts();
    const gib = (quota / 2 ** 30).toFixed(1);
    const text = this.store.options.memory === undefined
      ? `Node ${node_ip} cannot use ${SHARED_MEMORY}: large objects lie on disk, which is slower. ` +
        "`beam doctor` there says how to have shared memory."
      : `The object store of node ${node_ip} is full (${gib} GiB, or what ${SHARED_MEMORY} has ` +
        "left): further large objects lie on disk, which is slower. Give it more with " +
        "--object-store-memory, or drop references that are not needed.";
    this.host.warn(job_id, "spill", text);
  }

  #tellUsage(): void {
    const { memory, disk, files } = this.store.usage;
    const message: Message<"node.usage"> = {
      kind: "node.usage",
      object_store_used: memory,
      object_store_spilled: disk,
      objects: files,
    };
    const said = JSON.stringify(message);
    if (said === this.#said) return;
    this.#said = said;
    this.host.tell(message);
  }
}

function openStore(host: ObjectPlaneHost): ObjectStore {
  const { key, group, libc, quota, facts, log, shared_memory = SHARED_MEMORY } = host;
  const disk = openStoreFolder({
    parent: join(facts().runtime_dir, "spill"),
    prefix: Deno.hostname(),
    isOwnParent: true,
    key,
    group,
    libc,
  });
  let memory: StoreFolder | undefined;
  try {
    memory = openStoreFolder({
      parent: shared_memory,
      prefix: `beam-${Deno.uid()}`,
      key,
      group,
      libc,
    });
  } catch (error) {
    log(`Large objects lie on disk: ${shared_memory} cannot be used (${(error as Error).message})`);
  }
  return new ObjectStore({ memory, disk, quota });
}

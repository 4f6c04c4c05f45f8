/**
 * A node that is only a link: it joins a head as a daemon does, keeps the link up, and says of every
 * worker that it was told to start that it runs. Nothing is started.
 */
import { randomBytes } from "node:crypto";
import { driverStart } from "../../lib/head/_fakes.ts";
import { HeadLink } from "../../lib/node/head_link.ts";
import { type Answer, fieldsOf, type Link, type Received } from "../../lib/wire/link.ts";
import type { Keyring } from "../../lib/wire/keyring.ts";
import type { Fields, Message, Reply, RequestKind } from "../../lib/wire/messages.ts";

/** Units of one CPU or GPU, as the brain counts. */
export const UNIT = 10_000;
const GIB = 2 ** 30;

/** What a pretended node is like. */
export interface NodeOptions {
  head: { host: string; port: number };
  keys: Keyring;
  /** Its place among its like, from which its address is made. */
  index: number;
  cpus: number;
  gpus: number;
}

/** A worker that is said to run. */
interface Pretended {
  actor_id: string;
  incarnation: number;
  pid: number;
  address: { socket: string; worker_id: string; started_at: number };
}

/** See the top of this file. */
export class PretendedNode implements AsyncDisposable {
  readonly node_id = randomBytes(28).toString("hex");
  readonly ip: string;
  /** Messages that came from the head, by kind. */
  readonly heard = new Map<string, number>();
  readonly workers = new Map<string, Pretended>();
  readonly #jobs: Record<string, unknown>[] = [];
  readonly #link: HeadLink;
  #joins = 0;
  #pid = 1000;
  #dropped = false;

  constructor(readonly options: NodeOptions) {
    const { index } = options;
    this.ip = `10.${index >> 16 & 255}.${index >> 8 & 255}.${index & 255}`;
    this.#link = new HeadLink({
      address: options.head,
      identity: () => ({ build: "load", keys: options.keys }),
      opened: () => Promise.resolve(),
      join: () => this.#join(),
      message: (received, link) => this.#take(received, link),
      joined: () => void (this.#joins += 1),
      declaredDead: () => {
        this.drop();
        return Promise.resolve();
      },
      log: (level, text) =>
        void (level !== "info" && !this.#dropped && console.error(`${this.ip}: ${text}`)),
    });
  }

  /** How often it has joined: more than once where the head came back. */
  get joins(): number {
    return this.#joins;
  }

  get isJoined(): boolean {
    return this.#link.isJoined;
  }

  /** Joins. */
  start(): Promise<void> {
    return this.#link.start(60_000, () => {});
  }

  /** A request of the process `client` on this node, with the head's answer. */
  async ask<K extends RequestKind>(
    message: Message<K>,
    as: { client?: string; job_id?: string; body?: Uint8Array } = {},
  ): Promise<Answer<K>> {
    const { client = "driver", body = new Uint8Array(0), job_id } = as;
    const request: Message<"client.request"> = {
      kind: "client.request",
      client,
      request: { ...message },
      ...(job_id !== undefined && { job_id }),
    };
    return await this.#link.ask(request, body) as unknown as Answer<K>;
  }

  /** Starts a job of a pretended driver. @returns its id */
  async startJob(client = "driver"): Promise<string> {
    const { fields } = await this.ask({ ...driverStart, entrypoint: "load.py" }, { client });
    const { job_id, namespace } = fields;
    this.#jobs.push({
      job_id,
      node_id: this.node_id,
      pid: 42,
      client,
      namespace,
      entrypoint: "load.py",
    });
    return job_id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dropped = true;
    await this.#link.stop("the load ends");
  }

  /** Ends the link without a word, as a machine that is gone. */
  drop(): void {
    this.#dropped = true;
    this.#link.close();
  }

  #join(): Message<"node.join"> {
    const { cpus, gpus } = this.options;
    const message: Message<"node.join"> = {
      kind: "node.join",
      node: {
        node_id: this.node_id,
        ip: this.ip,
        aliases: [],
        hostname: `machine-${this.options.index}`,
        is_head: false,
        total: {
          CPU: cpus * UNIT,
          GPU: gpus * UNIT,
          memory: 512 * GIB * UNIT,
          object_store_memory: 128 * GIB * UNIT,
          "accelerator_type:H100": UNIT,
          [`node:${this.ip}`]: UNIT,
        },
        gpu_ids: Array.from({ length: gpus }, (_, at) => String(at)),
        labels: { "ray.io/node-id": this.node_id, "ray.io/accelerator-type": "H100" },
        extra: {
          port: 6380,
          build: "load",
          pid: 41,
          runtime_dir: `/home/me/.beam-${this.options.index}`,
          log_dir: `/home/me/.beam-${this.options.index}/logs`,
          gpus: Array.from({ length: gpus }, () => "NVIDIA H100 80GB HBM3"),
          notes: [],
        },
      },
    };
    if (this.#joins === 0) return message;
    const actors = [...this.workers.values()].map((worker) => ({ ...worker, initialized: true }));
    return { ...message, report: { actors, jobs: this.#jobs, deaths: [] } };
  }

  #take(received: Received, link: Link): void {
    const { kind } = received.message;
    this.heard.set(kind, (this.heard.get(kind) ?? 0) + 1);
    if (kind === "worker.start") this.#run(fieldsOf(received, kind));
    if (kind === "worker.stop") this.#end(fieldsOf(received, kind));
    if (kind === "node.readings") link.reply(received, kind, this.#readings());
  }

  /** What its machine is busy with, other each time. */
  #readings(): Reply<"node.readings"> {
    const { cpus, gpus } = this.options;
    const part = () => Math.random();
    return {
      at: Date.now(),
      took_ms: 1,
      cpu_count: cpus,
      cpu_busy: cpus * part(),
      load1: cpus * part(),
      memory_total: 512 * GIB,
      memory_used: Math.round(512 * GIB * part()),
      shm_total: 256 * GIB,
      shm_used: Math.round(64 * GIB * part()),
      disk_total: 3500 * GIB,
      disk_used: Math.round(2000 * GIB * part()),
      gpus: Array.from({ length: gpus }, (_, index) => ({
        index,
        name: "NVIDIA H100 80GB HBM3",
        busy_percent: Math.round(100 * part()),
        memory_total: 80 * GIB,
        memory_used: Math.round((60 + 20 * part()) * GIB),
        temperature_c: Math.round(45 + 40 * part()),
        power_w: Math.round(200 + 500 * part()),
      })),
    };
  }

  #run({ actor_id, incarnation }: Fields<"worker.start">): void {
    const pid = ++this.#pid;
    const worker_id = randomBytes(28).toString("hex");
    const socket = `/run/user/1000/beam/6379/w/${worker_id.slice(0, 16)}.sock`;
    const address = { socket, worker_id, started_at: Date.now() };
    const worker = { actor_id, incarnation, pid, address };
    this.workers.set(actor_id, worker);
    this.#link.send({ kind: "actor.event", event: "ready", ...worker });
    this.#link.send({ kind: "actor.event", event: "initialized", ...worker });
  }

  #end({ actor_id, incarnation, report }: Fields<"worker.stop">): void {
    this.workers.delete(actor_id);
    this.#link.send({ kind: "actor.event", event: "died", actor_id, incarnation, report });
  }
}

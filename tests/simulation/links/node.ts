/**
 * A node: the daemon's real link to the head, its asks, orders, news and report, around workers and
 * drivers that are only records.
 */
import assert from "assert";
import type { DeathReport } from "../../../lib/cluster/death.ts";
import type { NodeSpec } from "../../../lib/cluster/node.ts";
import { Client } from "../../../lib/node/client.ts";
import { Drivers } from "../../../lib/node/drivers.ts";
import { HeadAsks } from "../../../lib/node/head_asks.ts";
import { HeadLink, type HeadLinkHost, type HeadLinkOptions } from "../../../lib/node/head_link.ts";
import { HeadOrders, type HeadOrdersHost } from "../../../lib/node/head_orders.ts";
import { joinReport } from "../../../lib/node/join_report.ts";
import type { WorkerOrder } from "../../../lib/node/order.ts";
import { WorkerNews } from "../../../lib/node/worker_news.ts";
import type { Fields, Message, Reply } from "../../../lib/wire/messages.ts";
import { SimClock } from "./clock.ts";
import { type SimWorker, SimWorkers } from "./workers.ts";

/** What a node needs of its world. */
export interface NodeWorld {
  readonly now: number;
  open: NonNullable<HeadLinkOptions["open"]>;
  newId(): string;
  joined(node: SimNode, reply: Reply<"node.join">): void;
  stopped(actor_id: string, incarnation: number, report: DeathReport): void;
  /** Runs something whose failure is the simulation's. */
  guard(check: () => void): void;
  say(line: () => string): void;
}

/** How often a node looks whether its workers are gone, in milliseconds. */
const LOOK = 50;

export class SimNode {
  readonly clock: SimClock;
  readonly drivers = new Drivers();
  readonly news: WorkerNews;
  readonly workers: SimWorkers;
  readonly asks: HeadAsks;
  readonly clients = new Map<string, Client>();
  /** Epochs of the heads that took it in, in their order. */
  epoch = 0;
  link!: HeadLink;
  #cluster = "";
  #ended = false;

  constructor(readonly world: NodeWorld, readonly index: number, public spec: NodeSpec) {
    this.clock = new SimClock(world.now);
    this.news = new WorkerNews({ head: () => this.link, log: () => {} });
    this.workers = new SimWorkers(this.news, {
      started: (order) => this.#started(order),
      stopped: (...what) => world.stopped(...what),
    });
    this.asks = new HeadAsks(() => this.link);
    const orders = new HeadOrders({
      workers: this.workers,
      news: this.news,
      objects: { take: () => false },
      probes: { take: () => false },
      client: (id: string) => this.clients.get(id),
      warn: (text: string) => world.say(() => `    ${this.spec.ip}: ${text}`),
    } as unknown as HeadOrdersHost);
    const host: HeadLinkHost = {
      address: { host: "10.0.0.1", port: 6379 },
      identity: () => ({}) as ReturnType<HeadLinkHost["identity"]>,
      opened: () => Promise.resolve(),
      join: () => this.#join(),
      message: (received, link) => orders.take(received, link),
      joined: (reply, cluster) => this.#joined(reply, cluster),
      declaredDead: () => this.#declaredDead(),
      log: (_level, text) => world.say(() => `    ${this.spec.ip}: ${text}`),
    };
    this.link = new HeadLink(host, { clock: this.clock, open: world.open.bind(world) });
  }

  get node_id(): string {
    return this.spec.node_id;
  }

  /** Begins to dial, and goes on until {@link end}. */
  start(): void {
    this.link.start(Infinity, () => {}).catch((error) => {
      this.world.guard(() => assert.ok(this.#ended, `${this.spec.ip} gave its start up: ${error}`));
    });
  }

  /** The machine is gone: no process of it lives. */
  end(): void {
    this.#ended = true;
    this.link.close();
    this.clock.end();
    for (const client of this.clients.values()) client.gone.abort(new Error("gone"));
    this.workers.vanish();
  }

  /** A process at the daemon's socket. */
  connect(id: string): Client {
    const client = new Client(id);
    client.push = () => {};
    client.link = { close: () => this.lose(client) } as unknown as Client["link"];
    this.clients.set(id, client);
    return client;
  }

  /** A process is gone. */
  lose(client: Client): void {
    this.clients.delete(client.id);
    client.gone.abort(new Error("gone"));
    const { job_id } = client;
    if (job_id === undefined) return;
    this.drivers.remove(job_id);
    this.asks.driverGone(client, job_id, "its driver ended");
  }

  /** A driver's start was answered. */
  began(client: Client, facts: Fields<"driver.start">, reply: Reply<"driver.start">): void {
    const { job_id, namespace } = reply;
    if (client.gone.signal.aborted) return this.asks.driverGone(client, job_id, "it was gone");
    this.drivers.add({ job_id, client, namespace, facts });
  }

  #join(): Message<"node.join"> {
    const { is_head: _, ...node } = this.spec;
    const message: Message<"node.join"> = {
      kind: "node.join",
      node: { ...node, is_head: false },
    };
    if (this.#cluster !== "") {
      message.report = joinReport(
        {
          node_id: this.node_id,
          workers: this.workers.all.map(({ worker }) => worker),
          drivers: this.drivers,
          deaths: this.news.deaths,
          // deno-lint-ignore no-explicit-any
          watchers: this.news.watchers as any,
        } as Parameters<typeof joinReport>[0],
      );
    }
    return message;
  }

  #joined(reply: Reply<"node.join">, cluster: string): void {
    this.#cluster = reply.cluster || cluster;
    this.world.joined(this, reply);
    this.epoch = reply.epoch;
    this.news.repeat();
    this.asks.repeat();
  }

  async #declaredDead(): Promise<void> {
    this.workers.stopAll({ kind: "node", message: "It was out of the head's reach for too long." });
    while (this.workers.all.length > 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.clock.after(LOOK, resolve));
    }
    for (const { client } of this.drivers.all) client.link.close();
    this.news.deaths.clear();
    this.spec = { ...this.spec, node_id: this.world.newId() };
  }

  #started(order: WorkerOrder): void {
    const { epoch } = order.grant as { epoch?: number };
    this.world.guard(() =>
      assert.equal(epoch, this.epoch, "a worker is started by a grant of another epoch")
    );
    this.world.guard(() => this.#devicesAreShared());
  }

  /** Processes that exist at the same time share devices rightly. */
  #devicesAreShared(): void {
    const units = new Map<number, number>();
    for (const { grant } of this.workers.all as SimWorker[]) {
      for (const [index, part] of grant.gpus) units.set(index, (units.get(index) ?? 0) + part);
    }
    for (const [index, sum] of units) {
      assert.ok(sum <= 10_000, `GPU ${index} of ${this.spec.ip} is used ${sum / 10_000} times`);
    }
  }
}

/** The workers of a simulated node: what `Workers` promises to the head's orders, without processes. */
import type { DeathReport } from "../../../lib/cluster/death.ts";
import type { Grant } from "../../../lib/cluster/ledger.ts";
import type { WorkerOrder } from "../../../lib/node/order.ts";
import type { Worker } from "../../../lib/node/worker.ts";
import type { WorkerNews } from "../../../lib/node/worker_news.ts";

/** A process of an actor; it has what the daemon's code reads of a `Worker`. */
export class SimWorker {
  state: "starting" | "ready" | "running" | "ended" = "starting";
  lending = "unblocked" as const;
  repr: string | undefined;
  /** Told to end, and why. */
  asked: DeathReport | undefined;

  constructor(readonly order: WorkerOrder, readonly pid: number) {}

  get actor_id(): string {
    return this.order.actor_id;
  }

  get incarnation(): number {
    return this.order.incarnation;
  }

  get connectable(): boolean {
    return this.state === "ready" || this.state === "running";
  }

  get socket(): string {
    return `/s/${this.actor_id}/${this.incarnation}`;
  }

  get address(): { socket: string; worker_id: string; started_at: number } {
    return { socket: this.socket, worker_id: "f".repeat(56), started_at: 1 };
  }

  get grant(): Grant {
    return this.order.grant as unknown as Grant;
  }

  get worker(): Worker {
    return this as unknown as Worker;
  }
}

export class SimWorkers {
  readonly #all = new Map<string, SimWorker>();
  #next_pid = 100;

  /** @param started is told of every start, and of every stop by name and reason */
  constructor(
    readonly news: WorkerNews,
    readonly watcher: {
      started(order: WorkerOrder): void;
      stopped(actor_id: string, incarnation: number, report: DeathReport): void;
    },
  ) {}

  get all(): SimWorker[] {
    return [...this.#all.values()];
  }

  find(actor_id: string, incarnation: number): SimWorker | undefined {
    return this.#all.get(`${actor_id}:${incarnation}`);
  }

  start(order: WorkerOrder): void {
    const key = `${order.actor_id}:${order.incarnation}`;
    if (this.#all.has(key)) return;
    this.#all.set(key, new SimWorker(order, this.#next_pid++));
    this.watcher.started(order);
  }

  stop(actor_id: string, incarnation: number, report: DeathReport): void {
    const worker = this.find(actor_id, incarnation);
    if (worker === undefined) return this.news.unknown(actor_id, incarnation, report);
    this.watcher.stopped(actor_id, incarnation, report);
    worker.asked ??= report;
  }

  stopAll(report: DeathReport): void {
    for (const { actor_id, incarnation } of this.all) this.stop(actor_id, incarnation, report);
  }

  /** One step further in its life, or its end where it was told to end. */
  advance(worker: SimWorker): void {
    if (worker.asked !== undefined) return this.end(worker, worker.asked, false);
    if (worker.state === "starting") {
      worker.state = "ready";
      this.news.ready(worker.worker);
    } else if (worker.state === "ready") {
      worker.state = "running";
      this.news.initialized(worker.worker);
    }
  }

  /** Its process is gone. */
  end(worker: SimWorker, report: DeathReport, intended: boolean): void {
    const unready = worker.state === "starting";
    worker.state = "ended";
    this.#all.delete(`${worker.actor_id}:${worker.incarnation}`);
    this.news.died(worker.worker, report, new Uint8Array(0), { intended, unready });
  }

  /** All processes are gone with the machine. */
  vanish(): void {
    this.#all.clear();
  }
}

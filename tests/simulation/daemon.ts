/**
 * A node daemon as the brain's contract describes it (`events.ts`), without a machine under it:
 * it starts and stops workers, keeps what it has to tell while its link is cut, and reports when it
 * joins again.
 */
import type { EffectOf } from "../../lib/cluster/effects.ts";
import type { BrainEvent, NodeReport } from "../../lib/cluster/events.ts";
import type { JobSpec } from "../../lib/cluster/jobs.ts";
import type { Grant } from "../../lib/cluster/ledger.ts";
import type { NodeSpec } from "../../lib/cluster/node.ts";

/** A worker process that exists. */
export interface SimWorker {
  actor_id: string;
  incarnation: number;
  grant: Grant;
  step: "starting" | "ready" | "running";
  pid: number;
  /** Told to end and not gone yet: a process takes its time, and keeps its devices meanwhile. */
  ending: boolean;
  /** It waits in `ray.get`. */
  blocked: boolean;
  /** A leased worker that runs no task any more. */
  returned: boolean;
}

type Order = EffectOf<"worker.start"> | EffectOf<"worker.stop">;

export class SimDaemon {
  /** Its link to the head. */
  connected = false;
  /** Connected as far as it knows, but no byte gets through. */
  muted = false;
  readonly workers: Map<string, SimWorker> = new Map();
  readonly drivers: Map<string, JobSpec> = new Map();
  /** Sent to the head and not yet delivered, oldest first. */
  to_head: BrainEvent[] = [];
  /** Sent by the head and not yet delivered. */
  to_daemon: Order[] = [];
  /** Deaths the head may not have heard of. */
  deaths: NodeReport["deaths"] = [];
  #next_pid = 100;

  constructor(public spec: NodeSpec) {}

  /** The link ends: what was under way is lost, but deaths are remembered. */
  cut(): void {
    this.connected = false;
    this.muted = false;
    this.to_head = [];
    this.to_daemon = [];
  }

  /** The link is there (again). */
  join(): BrainEvent {
    this.connected = true;
    const report: NodeReport = {
      actors: [...this.workers.values()].map((worker) => ({
        actor_id: worker.actor_id,
        incarnation: worker.incarnation,
        pid: worker.step === "starting" ? 0 : worker.pid,
        ...(worker.step !== "starting" && { address: `sock-${worker.pid}` }),
        initialized: worker.step === "running",
        blocked: worker.blocked,
        returned: worker.returned,
      })),
      jobs: [...this.drivers.values()],
      deaths: this.deaths,
    };
    return { kind: "node.join", node: this.spec, report };
  }

  /** Everything on it ends; it will come back under another id. */
  reset(node_id: string): void {
    this.cut();
    this.workers.clear();
    this.drivers.clear();
    this.deaths = [];
    this.spec = { ...this.spec, node_id };
  }

  obey(order: Order): void {
    const key = `${order.actor_id}/${order.incarnation}`;
    const known = this.workers.get(key);
    if (order.kind === "worker.stop") {
      if (known !== undefined) known.ending = true;
      else this.#gone(order.actor_id, order.incarnation, "killed");
      return;
    }
    if (known !== undefined) return;
    const { actor_id, incarnation, grant } = order;
    const pid = this.#next_pid++;
    this.workers.set(key, {
      actor_id,
      incarnation,
      grant,
      step: "starting",
      pid,
      ending: false,
      blocked: false,
      returned: false,
    });
  }

  /** A worker gets one step further. */
  advance(worker: SimWorker): void {
    const { actor_id, incarnation, pid } = worker;
    if (worker.ending) return this.#gone(actor_id, incarnation, "killed");
    const node_id = this.spec.node_id;
    const name = { node_id, actor_id, incarnation };
    if (worker.step === "starting") {
      worker.step = "ready";
      this.#tell({ kind: "actor.ready", ...name, pid, address: `sock-${pid}` });
    } else if (worker.step === "ready") {
      worker.step = "running";
      this.#tell({ kind: "actor.initialized", ...name });
    }
  }

  /** A call inside of it begins or ends to wait for others. */
  toggleBlocked(worker: SimWorker): void {
    if (worker.step !== "running") return;
    worker.blocked = !worker.blocked;
    const { actor_id, incarnation } = worker;
    const kind = worker.blocked ? "actor.blocked" : "actor.unblocked";
    this.#tell({ kind, actor_id, incarnation });
  }

  /** It has run its last task, if it is for tasks. */
  giveBack(worker: SimWorker): void {
    if (worker.step !== "running" || worker.blocked) return;
    worker.returned = true;
    const { actor_id, incarnation } = worker;
    this.#tell({ kind: "actor.returned", actor_id, incarnation });
  }

  /** Every worker that was told to end is gone. */
  reap(): void {
    for (const worker of [...this.workers.values()]) if (worker.ending) this.advance(worker);
  }

  /** A worker cannot be started, fails in `__init__`, or dies. */
  fail(worker: SimWorker, intended: boolean): void {
    const kind = worker.step === "starting" ? "start" : worker.step === "ready" ? "init" : "signal";
    this.#gone(worker.actor_id, worker.incarnation, kind, intended && kind === "signal");
  }

  /** A driver of this machine ends; while the link is cut, its absence from the report tells. */
  endDriver(job_id: string): void {
    if (this.drivers.delete(job_id)) this.#tell({ kind: "job.end", job_id, reason: "it crashed" });
  }

  #gone(
    actor_id: string,
    incarnation: number,
    kind: "killed" | "start" | "init" | "signal",
    intended = false,
  ): void {
    const node_id = this.spec.node_id;
    const report = { kind, message: `It ended (${kind}).` };
    this.workers.delete(`${actor_id}/${incarnation}`);
    this.deaths.push({ actor_id, incarnation, report });
    const name = { node_id, actor_id, incarnation, report };
    this.#tell(
      kind === "start"
        ? { kind: "actor.placed_failed", ...name }
        : { kind: "actor.died", ...name, intended },
    );
  }

  #tell(event: BrainEvent): void {
    if (this.connected) this.to_head.push(event);
  }
}

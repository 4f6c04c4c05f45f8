/**
 * A node daemon as the brain's contract describes it (`events.ts`), without a machine under it:
 * it starts and stops workers, keeps what it has to tell while its link is cut, and reports when it
 * joins again.
 */
import type { BrainEvent, NodeReport } from "../../../lib/cluster/events.ts";
import type { JobSpec } from "../../../lib/cluster/jobs.ts";
import type { Grant } from "../../../lib/cluster/ledger.ts";
import type { NodeSpec } from "../../../lib/cluster/node.ts";
import { type Order, SimLink, type ToDaemon } from "./link.ts";

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

export class SimDaemon {
  /** Its present link, as far as it knows. */
  link: SimLink | undefined;
  /** When something of the head last reached it. */
  heard_at = 0;
  /** Nothing gets from it to the head, or from the head to it. */
  blocked: { up: boolean; down: boolean } = { up: false, down: false };
  readonly workers: Map<string, SimWorker> = new Map();
  readonly drivers: Map<string, JobSpec> = new Map();
  /** Deaths the head has not noted. */
  deaths: NodeReport["deaths"] = [];
  #next_pid = 100;
  #joined_before = false;

  constructor(public spec: NodeSpec) {}

  /** A connection can be made: an opening goes both ways. */
  get reachable(): boolean {
    return !this.blocked.up && !this.blocked.down;
  }

  /** Its link ends on its side: of what is under way to the head, that much arrives. */
  cut(arrives = 0): void {
    this.link?.closeAtDaemon(arrives);
    this.link = undefined;
  }

  /** Dials anew, and joins with what it has. */
  dial(serial: number, now: number): SimLink {
    const link = new SimLink(serial, this.spec.node_id);
    const report: NodeReport = {
      actors: [...this.workers.values()].map((worker) => ({
        actor_id: worker.actor_id,
        incarnation: worker.incarnation,
        pid: worker.step === "starting" ? 0 : worker.pid,
        ...(worker.step !== "starting" && { address: `sock-${worker.pid}` }),
        initialized: worker.step === "running",
        blocked: worker.blocked,
        returned: worker.returned,
        grant: worker.grant,
      })),
      jobs: [...this.drivers.values()],
      deaths: [...this.deaths],
    };
    const node = structuredClone(this.spec);
    link.to_head.push(
      structuredClone({ kind: "node.join", node, ...(this.#joined_before && { report }) }),
    );
    this.link = link;
    this.heard_at = now;
    return link;
  }

  /** Everything on it ends; it will come back under another id. */
  reset(node_id: string): void {
    this.cut();
    this.workers.clear();
    this.drivers.clear();
    this.deaths = [];
    this.spec = { ...this.spec, node_id };
  }

  /** Something arrives over its link. @returns true where it must take another id */
  hear(item: ToDaemon): boolean {
    switch (item.kind) {
      case "end":
        this.link = undefined;
        return false;
      case "declared_dead":
        return true;
      case "joined":
        this.#joined_before = true;
        for (const death of this.deaths) this.#tellDeath(death);
        return false;
      case "noted":
        this.deaths = this.deaths.filter((death) =>
          death.actor_id !== item.actor_id || death.incarnation !== item.incarnation
        );
        return false;
      default:
        this.#obey(item);
        return false;
    }
  }

  #obey(order: Order): void {
    const key = `${order.actor_id}/${order.incarnation}`;
    const known = this.workers.get(key);
    const { actor_id, incarnation } = order;
    if (order.kind === "worker.stop") {
      if (known !== undefined) known.ending = true;
      else {
        this.#tellDeath({
          actor_id,
          incarnation,
          report: { kind: "killed", message: "It is not here." },
        });
      }
      return;
    }
    if (known !== undefined) return;
    this.workers.set(key, {
      actor_id,
      incarnation,
      grant: structuredClone(order.grant),
      step: "starting",
      pid: this.#next_pid++,
      ending: false,
      blocked: false,
      returned: false,
    });
  }

  /** A worker gets one step further. */
  advance(worker: SimWorker): void {
    const { actor_id, incarnation, pid } = worker;
    if (worker.ending) return this.#gone(worker, "killed", false);
    const name = { node_id: this.spec.node_id, actor_id, incarnation };
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
    this.#gone(worker, kind, intended && kind === "signal");
  }

  /** A driver of this machine ends; while the link is cut, its absence from the report tells. */
  endDriver(job_id: string): void {
    if (this.drivers.delete(job_id)) this.#tell({ kind: "job.end", job_id, reason: "it crashed" });
  }

  #gone(
    { actor_id, incarnation }: SimWorker,
    kind: "killed" | "start" | "init" | "signal",
    intended: boolean,
  ): void {
    const report = { kind, message: `It ended (${kind}).` };
    const death = { actor_id, incarnation, report, ...(intended && { intended }) };
    this.workers.delete(`${actor_id}/${incarnation}`);
    this.deaths.push(death);
    this.#tellDeath(death);
  }

  #tellDeath({ actor_id, incarnation, report, intended }: NodeReport["deaths"][number]): void {
    const name = { node_id: this.spec.node_id, actor_id, incarnation, report };
    this.#tell(
      report.kind === "start"
        ? { kind: "actor.placed_failed", ...name }
        : { kind: "actor.died", ...name, intended: intended === true },
    );
  }

  #tell(event: BrainEvent): void {
    this.link?.to_head.push(event);
  }
}

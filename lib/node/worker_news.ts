/** What becomes of this node's workers: told to the head, and to those here who asked after them. */
import type { DeathReport } from "../cluster/death.ts";
import type { Message } from "../wire/messages.ts";
import { deathMessage, Deaths } from "./deaths.ts";
import type { HeadLink } from "./head_link.ts";
import { reportOf } from "./order.ts";
import { Watchers } from "./watchers.ts";
import type { Lending, Worker } from "./worker.ts";
import type { WorkerEnd, WorkerEvents } from "./workers.ts";

/** What the news need of their node. */
export interface WorkerNewsHost {
  /** Absent before there is one. What it drops, the report at the next join says. */
  head(): Pick<HeadLink, "send">;
  log(text: string): void;
  /** Milliseconds that only grow. */
  now?: () => number;
}

/** See the top of this file. */
export class WorkerNews implements WorkerEvents {
  readonly deaths = new Deaths();
  readonly watchers = new Watchers();

  readonly #now: () => number;

  constructor(readonly host: WorkerNewsHost) {
    this.#now = host.now ?? (() => performance.now());
  }

  ready(worker: Worker): void {
    this.#tellHead(worker, "ready");
    this.watchers.wake(worker.actor_id);
  }

  initialized(worker: Worker): void {
    this.#tellHead(worker, "initialized");
  }

  lent(worker: Worker): void {
    this.#tellHead(worker, worker.lending);
  }

  died(worker: Worker, facts: DeathReport, body: Uint8Array, how: WorkerEnd): void {
    const { actor_id, incarnation, order } = worker;
    const report = this.deaths.ranked(facts, this.#now());
    const final = !how.unready &&
      (order.max_restarts === 0 || how.intended || report.kind === "init");
    const death = { actor_id, incarnation, report, body, intended: how.intended, final };
    this.deaths.add(death);
    this.watchers.wake(actor_id);
    if (final) {
      this.tellWatchers({
        kind: "actor.state",
        actor_id,
        state: "dead",
        incarnation,
        report: { ...report },
      }, body);
    }
    this.host.head().send(deathMessage(death), body);
    this.host.log(`${order.class_name} ${actor_id} (${incarnation}): ${report.message}`);
  }

  unknown(actor_id: string, incarnation: number, report: DeathReport): void {
    this.host.head().send({
      kind: "actor.event",
      event: "died",
      actor_id,
      incarnation,
      report: { ...report },
    });
  }

  /** Tells the head again of the deaths it has not noted: a report has no exceptions of `__init__`. */
  repeat(): void {
    for (const death of this.deaths.unnoted) this.host.head().send(deathMessage(death), death.body);
  }

  /** Tells those who have located a leased worker, its owner among them, that others wait for it. */
  tellWanted(actor_id: string): void {
    for (const client of this.watchers.of(actor_id)) {
      client.push({ kind: "lease.wanted", actor_id });
    }
  }

  /** Tells those who have located the actor; of a dead one it is the last. */
  tellWatchers(message: Message<"actor.state">, body: Uint8Array): void {
    const { actor_id, state, report } = message;
    if (report) this.deaths.heard(reportOf(report), this.#now());
    for (const client of this.watchers.of(actor_id)) client.push(message, body);
    if (state === "dead") this.watchers.end(actor_id);
  }

  #tellHead(worker: Worker, event: "ready" | "initialized" | Lending): void {
    const message: Message<"actor.event"> = {
      kind: "actor.event",
      event,
      actor_id: worker.actor_id,
      incarnation: worker.incarnation,
      pid: worker.pid,
      address: worker.address,
    };
    if (worker.repr !== undefined) message.repr = worker.repr;
    this.host.head().send(message);
  }
}

/**
 * The cluster brain: `step(event, now)` changes the books and returns what the shell has to do.
 *
 * No clock, socket, timer or randomness in here. `now` is in milliseconds since the epoch and must
 * not run backwards (an earlier value counts as the latest one). Nothing that arrives throws: what
 * is illegal is ignored or answered by a `…rejected`.
 */
import type { ActorRecord, ActorSpec } from "./actors.ts";
import { mayRestart } from "./actors.ts";
import { actorFault, groupFault } from "./admission.ts";
import { withoutZeros } from "./amounts.ts";
import { Books, nameKey } from "./books.ts";
import type { BrainConfig } from "./config.ts";
import { DEFAULT_CONFIG } from "./config.ts";
import { drainNode, moveBundles } from "./draining.ts";
import type { Effect } from "./effects.ts";
import { confirmGone, endIncarnation, endJob, loseNode, removeGroup } from "./endings.ts";
import type { BrainEvent, BrainEventOf } from "./events.ts";
import type { GroupRecord, GroupSpec } from "./groups.ts";
import { jobIdOf } from "./jobs.ts";
import type { JobRecord } from "./jobs.ts";
import {
  currentWorker,
  joinNode,
  startJob,
  stopStranger,
  workerDied,
  workerInitialized,
  workerReady,
} from "./joining.ts";
import { askBack } from "./leases.ts";
import { lendCpu, returnGrant } from "./lending.ts";
import { judgeNodes, linkLost, nodeSeen } from "./liveness.ts";
import type { NodeRecord } from "./node.ts";
import type { PendingReason } from "./pending.ts";
import { pendingReasons } from "./pending.ts";
import { prune } from "./pruning.ts";
import { explain } from "./reasons.ts";
import type { Row } from "./rows.ts";
import { loadRows, rowOf } from "./rows.ts";
import { schedule } from "./scheduling.ts";
import { releaseStray } from "./strays.ts";
import { warnAboutWaiting } from "./warnings.ts";

/** So many of the last kills of an actor are known again when they are sent again. */
const MOST_KILLS = 8;

/** The brain of one head. */
export class Brain {
  readonly books: Books;

  /** @param config times and limits that differ from the default */
  constructor(config: Partial<BrainConfig> = {}) {
    this.books = new Books({ ...DEFAULT_CONFIG, ...config });
  }

  /**
   * The brain of a restarted head.
   *
   * @param rows what was persisted, in any order
   * @returns the brain, and what its shell has to do at once
   */
  static load(
    rows: Iterable<Row>,
    now: number,
    config: Partial<BrainConfig> = {},
  ): { brain: Brain; effects: Effect[] } {
    const brain = new Brain(config);
    loadRows(brain.books, rows, now);
    return { brain, effects: brain.#drain() };
  }

  /** Changes the books by one event. @returns what the shell has to do, in this order */
  step(event: BrainEvent, now: number): Effect[] {
    this.books.now = Math.max(this.books.now, now);
    // A head may stand still before its first tick, too.
    this.books.last_tick ||= this.books.now;
    this.#apply(event);
    schedule(this.books);
    return this.#drain();
  }

  /** Grows by one at each restart of the head. */
  get epoch(): number {
    return this.books.epoch;
  }

  /** The id for the next `job.start`. */
  nextJobId(): string {
    return jobIdOf(this.books.next_job);
  }

  node(node_id: string): NodeRecord | undefined {
    return this.books.nodes.get(node_id);
  }

  job(job_id: string): JobRecord | undefined {
    return this.books.jobs.get(job_id);
  }

  actor(actor_id: string): ActorRecord | undefined {
    return this.books.actors.get(actor_id);
  }

  group(pg_id: string): GroupRecord | undefined {
    return this.books.groups.get(pg_id);
  }

  /** The actor of that name that is not dead. */
  findActor(namespace: string, name: string): ActorRecord | undefined {
    return this.books.actors.get(this.books.names.get(nameKey(namespace, name)) ?? "");
  }

  /** Why the actor or group waits, in words, or undefined where it does not. */
  explain(id: string): string | undefined {
    return explain(this.books, id);
  }

  /** Everything that waits for a place, with the reasons. */
  pendingReasons(): PendingReason[] {
    return pendingReasons(this.books);
  }

  #drain(): Effect[] {
    return this.books.drain((table, id) => rowOf(this.books, table, id));
  }

  #apply(event: BrainEvent): void {
    const { books } = this;
    switch (event.kind) {
      case "tick":
        return this.#tick();
      case "node.join":
        return joinNode(books, event);
      case "node.leave":
      case "node.out":
      case "node.seen":
      case "node.lost":
      case "node.drain":
        return this.#applyNode(event);
      case "job.start":
        return startJob(books, event.job);
      case "job.end": {
        const job = books.jobs.get(event.job_id);
        return job && endJob(books, job, event);
      }
      case "group.create":
        return this.#createGroup(event.group);
      case "group.remove": {
        const group = books.groups.get(event.pg_id);
        return group && removeGroup(books, group);
      }
      case "actor.create":
        return this.#createActor(event.actor);
      case "actor.kill":
        return this.#killActor(event);
      case "actor.release":
        return this.#releaseActor(event.actor_id);
      case "actor.died":
        return workerDied(books, event);
      case "actor.ready":
      case "actor.initialized":
      case "actor.placed_failed":
        return this.#applyWorker(event);
      case "actor.blocked":
      case "actor.unblocked":
      case "actor.returned":
        return this.#lend(event);
    }
  }

  #tick(): void {
    const { books } = this;
    judgeNodes(books);
    moveBundles(books);
    for (const id of books.queue) {
      const actor = books.actors.get(id);
      if (actor === undefined) continue;
      const unheardOf = actor.pg !== undefined && !books.groups.has(actor.pg.pg_id);
      if (unheardOf || (actor.not_before > 0 && actor.not_before <= books.now)) books.fresh.add(id);
    }
    if (books.hold_until > 0 && books.now >= books.hold_until) {
      books.hold_until = 0;
      books.retry_all = true;
    }
    // Before warning: what can be placed now is not pending.
    schedule(books);
    askBack(books);
    warnAboutWaiting(books);
    prune(books);
  }

  #applyNode(
    event: BrainEventOf<"node.leave" | "node.out" | "node.seen" | "node.lost" | "node.drain">,
  ): void {
    const { books } = this;
    const node = books.nodes.get(event.node_id);
    if (node === undefined) return;
    switch (event.kind) {
      case "node.seen":
        return nodeSeen(books, node, event.at);
      case "node.lost":
        return linkLost(books, node, event.reason);
      case "node.leave":
        return loseNode(books, node, `it left the cluster (${event.reason})`);
      case "node.out":
        return loseNode(books, node, event.reason);
      case "node.drain":
        return drainNode(books, node, event);
    }
  }

  #createGroup(spec: GroupSpec): void {
    const { books } = this;
    if (books.groups.has(spec.pg_id)) return books.tell("groups", spec.pg_id);
    const fault = groupFault(books, spec);
    if (fault !== undefined) {
      return books.act({ kind: "group.rejected", pg_id: spec.pg_id, ...fault });
    }
    books.groups.set(spec.pg_id, {
      ...spec,
      bundles: spec.bundles.map(withoutZeros),
      state: "PENDING",
      seq: books.takeSeq(),
      requested_at: books.now,
      since: books.now,
      nodes: spec.bundles.map(() => ""),
      grants: spec.bundles.map(() => null),
      attempts: 0,
    });
    books.bundle_ledgers.set(spec.pg_id, spec.bundles.map(() => null));
    books.enqueue(spec.pg_id);
    books.touch("groups", spec.pg_id);
    for (const id of books.queue) {
      if (books.actors.get(id)?.pg?.pg_id === spec.pg_id) books.fresh.add(id);
    }
  }

  #createActor(spec: ActorSpec): void {
    const { books } = this;
    if (books.actors.has(spec.actor_id)) return books.tell("actors", spec.actor_id);
    const fault = actorFault(books, spec);
    if (fault !== undefined) {
      return books.act({ kind: "actor.rejected", actor_id: spec.actor_id, ...fault });
    }
    books.actors.set(spec.actor_id, {
      ...spec,
      place: withoutZeros(spec.place),
      run: withoutZeros(spec.run),
      state: "PENDING_CREATION",
      step: "waiting",
      restarts: 0,
      incarnation: 1,
      seq: books.takeSeq(),
      created_at: books.now,
      since: books.now,
      node_id: "",
      pid: 0,
      bundle_index: -1,
      lent_cpu: 0,
      not_before: 0,
      failed_starts: 0,
      leaving: [],
    });
    if (spec.name !== "") books.names.set(nameKey(spec.namespace, spec.name), spec.actor_id);
    books.enqueue(spec.actor_id);
    books.touch("actors", spec.actor_id);
  }

  #releaseActor(actor_id: string): void {
    const actor = this.books.actors.get(actor_id);
    if (actor === undefined || actor.step === "ended") return;
    actor.released = true;
    this.books.touch("actors", actor_id, false);
  }

  #killActor({ actor_id, no_restart, report, ask }: BrainEventOf<"actor.kill">): void {
    const actor = this.books.actors.get(actor_id);
    if (actor === undefined || (ask !== undefined && actor.kills?.includes(ask))) return;
    if (ask !== undefined) {
      actor.kills = [...actor.kills ?? [], ask].slice(-MOST_KILLS);
      this.books.touch("actors", actor_id, false);
    }
    // Nothing runs that could be killed and started again.
    if (actor.step === "waiting" && !no_restart && mayRestart(actor)) return;
    endIncarnation(this.books, actor, { report, restart: !no_restart, gone: false });
  }

  #applyWorker(
    event: BrainEventOf<"actor.ready" | "actor.initialized" | "actor.placed_failed">,
  ): void {
    const { books } = this;
    const actor = currentWorker(books, event);
    if (event.kind === "actor.placed_failed") {
      if (releaseStray(books, event)) return;
      const known = books.actors.get(event.actor_id);
      if (known !== undefined && confirmGone(books, known, event)) return;
      if (actor !== undefined) this.#startFailed(actor, event);
      return;
    }
    if (actor === undefined) return stopStranger(books, event);
    if (event.pid !== undefined && event.address !== undefined) {
      workerReady(books, actor, event.pid, event.address);
    }
    if (event.kind === "actor.initialized") workerInitialized(books, actor);
  }

  #startFailed(actor: ActorRecord, { report }: BrainEventOf<"actor.placed_failed">): void {
    const { config, now } = this.books;
    const wait = config.start_retry_ms * 2 ** Math.min(actor.failed_starts, 20);
    actor.failed_starts += 1;
    actor.not_before = now + Math.min(wait, config.start_retry_most_ms);
    endIncarnation(this.books, actor, { report, restart: true, gone: true });
  }

  #lend(event: BrainEventOf<"actor.blocked" | "actor.unblocked" | "actor.returned">): void {
    const actor = this.books.actors.get(event.actor_id);
    if (actor?.grant === undefined || actor.incarnation !== event.incarnation) return;
    if (event.kind === "actor.returned") returnGrant(this.books, actor);
    else lendCpu(this.books, actor, event.kind === "actor.blocked");
  }
}

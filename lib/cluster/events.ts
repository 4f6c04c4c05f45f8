/**
 * Everything the brain can be told. Times are not in the events: `step(event, now)` has them.
 *
 * Contract with the shell:
 * - Events of one node arrive in the order its daemon sent them.
 * - A daemon counts a worker as its own from the moment it reads `worker.start`, and lists it in
 *   its report when it joins again. Starting the same `(actor_id, incarnation)` twice is one start.
 * - A daemon answers every `worker.stop` with `actor.died` of that incarnation once the process is
 *   gone, at once if it knows none; until then the brain counts the worker's devices as taken.
 * - Creating the same `actor_id` or `pg_id` again is a no-op that is answered by a `…changed`.
 */
import type { ActorSpec } from "./actors.ts";
import type { DeathReport } from "./death.ts";
import type { GroupSpec } from "./groups.ts";
import type { JobSpec } from "./jobs.ts";
import type { Grant } from "./ledger.ts";
import type { NodeSpec } from "./node.ts";

/** A worker that a joining daemon runs. */
export interface ReportedActor {
  actor_id: string;
  incarnation: number;
  /** 0 while the process is being started. */
  pid: number;
  /** Absent until the worker is connectable. */
  address?: unknown;
  /** `__init__` has returned. */
  initialized: boolean;
  /** Its process waits in `ray.get`. */
  blocked?: boolean;
  /** See `actor.returned`. */
  returned?: boolean;
  /** What it was granted: counted where the books do not have the worker. */
  grant?: Grant;
}

/** What a daemon that joins again brings: what it runs, and the deaths the head may have missed. */
export interface NodeReport {
  actors: ReportedActor[];
  jobs: JobSpec[];
  deaths: {
    actor_id: string;
    incarnation: number;
    report: DeathReport;
    /** As in `actor.died`. */
    intended?: boolean;
  }[];
}

export type BrainEvent =
  /** A daemon is connected, for the first time or again. */
  | { kind: "node.join"; node: NodeSpec; report?: NodeReport }
  /** It said goodbye: dead at once. */
  | { kind: "node.leave"; node_id: string; reason: string }
  /** A person put it out: dead at once. */
  | { kind: "node.out"; node_id: string; reason: string }
  /** A byte came from it, at `at` (now where absent). */
  | { kind: "node.seen"; node_id: string; at?: number }
  /** Its link ended; it may come back within the grace time. */
  | { kind: "node.lost"; node_id: string; reason: string }
  /** Take nothing new, with `evict` end what is there (or, with `undo`, take new work again). */
  | { kind: "node.drain"; node_id: string; undo?: boolean; evict?: boolean }
  /** Time passed; at least every `tick_ms`. */
  | { kind: "tick" }
  | { kind: "job.start"; job: JobSpec }
  | { kind: "job.end"; job_id: string; reason: string; report?: DeathReport }
  | { kind: "actor.create"; actor: ActorSpec }
  /** No worker could be started for it. */
  | {
    kind: "actor.placed_failed";
    node_id: string;
    actor_id: string;
    incarnation: number;
    report: DeathReport;
  }
  /** Its worker is connectable; `__init__` may still run. */
  | {
    kind: "actor.ready";
    node_id: string;
    actor_id: string;
    incarnation: number;
    pid: number;
    address: unknown;
  }
  /** `__init__` returned. */
  | {
    kind: "actor.initialized";
    node_id: string;
    actor_id: string;
    incarnation: number;
    pid?: number;
    address?: unknown;
  }
  /** Its worker is gone. With `intended` (the actor ended itself on purpose) it is not restarted. */
  | {
    kind: "actor.died";
    node_id: string;
    actor_id: string;
    incarnation: number;
    report: DeathReport;
    intended?: boolean;
  }
  /** Asked for again under the same `ask`, it has been done. */
  | {
    kind: "actor.kill";
    actor_id: string;
    no_restart: boolean;
    report: DeathReport;
    ask?: string;
  }
  /** Nobody can call it any more: whenever its worker ends, it is not started again. */
  | { kind: "actor.release"; actor_id: string }
  /** Its process waits in `ray.get`: its CPUs may be given to others meanwhile. */
  | { kind: "actor.blocked"; actor_id: string; incarnation: number }
  | { kind: "actor.unblocked"; actor_id: string; incarnation: number }
  /** A leased worker runs no task any more, and stays for what it owns. */
  | { kind: "actor.returned"; actor_id: string; incarnation: number }
  | { kind: "group.create"; group: GroupSpec }
  | { kind: "group.remove"; pg_id: string };

/** The event of one kind. */
export type BrainEventOf<K extends BrainEvent["kind"]> = Extract<BrainEvent, { kind: K }>;

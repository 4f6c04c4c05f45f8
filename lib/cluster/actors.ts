/**
 * Actors, and worker leases for tasks, which are actors without a name that their owner ends.
 */
import type { Amounts } from "./amounts.ts";
import type { ActorState, ActorStep } from "./actor_states.ts";
import type { DeathReport } from "./death.ts";
import type { Grant } from "./ledger.ts";

/** Where an actor may go outside of placement groups. */
export type SchedulingStrategy =
  | { kind: "default" }
  | { kind: "spread" }
  /**
   * Soft: elsewhere where that node is not there or could not hold it even when empty; with
   * `spill` also while it is full.
   */
  | { kind: "node"; node_id: string; soft: boolean; spill?: boolean }
  /** Label name to selector, see `labels.ts`. */
  | {
    kind: "labels";
    hard: Record<string, string>;
    soft: Record<string, string>;
    /** Tried in this order where no node with the labels of `hard` has room. */
    fallback?: Record<string, string>[];
  };

/** Who owns something: a driver by its job, an actor of that job, or, with an empty job, the head. */
export interface Owner {
  job_id: string;
  actor_id?: string;
  /** The owning actor's incarnation when it asked; an older one's requests are refused. */
  incarnation?: number;
}

/** What the creator asks for. */
export interface ActorSpec {
  /** 32 hex digits, chosen by the creator. */
  actor_id: string;
  job_id: string;
  owner: Owner;
  /** `task` is a worker leased to run tasks; absent means `actor`. */
  kind?: "actor" | "task";
  class_name: string;
  /** Empty when it has none; unique in its namespace among those not dead. */
  name: string;
  namespace: string;
  /** Must be free for it to be placed (Ray's default: 1 CPU). */
  place: Amounts;
  /** Is held while it runs (Ray's default: nothing). */
  run: Amounts;
  /** Inside this group; `bundle_index` -1 means any bundle. */
  pg?: { pg_id: string; bundle_index: number };
  strategy: SchedulingStrategy;
  /** The node to try first instead of the owner's: what it reads lies there. */
  near?: string;
  /** -1 is without end. */
  max_restarts: number;
  /** Outlives its owner. */
  detached: boolean;
  /** What the node needs to start it, and what the shell wants kept; never read here. */
  payload?: unknown;
}

/** A worker that was told to end and has not been reported gone; it still holds its grant. */
export interface Leaving {
  incarnation: number;
  node_id: string;
  pg?: { pg_id: string; bundle_index: number };
  grant: Grant;
  since: number;
}

/** An actor in the books. */
export interface ActorRecord extends ActorSpec {
  state: ActorState;
  step: ActorStep;
  restarts: number;
  /** How many of these were for a node that was taken away, and do not count. */
  evictions?: number;
  /** From 1, one more at each restart; reports about another incarnation are stale. */
  incarnation: number;
  /** The latest incarnation a node has told of, where that is a later one: the journal lost rows. */
  outrun?: number;
  /** Place in the queue of pending requests. */
  seq: number;
  created_at: number;
  /** Since when it waits in its present step. */
  since: number;
  /** Empty while it has no node. */
  node_id: string;
  /** 0 while unknown. */
  pid: number;
  /** The bundle it was put into, where `pg` left that open. */
  bundle_index: number;
  grant?: Grant;
  /** CPU units given back while it is blocked in `ray.get`. */
  lent_cpu: number;
  /** A leased worker that runs no task any more, see `lending.ts`. */
  returned?: boolean;
  /** Its owner was told that others wait for what this leased worker holds. */
  wanted?: boolean;
  /** Where its worker listens; opaque here. */
  address?: unknown;
  /** Not to be placed before this time (after a failed start). */
  not_before: number;
  failed_starts: number;
  warned_at?: number;
  /** Nobody can call it any more: it ends when it has done what it has, and is not started again. */
  released?: boolean;
  /** Names of the last requests that killed an incarnation of it. */
  kills?: string[];
  ended_at?: number;
  death?: DeathReport;
  /** Earlier workers of it that have not been reported gone. */
  leaving: Leaving[];
}

/** The incarnation after the present one: never one that was there. */
export function nextIncarnation({ incarnation, outrun }: ActorRecord): number {
  return Math.max(incarnation, outrun ?? 0) + 1;
}

/** True while it has restarts left; those for nodes that were taken away cost none. */
export function mayRestart(
  { max_restarts, restarts, evictions = 0, released = false }: ActorRecord,
): boolean {
  if (released) return false;
  return max_restarts === -1 || restarts - evictions < max_restarts;
}

/** `actor Worker_0 (ab12cd34…)` for messages. */
export function actorText(
  actor: Pick<ActorSpec, "kind" | "name" | "class_name" | "actor_id">,
): string {
  const what = actor.kind === "task" ? "task" : "actor";
  return `${what} ${actor.name || actor.class_name} (${actor.actor_id.slice(0, 8)}…)`;
}

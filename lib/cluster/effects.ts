/**
 * Everything the brain asks of its shell, in the order in which it must happen. Rows are to be in
 * the journal before the effects after them leave the machine.
 */
import type { DeathReport } from "./death.ts";
import type { Grant } from "./ledger.ts";

/** The journal's tables; `rows.ts` says what a row holds. */
export type Table = "nodes" | "jobs" | "actors" | "groups" | "deaths" | "meta";

/** Why an actor was refused. */
export type ActorRejection =
  | "name_taken"
  | "bad_resources"
  | "bad_request"
  | "bad_bundle"
  | "group_removed"
  | "owner_dead";

/** Why a placement group was refused. */
export type GroupRejection = "bad_resources" | "bad_request" | "owner_dead";

export type Effect =
  | {
    kind: "worker.start";
    node_id: string;
    actor_id: string;
    incarnation: number;
    grant: Grant;
    /** The node's ids of the granted devices, by index ascending. */
    device_ids: string[];
    /** The head's epoch, which grows by one at each restart of the head. */
    epoch: number;
  }
  | {
    kind: "worker.stop";
    node_id: string;
    actor_id: string;
    incarnation: number;
    report: DeathReport;
  }
  /** Others wait for what this leased worker holds: its owner, on that node, is to give it back. */
  | { kind: "lease.wanted"; node_id: string; actor_id: string }
  /** The record changed: tell those who watch it. `Brain.actor(id)` has it. */
  | { kind: "actor.changed"; actor_id: string }
  | { kind: "group.changed"; pg_id: string }
  | { kind: "job.changed"; job_id: string }
  | { kind: "node.changed"; node_id: string }
  /** Its daemon must end its workers and come back with a new id (or mend what `reason` says). */
  | { kind: "node.rejected"; node_id: string; reason: string }
  | { kind: "actor.rejected"; actor_id: string; code: ActorRejection; message: string }
  | { kind: "group.rejected"; pg_id: string; code: GroupRejection; message: string }
  | { kind: "job.rejected"; job_id: string; message: string }
  /** Write the row, or delete it where it is null. Rows are plain JSON but for opaque parts. */
  | { kind: "persist"; table: Table; id: string; row: unknown }
  /** To be shown by the driver of the job: why something it asked for still waits. */
  | {
    kind: "warn";
    job_id: string;
    code: "pending_group" | "pending_actor";
    /** The pg_id or actor_id it is about. */
    subject: string;
    text: string;
  };

/** The effect of one kind. */
export type EffectOf<K extends Effect["kind"]> = Extract<Effect, { kind: K }>;

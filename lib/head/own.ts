/**
 * What a node may speak of: what is its own. A daemon that knows the cluster's token is let in, but what
 * it says of others' workers, drivers and names is not taken: one broken node must not break the rest.
 */
import type { Brain } from "../cluster/brain.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Asker } from "./state.ts";

/** A node spoke of what is not its own. */
export class NotYours extends RequestFailed {
  override name = "NotYours";

  /** @param what completes "Cannot take …: ", in words */
  constructor(what: string) {
    super(
      "not_yours",
      `Cannot take ${what}`,
      "Copy the same beam file to every machine of the cluster.",
    );
  }
}

/** A worker, as messages name it. */
export interface WorkerName {
  actor_id: string;
  incarnation: number;
}

/** True where that worker was placed on the node, and is not known to be gone. */
export function isOwnWorker(
  brain: Brain,
  node_id: string,
  { actor_id, incarnation }: WorkerName,
): boolean {
  const actor = brain.actor(actor_id);
  if (actor === undefined) return false;
  return (actor.node_id === node_id && actor.incarnation === incarnation) ||
    actor.leaving.some((one) => one.node_id === node_id && one.incarnation === incarnation);
}

/** @throws {NotYours} where a process of another node is said to ask */
export function checkAsker(brain: Brain, { node_id, job_id, actor_id }: Asker): void {
  if (actor_id !== undefined) {
    const actor = brain.actor(actor_id);
    // Of one that has ended, or waits for its next place, its last worker may still ask.
    if (actor === undefined || actor.step === "ended" || actor.node_id === "") return;
    const here = actor.node_id === node_id ||
      actor.leaving.some((leaving) => leaving.node_id === node_id);
    if (!here) throw new NotYours(`a request of actor ${actor_id}: it runs on another node`);
    if (job_id !== undefined && job_id !== actor.job_id) {
      throw new NotYours(`a request of actor ${actor_id} for job ${job_id}: it is of another job`);
    }
    return;
  }
  const job = job_id === undefined ? undefined : brain.job(job_id);
  if (job !== undefined && job.node_id !== node_id) {
    throw new NotYours(`a request of job ${job_id}: its driver is on another node`);
  }
}

/** @throws {NotYours} where that job's driver is on another node */
export function checkDriver(brain: Brain, node_id: string, job_id: string): void {
  const job = brain.job(job_id);
  if (job === undefined || job.node_id === node_id) return;
  throw new NotYours(`the end of job ${job_id}: its driver is on another node`);
}

/** @throws {NotYours} where lines are said to be of an actor that cannot have run on the node */
export function checkLines(
  brain: Brain,
  node_id: string,
  { actor_id, job_id }: { actor_id: string; job_id: string },
): void {
  const actor = brain.actor(actor_id);
  if (actor === undefined) return;
  if (actor.job_id !== job_id) {
    throw new NotYours(`lines of actor ${actor_id} for job ${job_id}: it is of another job`);
  }
  // A former worker of one that was restarted may have been anywhere.
  if (actor.restarts > 0 || actor.node_id === "" || actor.node_id === node_id) return;
  throw new NotYours(`lines of actor ${actor_id}: it runs on another node`);
}

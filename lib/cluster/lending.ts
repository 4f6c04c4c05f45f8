/**
 * What workers give back while they live: CPUs while a task or method waits in `ray.get`, and
 * everything but devices when a leased worker has run its last task and stays only because others
 * still need what it owns.
 */
import type { ActorRecord } from "./actors.ts";
import type { Books } from "./books.ts";
import { heldBy, placeOf } from "./books.ts";

/**
 * Gives the CPUs of a worker to others, or takes them again at once: CPUs may be granted beyond
 * what is there until one of their users ends. Saying it twice is saying it once.
 */
export function lendCpu(books: Books, actor: ActorRecord, lend: boolean): void {
  const CPU = actor.grant?.amounts.CPU ?? 0;
  if (CPU === 0 || lend === (actor.lent_cpu > 0)) return;
  actor.lent_cpu = lend ? CPU : 0;
  const part = { amounts: { CPU }, gpus: [] };
  if (lend) books.giveBack(placeOf(actor), part);
  else books.take(placeOf(actor), part);
  books.touch("actors", actor.actor_id, false);
}

/**
 * A leased worker runs no task any more: all it held is free but its devices, which its process
 * may still use.
 */
export function returnGrant(books: Books, actor: ActorRecord): void {
  if (actor.kind !== "task" || actor.grant === undefined || actor.returned) return;
  const { GPU, ...rest } = heldBy(actor, actor.grant).amounts;
  books.giveBack(placeOf(actor), { amounts: rest, gpus: [] });
  actor.grant = { amounts: GPU === undefined ? {} : { GPU }, gpus: actor.grant.gpus };
  actor.run = { ...actor.grant.amounts };
  actor.lent_cpu = 0;
  actor.returned = true;
  books.touch("actors", actor.actor_id);
}

/** Telling drivers why what they asked for still waits. */
import type { ActorRecord } from "./actors.ts";
import type { Books } from "./books.ts";
import type { GroupRecord } from "./groups.ts";
import { isQueueing } from "./leases.ts";
import { waitingShape } from "./pending.ts";
import { explain } from "./reasons.ts";
import { Survey } from "./survey.ts";

/** Warns about what has waited for long, at first after 5 s, then every 30 s. */
export function warnAboutWaiting(books: Books): void {
  const told = new Map<string, { actor: ActorRecord; more: number }>();
  const survey = new Survey(books);
  for (const id of books.queue) {
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    if (group !== undefined && isDue(books, group) && hasDriver(books, group.job_id)) {
      group.warned_at = books.now;
      const text = explain(books, id, survey) ?? "";
      books.act({ kind: "warn", job_id: group.job_id, code: "pending_group", subject: id, text });
    } else if (actor !== undefined && isDue(books, actor) && hasDriver(books, actor.job_id)) {
      // Who waits for a group that waits itself is told by the group's warning.
      const own = actor.pg && books.groups.get(actor.pg.pg_id);
      if (own?.state === "PENDING" || own?.state === "RESCHEDULING") continue;
      if (isQueueing(books, actor)) continue;
      actor.warned_at = books.now;
      const alike = waitingShape(actor);
      const first = told.get(alike);
      if (first === undefined) told.set(alike, { actor, more: 0 });
      else first.more += 1;
    }
  }
  for (const { actor, more } of told.values()) {
    const { job_id, actor_id: subject } = actor;
    const rest = more === 0 ? "" : ` ${more} more like it wait as well.`;
    const text = (explain(books, subject, survey) ?? "") + rest;
    books.act({ kind: "warn", job_id, code: "pending_actor", subject, text });
  }
}

function isDue(books: Books, request: ActorRecord | GroupRecord): boolean {
  const { config, now } = books;
  if (now - request.since < config.warn_after_ms) return false;
  return request.warned_at === undefined || now - request.warned_at >= config.warn_every_ms;
}

function hasDriver(books: Books, job_id: string): boolean {
  return books.jobs.get(job_id)?.state === "running";
}

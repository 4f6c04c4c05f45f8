/** Who holds what on a node: for the reasons of waiting, and for `beam status`. */
import type { ActorRecord } from "./actors.ts";
import { actorText } from "./actors.ts";
import type { Books } from "./books.ts";
import { heldBy } from "./books.ts";
import { groupText } from "./groups.ts";
import type { Grant } from "./ledger.ts";

/** Somebody who holds part of a node or of a bundle. */
export interface Holder {
  kind: "actor" | "group";
  id: string;
  job_id: string;
  /** Of a group: which bundle. */
  bundle_index?: number;
  /** Name for people, with the bundle or with what is special about it. */
  text: string;
  grant: Grant;
}

/** Everybody who holds something of the node itself; what is inside bundles counts as the group's. */
export function nodeHolders(books: Books, node_id: string): Holder[] {
  const holders: Holder[] = [];
  for (const group of books.groups.values()) {
    const removed = group.state === "REMOVED" ? ", removed, its workers are still ending" : "";
    for (const [index, grant] of group.grants.entries()) {
      if (grant === null || group.nodes[index] !== node_id) continue;
      holders.push({
        kind: "group",
        id: group.pg_id,
        job_id: group.job_id,
        bundle_index: index,
        text: `${groupText(group)} bundle ${index}${removed}`,
        grant,
      });
    }
  }
  for (const actor of books.actors.values()) {
    holders.push(
      ...workerHolders(
        books,
        actor,
        (place) => place.pg === undefined && place.node_id === node_id,
      ),
    );
  }
  return holders;
}

/** Everybody who holds something of one bundle. */
export function bundleHolders(books: Books, pg_id: string, index: number): Holder[] {
  return [...books.actors.values()].flatMap((actor) =>
    workerHolders(books, actor, ({ pg }) => pg?.pg_id === pg_id && pg.bundle_index === index)
  );
}

interface WorkerPlace {
  node_id: string;
  pg?: { pg_id: string; bundle_index: number };
}

function workerHolders(
  books: Books,
  actor: ActorRecord,
  there: (place: WorkerPlace) => boolean,
): Holder[] {
  const one = (text: string, grant: Grant): Holder => ({
    kind: "actor",
    id: actor.actor_id,
    job_id: actor.job_id,
    text,
    grant,
  });
  const holders: Holder[] = [];
  const { node_id } = actor;
  const here: WorkerPlace = actor.pg === undefined
    ? { node_id }
    : { node_id, pg: { pg_id: actor.pg.pg_id, bundle_index: actor.bundle_index } };
  if (actor.grant !== undefined && there(here)) {
    holders.push(one(actorText(actor), heldBy(actor, actor.grant)));
  }
  for (const leaving of actor.leaving) {
    if (!there(leaving)) continue;
    const told = Math.round((books.now - leaving.since) / 1000);
    holders.push(one(
      `${actorText(actor)}, told to end ${told} s ago and not gone yet`,
      leaving.grant,
    ));
  }
  return holders;
}

/** Who holds what on a node: for the reasons of waiting, and for `beam status`. */
import type { ActorRecord } from "./actors.ts";
import { actorText } from "./actors.ts";
import type { Books } from "./books.ts";
import { heldBy, placeOf, placeOfLeaving } from "./books.ts";
import type { Place } from "./books.ts";
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

/**
 * Who holds what, gathered in one pass over the books for all places: asked place by place, a large
 * cluster's picture would take as many passes as it has nodes. Good until the books change.
 */
export class Holdings {
  #nodes: Map<string, Holder[]> | undefined;
  #bundles = new Map<string, Holder[]>();

  constructor(readonly books: Books) {}

  /** Everybody who holds something of the node itself; what is inside bundles counts as the group's. */
  onNode(node_id: string): readonly Holder[] {
    return this.#gathered().get(node_id) ?? [];
  }

  /** Everybody who holds something of one bundle. */
  inBundle(pg_id: string, index: number): readonly Holder[] {
    this.#gathered();
    return this.#bundles.get(`${pg_id}/${index}`) ?? [];
  }

  #gathered(): Map<string, Holder[]> {
    if (this.#nodes !== undefined) return this.#nodes;
    this.#nodes = new Map();
    for (const group of this.books.groups.values()) {
      const removed = group.state === "REMOVED" ? ", removed, its workers are still ending" : "";
      for (const [index, grant] of group.grants.entries()) {
        if (grant === null) continue;
        add(this.#nodes, group.nodes[index] ?? "", {
          kind: "group",
          id: group.pg_id,
          job_id: group.job_id,
          bundle_index: index,
          text: `${groupText(group)} bundle ${index}${removed}`,
          grant,
        });
      }
    }
    for (const actor of this.books.actors.values()) this.#addWorkers(actor);
    for (const { actor_id: id, parts } of this.books.strays.values()) {
      const text = `actor ${id.slice(0, 8)}…, which the head does not know, told to end and not ` +
        "gone yet";
      for (const { place, grant } of parts) {
        this.#add(place, { kind: "actor", id, job_id: "", text, grant });
      }
    }
    return this.#nodes;
  }

  #addWorkers(actor: ActorRecord): void {
    const { actor_id: id, job_id } = actor;
    if (actor.grant !== undefined) {
      const grant = heldBy(actor, actor.grant);
      this.#add(placeOf(actor), { kind: "actor", id, job_id, text: actorText(actor), grant });
    }
    for (const leaving of actor.leaving) {
      const told = Math.round((this.books.now - leaving.since) / 1000);
      const text = `${actorText(actor)}, told to end ${told} s ago and not gone yet`;
      const { grant } = leaving;
      this.#add(placeOfLeaving(leaving), { kind: "actor", id, job_id, text, grant });
    }
  }

  #add({ node_id, pg_id, bundle_index }: Place, holder: Holder): void {
    if (pg_id === undefined) add(this.#nodes!, node_id, holder);
    else add(this.#bundles, `${pg_id}/${bundle_index}`, holder);
  }
}

function add(holders: Map<string, Holder[]>, key: string, holder: Holder): void {
  const known = holders.get(key);
  if (known) known.push(holder);
  else holders.set(key, [holder]);
}

/**
 * The brain's books: every record, the ledgers derived from them, and what the current step has
 * collected for the shell. It keeps, it does not decide; deciding is in the files beside it.
 *
 * Ledgers, names and the queue can always be rebuilt from the records (`rebuild`), which is how a
 * restarted head gets them, and what the simulation compares after every step.
 */
import type { ActorRecord, Leaving } from "./actors.ts";
import type { BrainConfig } from "./config.ts";
import type { DeathRecord } from "./deaths.ts";
import type { Effect, Table } from "./effects.ts";
import type { GroupRecord } from "./groups.ts";
import type { JobRecord } from "./jobs.ts";
import type { Grant, Ledger } from "./ledger.ts";
import { ledgerOf, returnGrant, takeGrant } from "./ledger.ts";
import type { NodeRecord } from "./node.ts";
import type { Stray } from "./strays.ts";
import { mayHold } from "./node.ts";
import { UNIT } from "./amounts.ts";

/** Where a grant was taken: a node, or a bundle on it. */
export interface Place {
  node_id: string;
  pg_id?: string;
  bundle_index?: number;
}

/** Records and what is derived from them. */
export class Books {
  readonly nodes: Map<string, NodeRecord> = new Map();
  readonly jobs: Map<string, JobRecord> = new Map();
  readonly actors: Map<string, ActorRecord> = new Map();
  readonly groups: Map<string, GroupRecord> = new Map();
  /** The oldest first. */
  readonly deaths: Map<string, DeathRecord> = new Map();

  /** Workers that the books do not have and that have not ended yet. */
  readonly strays: Map<string, Stray> = new Map();

  /** Free per node that may hold work; what a bundle reserves is not free here. */
  readonly node_ledgers: Map<string, Ledger> = new Map();
  /** Free per bundle, null where the bundle has no node. */
  readonly bundle_ledgers: Map<string, (Ledger | null)[]> = new Map();
  /** `namespace\0name` to actor. */
  readonly names: Map<string, string> = new Map();
  /** Ids of actors and groups that wait for a place. */
  readonly queue: Set<string> = new Set();

  epoch = 1;
  next_seq = 1;
  next_job = 1;
  next_death = 1;
  last_tick = 0;
  /** Why this head cannot know what was before it, as a sentence; empty where it does. */
  lost = "";
  /** Until when a restarted head grants nothing while nodes are away. */
  hold_until = 0;

  now = 0;
  /** Something became free (or a node came): every waiting request is worth another look. */
  retry_all = false;
  /** Requests that have not been looked at yet. */
  readonly fresh: Set<string> = new Set();

  #actions: Effect[] = [];
  readonly #dirty: Map<string, { table: Table; id: string }> = new Map();
  readonly #changed: Map<string, Effect> = new Map();

  constructor(readonly config: BrainConfig) {}

  /** Asks the shell for something, after this step's rows are written. */
  act(effect: Effect): void {
    this.#actions.push(effect);
  }

  /** The row is to be written; with `tell`, watchers hear of it. */
  touch(table: Exclude<Table, "meta" | "deaths">, id: string, tell = true): void {
    this.#dirty.set(`${table}/${id}`, { table, id });
    if (tell) this.tell(table, id);
  }

  /** Watchers hear of it; nothing is written. */
  tell(table: Exclude<Table, "meta" | "deaths">, id: string): void {
    this.#changed.set(`${table}/${id}`, changedEffect(table, id));
  }

  touchMeta(id: "epoch" | "next_job"): void {
    this.#dirty.set(`meta/${id}`, { table: "meta", id });
  }

  /** What the step asks for: rows, then actions, then what changed. */
  drain(rowOf: (table: Table, id: string) => unknown): Effect[] {
    const rows: Effect[] = [...this.#dirty.values()].map(({ table, id }) => ({
      kind: "persist",
      table,
      id,
      row: rowOf(table, id),
    }));
    const effects = [...rows, ...this.#actions, ...this.#changed.values()];
    this.#actions = [];
    this.#dirty.clear();
    this.#changed.clear();
    return effects;
  }

  /** A remembered death is to be written, or deleted where it is forgotten. */
  touchDeath(id: string): void {
    this.#dirty.set(`deaths/${id}`, { table: "deaths", id });
  }

  takeSeq(): number {
    return this.next_seq++;
  }

  takeDeathSeq(): number {
    return this.next_death++;
  }

  /** The ledger of a place, or undefined where the place no longer exists. */
  ledgerAt(place: Place): Ledger | undefined {
    if (place.pg_id === undefined) return this.node_ledgers.get(place.node_id);
    return this.bundle_ledgers.get(place.pg_id)?.[place.bundle_index ?? -1] ?? undefined;
  }

  take(place: Place, grant: Grant): void {
    const ledger = this.ledgerAt(place);
    if (ledger !== undefined) takeGrant(ledger, grant);
  }

  giveBack(place: Place, grant: Grant): void {
    const ledger = this.ledgerAt(place);
    if (ledger === undefined) return;
    returnGrant(ledger, grant);
    this.retry_all = true;
  }

  /** Puts a request at its place in the queue, to be looked at in this step. */
  enqueue(id: string): void {
    this.queue.add(id);
    this.fresh.add(id);
  }

  dequeue(id: string): void {
    this.queue.delete(id);
    this.fresh.delete(id);
  }

  /** Forgets a record for good. */
  forget(table: "nodes" | "jobs" | "actors" | "groups", id: string): void {
    this[table].delete(id);
    if (table === "groups") this.bundle_ledgers.delete(id);
    this.touch(table, id, false);
  }

  /** Builds ledgers, names and queue anew from the records. */
  rebuild(): void {
    this.node_ledgers.clear();
    this.bundle_ledgers.clear();
    this.names.clear();
    this.queue.clear();
    for (const node of this.nodes.values()) {
      if (mayHold(node)) this.node_ledgers.set(node.node_id, fullLedger(node));
    }
    for (const group of this.groups.values()) {
      this.bundle_ledgers.set(group.pg_id, group.grants.map((grant) => grant && ledgerOf(grant)));
      group.grants.forEach((grant, index) => {
        if (grant !== null) this.take({ node_id: group.nodes[index] ?? "" }, grant);
      });
      if (group.state === "PENDING" || group.state === "RESCHEDULING") this.queue.add(group.pg_id);
    }
    for (const actor of this.actors.values()) {
      if (actor.grant !== undefined) this.take(placeOf(actor), heldBy(actor, actor.grant));
      for (const leaving of actor.leaving) this.take(placeOfLeaving(leaving), leaving.grant);
      if (actor.step === "waiting") this.queue.add(actor.actor_id);
      if (actor.step !== "ended" && actor.name !== "") {
        this.names.set(nameKey(actor.namespace, actor.name), actor.actor_id);
      }
    }
    for (const { parts } of this.strays.values()) {
      for (const { place, grant } of parts) this.take(place, grant);
    }
    this.retry_all = true;
  }
}

/** Everything of a node, free. */
export function fullLedger(node: NodeRecord): Ledger {
  return ledgerOf({
    amounts: node.total,
    gpus: node.gpu_ids.map((_, index) => [index, UNIT]),
  });
}

/** Where an actor's present grant was taken. */
export function placeOf(actor: ActorRecord): Place {
  return actor.pg === undefined
    ? { node_id: actor.node_id }
    : { node_id: actor.node_id, pg_id: actor.pg.pg_id, bundle_index: actor.bundle_index };
}

/** Where the grant of a leaving worker was taken. */
export function placeOfLeaving(leaving: Leaving): Place {
  return leaving.pg === undefined ? { node_id: leaving.node_id } : {
    node_id: leaving.node_id,
    pg_id: leaving.pg.pg_id,
    bundle_index: leaving.pg.bundle_index,
  };
}

/** The grant less the CPUs lent out while the actor is blocked. */
export function heldBy(actor: ActorRecord, grant: Grant): Grant {
  if (actor.lent_cpu === 0) return grant;
  return {
    ...grant,
    amounts: { ...grant.amounts, CPU: (grant.amounts.CPU ?? 0) - actor.lent_cpu },
  };
}

/** The key of a name in `Books.names`. */
export function nameKey(namespace: string, name: string): string {
  return `${namespace}\0${name}`;
}

function changedEffect(table: Exclude<Table, "meta" | "deaths">, id: string): Effect {
  switch (table) {
    case "nodes":
      return { kind: "node.changed", node_id: id };
    case "jobs":
      return { kind: "job.changed", job_id: id };
    case "actors":
      return { kind: "actor.changed", actor_id: id };
    case "groups":
      return { kind: "group.changed", pg_id: id };
  }
}

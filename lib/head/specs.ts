/**
 * What is needed to start actors: what their creators said, and the pickled class and arguments.
 *
 * The body is kept as long as the actor may be started (again), the rest as long as it may be found
 * by its name. Both are in the journal, so that a head that is restarted can go on; a body too large
 * for it stays in memory only.
 */
import { decode, encode } from "msgpack";
import type { ActorRecord } from "../cluster/actors.ts";
import type { Journal } from "./journal.ts";

/** Larger bodies are not journaled, in bytes. */
const MOST_JOURNALED = 64 * 2 ** 20;

/** See the top of this file. */
export interface ActorOrder {
  /** The fields of `actor.create`. */
  actor: Record<string, unknown>;
  /** The driver's facts, as `worker.start` hands them on. */
  job: Record<string, unknown>;
}

interface Spec extends ActorOrder {
  /** Absent once it can no longer be needed, or where the journal did not have it. */
  body?: Uint8Array;
}

/** The specifications of one head. */
export class Specs {
  #specs = new Map<string, Spec>();

  /** @param known whether an actor of the journal is still of interest */
  constructor(readonly journal: Journal, known: (actor_id: string) => boolean) {
    for (const { actor_id, fields, body } of journal.specs()) {
      if (!known(actor_id)) {
        journal.deleteSpec(actor_id);
        continue;
      }
      const spec = decode(fields) as unknown as ActorOrder;
      this.#specs.set(actor_id, body === null ? spec : { ...spec, body });
    }
  }

  get(actor_id: string): Readonly<Spec> | undefined {
    return this.#specs.get(actor_id);
  }

  /** In the journal with the next step of the brain. */
  put(actor_id: string, order: ActorOrder, body: Uint8Array): void {
    this.#specs.set(actor_id, { ...order, body });
    this.#write(actor_id);
  }

  drop(actor_id: string): void {
    if (this.#specs.delete(actor_id)) this.journal.deleteSpec(actor_id);
  }

  /** Drops what the actor's present state has no more use for. */
  follow(actor: ActorRecord): void {
    if (actor.step === "ended") return this.drop(actor.actor_id);
    const spec = this.#specs.get(actor.actor_id);
    // With its restarts used up it may still have to move, should its node be taken away.
    if (!spec?.body || actor.step !== "running" || actor.max_restarts !== 0) return;
    delete spec.body;
    this.#write(actor.actor_id);
  }

  #write(actor_id: string): void {
    const { actor, job, body } = this.#specs.get(actor_id)!;
    this.journal.putSpec({
      actor_id,
      fields: encode({ actor, job }, { ignoreUndefined: true }),
      body: body && body.length <= MOST_JOURNALED ? body : null,
    });
  }
}

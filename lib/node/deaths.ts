/** Deaths of workers: those the head has not noted yet, and the last ones for whoever asks. */
import type { DeathReport } from "../cluster/death.ts";
import { blaming, firstOf, type Heard } from "../cluster/first_cause.ts";
import type { Message } from "../wire/messages.ts";

/** How many are remembered once the head has noted them. */
const REMEMBERED = 1000;
/** How many of the cluster's latest are kept to find out which came first. */
const COMPARED = 200;

/** One death. */
export interface Death {
  actor_id: string;
  incarnation: number;
  report: DeathReport;
  /** The pickled exception of `__init__`, or empty. */
  body: Uint8Array;
  intended: boolean;
  /** No further incarnation can follow, whatever the head says. */
  final: boolean;
}

/** See the top of this file. */
export class Deaths {
  #unnoted = new Map<string, Death>();
  /** The latest per actor, oldest first. */
  #recent = new Map<string, Death>();
  /** The cluster's latest as far as they are known here, oldest first. */
  #known: Heard[] = [];

  /**
   * The report of a death that has just happened here, which names the death that it followed from.
   * Those here and those that the head has told of count.
   */
  ranked(report: DeathReport, now: number): DeathReport {
    const first = firstOf(this.#known, { report, heard_at: now });
    const ranked = first ? blaming(report, first.report) : report;
    this.heard(ranked, now);
    return ranked;
  }

  /** The head told of a death, or there was one here. */
  heard(report: DeathReport, now: number): void {
    const { who, at } = report;
    if (
      who === undefined || this.#known.some((one) => one.report.who === who && one.report.at === at)
    ) {
      return;
    }
    this.#known.push({ report, heard_at: now });
    if (this.#known.length > COMPARED) this.#known.shift();
  }

  add(death: Death): void {
    this.#unnoted.set(`${death.actor_id}:${death.incarnation}`, death);
    this.#recent.delete(death.actor_id);
    this.#recent.set(death.actor_id, death);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > REMEMBERED && oldest !== undefined) this.#recent.delete(oldest);
  }

  /** The head has it in its books. */
  noted(actor_id: string, incarnation: number): void {
    this.#unnoted.delete(`${actor_id}:${incarnation}`);
  }

  /** What the head must still hear. */
  get unnoted(): Death[] {
    return [...this.#unnoted.values()];
  }

  /** The last death of this actor on this node. */
  of(actor_id: string): Death | undefined {
    return this.#recent.get(actor_id);
  }

  /** The node begins anew under another id. */
  clear(): void {
    this.#unnoted.clear();
    this.#known = [];
  }
}

/** A death as it is told to the head. */
export function deathMessage(death: Death): Message<"actor.event"> {
  return {
    kind: "actor.event",
    event: "died",
    actor_id: death.actor_id,
    incarnation: death.incarnation,
    report: { ...death.report },
    intended: death.intended,
  };
}

/**
 * The brain's shell: one event at a time goes in, its rows go to the journal, then its effects are
 * carried out, then those who wait are asked again.
 */
import { Brain } from "../cluster/brain.ts";
import type { BrainConfig } from "../cluster/config.ts";
import type { Effect } from "../cluster/effects.ts";
import type { BrainEvent } from "../cluster/events.ts";
import type { Clock } from "../runtime/clock.ts";
import { buildName } from "../runtime/version.ts";
import type { FormerHead } from "./config.ts";
import { type Journal, JournalError } from "./journal.ts";
import { Waiting } from "./waiting.ts";

/** What the shell asks of the rest of the head. */
export interface Carrier {
  carry(effect: Effect): void;
  /** A record is gone from the books for good. */
  forgotten(table: string, id: string): void;
}

/** What a shell may be told. */
export interface ShellOptions {
  brain?: Partial<BrainConfig> | undefined;
  /** What is known of the cluster's last head where the journal is new. */
  former?: FormerHead | undefined;
}

/** Jobs that a head may have begun whose journal is lost: no id of theirs is given again. */
const MOST_JOBS = 2 ** 20;

/** @throws {JournalError} where the rows are none that this build can go on from */
function loaded<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw new JournalError(
      `Cannot go on from the head's journal ${path}: another build wrote what this one (${buildName()}) ` +
        `does not understand (${(error as Error).message}).`,
      "Use the beam that wrote it, or move the file away to begin a new cluster.",
      { cause: error },
    );
  }
}

function goOnAfter({ books }: Brain, { epoch }: FormerHead): void {
  books.epoch = epoch + 1;
  books.next_job = epoch * MOST_JOBS;
}

/** See the top of this file. */
export class Shell {
  readonly brain: Brain;
  readonly waiting: Waiting;
  carrier: Carrier = { carry: () => {}, forgotten: () => {} };
  #queue: BrainEvent[] = [];
  #stepping = false;

  /** Takes up where the journal's last head ended. */
  constructor(readonly journal: Journal, readonly clock: Clock, options: ShellOptions = {}) {
    this.waiting = new Waiting(clock);
    const { brain: config, former } = options;
    const rows = journal.rows();
    if (rows.length === 0) {
      this.brain = new Brain(config);
      if (former) goOnAfter(this.brain, former);
      this.#persist([
        { kind: "persist", table: "meta", id: "epoch", row: this.brain.epoch },
        { kind: "persist", table: "meta", id: "next_job", row: this.brain.books.next_job },
      ]);
      return;
    }
    const { brain, effects } = loaded(journal.path, () => Brain.load(rows, clock.now(), config));
    this.brain = brain;
    this.#persist(effects);
  }

  /**
   * Tells the brain, and does what it asks for. An event that comes up while another is dealt with
   * waits for its turn (and nothing is returned).
   * @param before called when the rows are written and before anything leaves the machine
   */
  step(event: BrainEvent, before?: (effects: Effect[]) => void): Effect[] {
    if (this.#stepping) {
      this.#queue.push(event);
      return [];
    }
    this.#stepping = true;
    try {
      const effects = this.#one(event, before);
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#one(next);
      return effects;
    } finally {
      this.#stepping = false;
    }
  }

  #one(event: BrainEvent, before?: (effects: Effect[]) => void): Effect[] {
    const effects = this.brain.step(event, this.clock.now());
    this.#persist(effects);
    before?.(effects);
    for (const effect of effects) {
      if (effect.kind !== "persist") this.carrier.carry(effect);
      else if (effect.row === null) this.carrier.forgotten(effect.table, effect.id);
    }
    for (const subject of subjectsOf(effects)) this.waiting.look(subject);
    return effects;
  }

  #persist(effects: Effect[]): void {
    for (const effect of effects) if (effect.kind === "persist") this.journal.putRow(effect);
    this.journal.flush();
  }
}

function subjectsOf(effects: Effect[]): Set<string> {
  const subjects = new Set<string>();
  for (const effect of effects) {
    if (effect.kind === "actor.changed") subjects.add(`actor/${effect.actor_id}`);
    if (effect.kind === "group.changed") subjects.add(`group/${effect.pg_id}`);
    if (effect.kind !== "persist") continue;
    const job_id = (effect.row as { job_id?: unknown } | null)?.job_id;
    if (effect.table === "actors" && typeof job_id === "string") subjects.add(`job/${job_id}`);
  }
  return subjects;
}

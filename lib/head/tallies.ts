/** What the head counts from its start on: what only the present tells cannot be read from the books later. */
import type { DeathKind } from "../cluster/death.ts";
import type { DeathRecord } from "../cluster/deaths.ts";
import type { EventKind, EventLog } from "./event_log.ts";

/** Deaths that may come unasked: those that have not come yet are told as 0, or nobody would see the first. */
const UNASKED: readonly (readonly [of: DeathRecord["of"], ...kinds: DeathKind[]])[] = [
  ["actor", "exit", "signal", "init", "environment", "start", "node"],
  ["task", "exit", "signal", "environment", "start", "node"],
  ["node", "node"],
];

/** See the top of this file. */
export class Tallies {
  /** Events by their kind. */
  readonly events = new Map<EventKind, number>();
  /** Deaths that nobody asked for, by `of` and `kind`, divided by a blank. */
  readonly deaths = new Map<string, number>(
    UNASKED.flatMap(([of, ...kinds]) => kinds.map((kind) => [`${of} ${kind}`, 0] as const)),
  );
  relayed = 0;
  #stop: () => void;

  /**
   * @param started when this head began, in milliseconds since the epoch
   * @param next_death the number of the first death that is new
   */
  constructor(
    events: Pick<EventLog, "watch">,
    readonly started: number,
    public next_death: number,
  ) {
    this.#stop = events.watch(({ kind }) => increase(this.events, kind));
  }

  /** Counts the deaths that were added to these, of which the head keeps only the last. */
  look(books: { deaths: ReadonlyMap<string, DeathRecord>; next_death: number }): void {
    if (books.next_death <= this.next_death) return;
    for (const { seq, of, report } of books.deaths.values()) {
      if (seq >= this.next_death) increase(this.deaths, `${of} ${report.kind}`);
    }
    this.next_death = books.next_death;
  }

  close(): void {
    this.#stop();
  }
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The journal of a simulated head: text, so that what cannot be serialised does not survive. */
import type { Effect } from "../../../lib/cluster/effects.ts";
import type { Row } from "../../../lib/cluster/rows.ts";

/** How many transactions can be lost. */
const KEPT = 3;

export class SimJournal {
  #rows = new Map<string, string>();
  /** For each of the last transactions, what stood where it wrote. */
  #before: Map<string, string | undefined>[] = [];

  /** One transaction. */
  write(effects: readonly Effect[]): void {
    const before = new Map<string, string | undefined>();
    for (const effect of effects) {
      if (effect.kind !== "persist") continue;
      const key = `${effect.table}\0${effect.id}`;
      if (!before.has(key)) before.set(key, this.#rows.get(key));
      if (effect.row === null) this.#rows.delete(key);
      else this.#rows.set(key, JSON.stringify(effect.row));
    }
    if (before.size === 0) return;
    // Such a transaction is on the disk before anything goes on, and with it all before.
    if ([...before.keys()].some((key) => key.startsWith("meta"))) return this.settle();
    this.#before.push(before);
    if (this.#before.length > KEPT) this.#before.shift();
  }

  /** The last transactions are lost with the machine's power. */
  lose(count: number): void {
    for (let lost = 0; lost < count; lost++) {
      for (const [key, row] of this.#before.pop() ?? []) {
        if (row === undefined) this.#rows.delete(key);
        else this.#rows.set(key, row);
      }
    }
  }

  /** Nothing before this can be lost any more. */
  settle(): void {
    this.#before = [];
  }

  rows(): Row[] {
    return [...this.#rows].map(([key, row]): Row => {
      const [table, id] = key.split("\0");
      return { table: table as Row["table"], id: id!, row: JSON.parse(row) };
    });
  }
}

/** What the head has told so far: tables of rows by key. Pure. */
import type { BoardMessage } from "../board.ts";
import type { Picture } from "../picture.ts";

/** The names of the tables. */
export type TableName = keyof Picture;

/** Events are only ever added by the head; here the oldest go. */
const MOST_EVENTS = 1000;

/** See the top of this file. */
export class Tables {
  #tables = new Map<string, Map<string, unknown>>();
  #offset = 0;

  /** Takes a message. @returns the names of the tables that it changes */
  take({ now, whole, set, gone }: BoardMessage, clock: number): Set<string> {
    const changed = new Set(whole ? this.#tables.keys() : []);
    if (whole) this.#tables.clear();
    this.hear(now, clock);
    for (const [name, keys] of Object.entries(gone)) {
      changed.add(name);
      for (const key of keys) this.#table(name).delete(key);
    }
    for (const [name, rows] of Object.entries(set)) {
      changed.add(name);
      const table = this.#table(name);
      for (const [key, row] of rows) table.set(key, row);
      if (name === "events") keepLast(table, MOST_EVENTS);
    }
    return changed;
  }

  /** The head's clock showed `now` when ours showed `clock`. */
  hear(now: number, clock: number): void {
    this.#offset = now - clock;
  }

  /** The head's clock, when ours shows `clock`. */
  now(clock: number): number {
    return clock + this.#offset;
  }

  rows<T extends TableName>(name: T): Picture[T][] {
    return [...this.#table(name).values()] as Picture[T][];
  }

  entries<T extends TableName>(name: T): [string, Picture[T]][] {
    return [...this.#table(name)] as [string, Picture[T]][];
  }

  get<T extends TableName>(name: T, key: string): Picture[T] | undefined {
    return this.#table(name).get(key) as Picture[T] | undefined;
  }

  /** The one row of a table that has one. */
  one<T extends "cluster" | "doctor">(name: T): Picture[T] | undefined {
    return this.get(name, "");
  }

  #table(name: string): Map<string, unknown> {
    let table = this.#tables.get(name);
    if (!table) this.#tables.set(name, table = new Map());
    return table;
  }
}

/** Takes the oldest rows away. */
function keepLast(table: Map<string, unknown>, most: number): void {
  for (const key of table.keys()) {
    if (table.size <= most) return;
    table.delete(key);
  }
}

/**
 * What the page shows, as tables of rows, with a version for every change: whoever has an older version
 * is sent what has changed since, and nothing is kept for anybody. A reader that is slow skips versions.
 */

/** Deleted rows that are remembered; who has an older version than the oldest of them gets everything. */
const MOST_GONE = 20_000;

interface Row {
  json: string;
  version: number;
}

/** What has changed since a version. */
export interface Change {
  version: number;
  /** Everything is in it: what was known before is to be forgotten. */
  whole: boolean;
  /** JSON, as {@link BoardMessage}. */
  json: string;
}

/** What a change says, once it is read. */
export interface BoardMessage {
  /** The head's clock, in milliseconds since the epoch. */
  now: number;
  whole: boolean;
  /** Rows by table, each with its key. */
  set: Record<string, [key: string, row: unknown][]>;
  /** Keys of deleted rows by table. */
  gone: Record<string, string[]>;
}

/** See the top of this file. */
export class Board {
  #tables = new Map<string, Map<string, Row>>();
  #gone: { table: string; key: string; version: number }[] = [];
  /** Versions up to this one can be changed from; earlier ones cannot. */
  #oldest = 0;
  #version = 0;

  get version(): number {
    return this.#version;
  }

  /** Makes a table have these rows and no others. @returns whether anything changed */
  update(name: string, rows: Iterable<readonly [key: string, row: unknown]>): boolean {
    const table = this.#table(name);
    const next = this.#version + 1;
    let changed = false;
    const left = new Set(table.keys());
    for (const [key, row] of rows) {
      left.delete(key);
      changed = this.#put(table, key, JSON.stringify(row), next) || changed;
    }
    for (const key of left) {
      table.delete(key);
      this.#gone.push({ table: name, key, version: next });
      changed = true;
    }
    return this.#finish(next, changed);
  }

  /** Adds rows that never change, and drops the oldest beyond `most`: nobody is told of those. */
  append(
    name: string,
    rows: Iterable<readonly [key: string, row: unknown]>,
    most: number,
  ): boolean {
    const table = this.#table(name);
    const next = this.#version + 1;
    let changed = false;
    for (const [key, row] of rows) {
      changed = this.#put(table, key, JSON.stringify(row), next) || changed;
    }
    for (const key of table.keys()) {
      if (table.size <= most) break;
      table.delete(key);
    }
    return this.#finish(next, changed);
  }

  /** What to send to who has `version`; undefined where that is the present one. */
  since(version: number | undefined, now: number): Change | undefined {
    if (version === this.#version) return undefined;
    const whole = version === undefined || version < this.#oldest || version > this.#version;
    const from = whole ? -1 : version;
    const set = [...this.#tables].flatMap(([name, table]) => {
      const rows: string[] = [];
      for (const [key, row] of table) {
        if (row.version > from) rows.push(`[${JSON.stringify(key)},${row.json}]`);
      }
      return rows.length === 0 ? [] : [`${JSON.stringify(name)}:[${rows.join(",")}]`];
    });
    const gone: Record<string, string[]> = {};
    if (!whole) {
      for (const { table, key, version } of this.#gone) {
        // A row that came back is among those that are set.
        if (version > from && !this.#tables.get(table)?.has(key)) (gone[table] ??= []).push(key);
      }
    }
    const json = `{"now":${now},"whole":${whole},"set":{${set.join(",")}},"gone":${
      JSON.stringify(gone)
    }}`;
    return { version: this.#version, whole, json };
  }

  #table(name: string): Map<string, Row> {
    let table = this.#tables.get(name);
    if (!table) this.#tables.set(name, table = new Map());
    return table;
  }

  #put(table: Map<string, Row>, key: string, json: string, version: number): boolean {
    const known = table.get(key);
    if (known?.json === json) return false;
    table.set(key, { json, version });
    return true;
  }

  #finish(version: number, changed: boolean): boolean {
    if (!changed) return false;
    this.#version = version;
    if (this.#gone.length > MOST_GONE) {
      const dropped = this.#gone.splice(0, this.#gone.length - MOST_GONE / 2);
      this.#oldest = dropped.at(-1)!.version;
    }
    return true;
  }
}

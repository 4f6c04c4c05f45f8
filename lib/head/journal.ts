/**
 * The head's journal: what a restarted head must know, in one SQLite file.
 *
 * What is to be written is gathered and goes to the file in one transaction per step of the brain. A
 * write that fails (a full disk) stays gathered and is tried again; until it is written, `failure`
 * says why, and the head takes no new work.
 */
import { chmodSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { decode } from "msgpack";
import type { Table } from "../cluster/effects.ts";
import type { Row } from "../cluster/rows.ts";
import { decodeRow, encodeRow } from "./row_text.ts";

/** Raised by one whenever an older head would misread the file. */
export const SCHEMA_VERSION = 1;
/** "beam" in ASCII: tells a journal from any other SQLite file. */
const APPLICATION_ID = 0x6265616d;

/**
 * After so many pages of 4 KiB what was written goes to the main file: only then is the disk waited for, and a
 * head that waits for a slow disk says nothing to its nodes.
 */
const CHECKPOINT_PAGES = 8000;

const TABLES: readonly Table[] = ["nodes", "jobs", "actors", "groups", "deaths", "meta"];

/** Tables of records that are the head's own, in the order in which they were first written. */
const RECORDS = ["keys", "join_tokens", "events", "sessions"] as const;
type RecordTable = typeof RECORDS[number];

/** A journal that cannot be used; both sentences are fit for a user. */
export class JournalError extends Error {
  override name = "JournalError";

  /** What is in the file cannot be read. */
  readonly damaged: boolean;

  constructor(
    message: string,
    readonly mend: string,
    { damaged = false, ...options }: ErrorOptions & { damaged?: boolean } = {},
  ) {
    super(message, options);
    this.damaged = damaged;
  }
}

/** Another head may be on its way out: how long it is waited for, in milliseconds. */
const LOCK_PATIENCE = 3000;

/** Moves a journal away, with what SQLite keeps beside it. @returns where it is now */
export function setAside(path: string): string {
  let to = `${path}.damaged`;
  for (let count = 2; existsSync(to); count++) to = `${path}.damaged-${count}`;
  renameSync(path, to);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, to + suffix);
  }
  return to;
}

/** What is needed to start an actor, as bytes. */
export interface SpecRow {
  actor_id: string;
  fields: Uint8Array;
  body: Uint8Array | null;
}

type Write = (journal: DatabaseSync) => void;

/** One open journal. Nobody else can open the file meanwhile. */
export class Journal {
  /** Why it cannot be written at present. */
  failure: string | undefined;
  #db: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  /** What is not in the file yet, by row: only the latest state counts. */
  #pending = new Map<string, Write>();

  /**
   * Opens the journal, or makes it.
   * @throws JournalError for a file that is locked, corrupt, newer than this build or no journal
   */
  constructor(readonly path: string) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      this.#db = new DatabaseSync(path);
    } catch (error) {
      throw opening(path, error);
    }
    try {
      this.#prepare();
    } catch (error) {
      this.#db.close();
      throw error instanceof JournalError ? error : opening(path, error);
    }
  }

  /** What the brain persisted, in no order. @throws JournalError for a row that cannot be read */
  rows(): Row[] {
    return TABLES.flatMap((table) =>
      this.#read(`SELECT id, row FROM ${table}`).map(({ id, row }) => ({
        table,
        id: String(id),
        row: this.#decode(String(row), `${table}/${id}`),
      }))
    );
  }

  /** @throws JournalError with `damaged` where something in it cannot be read */
  check(): void {
    this.rows();
    this.submissions();
    for (const table of RECORDS) this.records(table);
    for (const { actor_id, fields } of this.specs()) {
      try {
        decode(fields);
      } catch (error) {
        throw this.#unreadable(`specs/${actor_id}`, error);
      }
    }
  }

  /** All kept specifications. */
  specs(): SpecRow[] {
    return this.#read("SELECT actor_id, fields, body FROM specs") as unknown as SpecRow[];
  }

  /** A fact of the head itself (`cluster`), or undefined. */
  fact(name: string): string | undefined {
    const [row] = this.#read("SELECT value FROM facts WHERE name = ?", name);
    return row === undefined ? undefined : String(row["value"]);
  }

  /** The facts whose names begin so, by the rest of their names. */
  factsOf(prefix: string): Map<string, string> {
    const rows = this.#read(
      "SELECT name, value FROM facts WHERE substr(name, 1, length(?)) = ?",
      prefix,
      prefix,
    );
    return new Map(
      rows.map(({ name, value }) => [String(name).slice(prefix.length), String(value)]),
    );
  }

  deleteFact(name: string): void {
    this.#put(`facts/${name}`, "DELETE FROM facts WHERE name = ?", name);
  }

  putFact(name: string, value: string): void {
    this.#put(
      `facts/${name}`,
      "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
      name,
      value,
    );
  }

  /** Writes a row, or deletes it where it is null; in the file after the next {@link flush}. */
  putRow({ table, id, row }: Row): void {
    if (row === null) return this.#put(`${table}/${id}`, `DELETE FROM ${table} WHERE id = ?`, id);
    const sql = `INSERT OR REPLACE INTO ${table} (id, row) VALUES (?, ?)`;
    // Serialised now: the brain goes on changing the record.
    this.#put(`${table}/${id}`, sql, id, encodeRow(row));
  }

  putSpec({ actor_id, fields, body }: SpecRow): void {
    const sql = "INSERT OR REPLACE INTO specs (actor_id, fields, body) VALUES (?, ?, ?)";
    this.#put(`specs/${actor_id}`, sql, actor_id, fields, body);
  }

  deleteSpec(actor_id: string): void {
    this.#put(`specs/${actor_id}`, "DELETE FROM specs WHERE actor_id = ?", actor_id);
  }

  /** All submitted jobs, in the order in which they were first written. */
  submissions(): unknown[] {
    return this.#read("SELECT id, row FROM submissions ORDER BY rowid")
      .map(({ id, row }) => this.#decode(String(row), `submissions/${id}`));
  }

  /** A submitted job, as it is now. */
  putSubmission(id: string, row: unknown): void {
    const sql = "INSERT INTO submissions (id, row) VALUES (?, ?) " +
      "ON CONFLICT (id) DO UPDATE SET row = excluded.row";
    this.#put(`submissions/${id}`, sql, id, encodeRow(row));
  }

  deleteSubmission(id: string): void {
    this.#put(`submissions/${id}`, "DELETE FROM submissions WHERE id = ?", id);
  }

  /** All records of a table, in the order in which they were first written. */
  records(table: RecordTable): unknown[] {
    return this.#read(`SELECT id, row FROM ${table} ORDER BY rowid`)
      .map(({ id, row }) => this.#decode(String(row), `${table}/${id}`));
  }

  /** A record, as it is now. */
  putRecord(table: RecordTable, id: string, row: unknown): void {
    const sql = `INSERT INTO ${table} (id, row) VALUES (?, ?) ` +
      "ON CONFLICT (id) DO UPDATE SET row = excluded.row";
    this.#put(`${table}/${id}`, sql, id, encodeRow(row));
  }

  deleteRecord(table: RecordTable, id: string): void {
    this.#put(`${table}/${id}`, `DELETE FROM ${table} WHERE id = ?`, id);
  }

  /** Writes what is gathered. A failure is kept in `failure`, and the writes for the next time. */
  flush(): void {
    if (this.#pending.size === 0) return;
    try {
      this.#db.exec(`PRAGMA synchronous = ${this.#mustLast() ? "FULL" : "NORMAL"}`);
      this.#db.exec("BEGIN IMMEDIATE");
      for (const write of this.#pending.values()) write(this.#db);
      this.#db.exec("COMMIT");
      this.#pending.clear();
      this.failure = undefined;
    } catch (error) {
      this.failure = (error as Error).message;
      try {
        this.#db.exec("ROLLBACK");
      } catch { /* SQLite has rolled back by itself where the disk was full */ }
    }
  }

  /** Epochs and ids of jobs must not be given out again after a power cut; the rest nodes report. */
  #mustLast(): boolean {
    return [...this.#pending.keys()].some((key) => key.startsWith("meta/"));
  }

  /** Bounds the file, so that a test can fill the disk. */
  limitTo(pages: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pages}`);
  }

  close(): void {
    this.flush();
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(): void {
    const pragma = (name: string) => Object.values(this.#db.prepare(`PRAGMA ${name}`).get()!)[0];
    this.#db.exec(`PRAGMA busy_timeout = ${LOCK_PATIENCE}; PRAGMA locking_mode = EXCLUSIVE`);
    const tables = this.#read("SELECT name FROM sqlite_schema").length;
    const version = Number(pragma("user_version"));
    if (tables > 0 && pragma("application_id") !== APPLICATION_ID) {
      throw new JournalError(
        `Cannot use ${this.path} as the head's journal: it is another program's database.`,
        "Move it away, or choose another runtime directory with BEAM_RUNTIME_DIR.",
      );
    }
    if (version > SCHEMA_VERSION) {
      throw new JournalError(
        `Cannot read the head's journal ${this.path}: it has version ${version}, and this build of ` +
          `beam reads up to ${SCHEMA_VERSION}.`,
        "Use the newer beam that wrote it, or move the file away to begin a new cluster.",
      );
    }
    if (pragma("quick_check") !== "ok") throw new Error("its check found damage");
    this.#db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
       PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; BEGIN IMMEDIATE`,
    );
    for (const table of [...TABLES, ...RECORDS]) {
      this.#db.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, row TEXT NOT NULL)`);
    }
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS specs (actor_id TEXT PRIMARY KEY, fields BLOB NOT NULL, body BLOB);
       CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
       CREATE TABLE IF NOT EXISTS submissions (id TEXT PRIMARY KEY, row TEXT NOT NULL);
       PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`,
    );
    chmodSync(this.path, 0o600);
  }

  #read(sql: string, ...values: string[]): Record<string, unknown>[] {
    try {
      return this.#db.prepare(sql).all(...values) as Record<string, unknown>[];
    } catch (error) {
      throw opening(this.path, error);
    }
  }

  #unreadable(where: string, cause: unknown): JournalError {
    return opening(this.path, new Error(`its row ${where} cannot be read`, { cause }));
  }

  #decode(text: string, where: string): unknown {
    try {
      return decodeRow(text);
    } catch (error) {
      throw this.#unreadable(where, error);
    }
  }

  #put(key: string, sql: string, ...values: (string | Uint8Array | null)[]): void {
    this.#pending.delete(key);
    this.#pending.set(key, () => this.#statement(sql).run(...values));
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}

function opening(path: string, error: unknown): JournalError {
  const text = error instanceof Error ? error.message : String(error);
  if (/database is locked/.test(text)) {
    return new JournalError(
      `Cannot open the head's journal ${path}: another head uses it.`,
      "End that one with `beam down`, or choose another runtime directory with BEAM_RUNTIME_DIR.",
      { cause: error },
    );
  }
  const damaged = /not a database|malformed|damage|cannot be read/.test(text);
  return new JournalError(
    damaged
      ? `Cannot read the head's journal ${path}: it is damaged (${text}).`
      : `Cannot open the head's journal ${path}: ${text}.`,
    damaged
      ? "Move the file away to begin a new cluster; its nodes have to be started again."
      : "See that its folder exists and can be written, and that the disk is not full.",
    { cause: error, damaged },
  );
}

import assert from "assert";
import { DatabaseSync } from "node:sqlite";
import { Journal, JournalError, SCHEMA_VERSION } from "./journal.ts";

async function inFolder(run: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(`${folder}/deep/head.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function reopened<T>(path: string, read: (journal: Journal) => T): T {
  const journal = new Journal(path);
  try {
    return read(journal);
  } finally {
    journal.close();
  }
}

Deno.test("what was written is there after a reopening, what was deleted is not", () =>
  inFolder((path) => {
    reopened(path, (journal) => {
      journal.putRow({ table: "actors", id: "a", row: { name: "x", place: { CPU: 10_000 } } });
      journal.putRow({ table: "actors", id: "b", row: { name: "y" } });
      journal.putRow({ table: "meta", id: "epoch", row: 3 });
      journal.putSpec({ actor_id: "a", fields: new Uint8Array([1, 2]), body: null });
      journal.putFact("cluster", "c0ffee");
      journal.flush();
      journal.putRow({ table: "actors", id: "b", row: null });
      journal.putSpec({ actor_id: "b", fields: new Uint8Array(), body: new Uint8Array([3]) });
      journal.deleteSpec("a");
    });
    reopened(path, (journal) => {
      assert.equal(journal.fact("cluster"), "c0ffee");
      assert.equal(journal.fact("nothing"), undefined);
      assert.deepEqual(journal.rows(), [
        { table: "actors", id: "a", row: { name: "x", place: { CPU: 10_000 } } },
        { table: "meta", id: "epoch", row: 3 },
      ]);
      const [spec, ...more] = journal.specs();
      assert.deepEqual([spec!.actor_id, [...spec!.body!], more.length], ["b", [3], 0]);
    });
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  }));

Deno.test("a row is written as it was when it was put", () =>
  inFolder((path) => {
    reopened(path, (journal) => {
      const row = { state: "PENDING" };
      journal.putRow({ table: "groups", id: "g", row });
      row.state = "CREATED";
    });
    const [row] = reopened(path, (journal) => journal.rows());
    assert.deepEqual(row!.row, { state: "PENDING" });
  }));

Deno.test("a file that is no database, damaged, another program's or newer is told as such", () =>
  inFolder((path) => {
    const refusal = (words: RegExp) => (error: unknown) => {
      assert.ok(error instanceof JournalError);
      assert.match(error.message, words);
      assert.match(error.message, new RegExp(path));
      assert.ok(error.mend.length > 0);
      return true;
    };
    reopened(path, () => {});
    Deno.writeTextFileSync(path, "This is not a database at all.".repeat(200));
    assert.throws(() => new Journal(path), refusal(/it is damaged \(file is not a database\)/));

    Deno.removeSync(path);
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE recipes (id TEXT)");
    other.close();
    assert.throws(() => new Journal(path), refusal(/another program's database/));

    Deno.removeSync(path);
    reopened(path, () => {});
    const newer = new DatabaseSync(path);
    newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    newer.close();
    assert.throws(() => new Journal(path), refusal(/it has version 2, and this build .* up to 1/));

    Deno.removeSync(path);
    reopened(path, (journal) => journal.putRow({ table: "jobs", id: "j", row: {} }));
    const spoilt = new DatabaseSync(path);
    spoilt.exec("UPDATE jobs SET row = '{not json'");
    spoilt.close();
    assert.throws(
      () => reopened(path, (journal) => journal.rows()),
      refusal(/its row jobs\/j cannot be read/),
    );
  }));

Deno.test("two heads cannot have one journal", () =>
  inFolder((path) =>
    reopened(path, () => assert.throws(() => new Journal(path), /another head uses it/))
  ));

Deno.test("a full disk is said, loses nothing, and ends", () =>
  inFolder((path) => {
    const big = "x".repeat(20_000);
    reopened(path, (journal) => {
      journal.putRow({ table: "meta", id: "epoch", row: 1 });
      journal.flush();
      assert.equal(journal.failure, undefined);
      journal.limitTo(20);
      for (let i = 0; i < 20; i++) {
        journal.putRow({ table: "actors", id: `${i}`, row: { big, i } });
        journal.flush();
      }
      assert.match(journal.failure ?? "", /full/);
      journal.putRow({ table: "actors", id: "0", row: { i: "latest" } });
      journal.flush();
      journal.limitTo(1_000_000);
      journal.flush();
      assert.equal(journal.failure, undefined);
    });
    const rows = reopened(path, (journal) => journal.rows());
    assert.equal(rows.length, 21);
    assert.deepEqual(rows.find((row) => row.id === "0")!.row, { i: "latest" });
  }));

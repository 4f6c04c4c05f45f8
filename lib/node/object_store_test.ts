import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { ObjectStore, type StoredFile } from "./object_store.ts";
import type { StoreFolder } from "./store_folder.ts";

const MIB = 2 ** 20;
const MAKER = {};
const OWNER = { owner: "a".repeat(32), owner_node: "1".repeat(56) };

/** A folder on the disk that says how much it has. */
function folder(dir: string, size: number, free = { bytes: size }) {
  Deno.mkdirSync(dir);
  return {
    dir,
    size: () => size,
    free: () => free.bytes,
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  } satisfies StoreFolder;
}

interface Place extends AsyncDisposable {
  store: ObjectStore;
  memory: { bytes: number };
  disk: { bytes: number };
  /** A file that is written and sealed. */
  made(size: number, more?: Partial<Parameters<ObjectStore["create"]>[0]>): Promise<StoredFile>;
}

function place(quota = 100 * MIB): Place {
  const dir = Deno.makeTempDirSync({ prefix: "beam-store-" });
  const memory = { bytes: 1000 * MIB };
  const disk = { bytes: 1000 * MIB };
  const store = new ObjectStore({
    memory: folder(join(dir, "memory"), 1000 * MIB, memory),
    disk: folder(join(dir, "disk"), 1000 * MIB, disk),
    quota,
  });
  return {
    store,
    memory,
    disk,
    async made(size, more = {}) {
      const file = await store.create({ size, ...OWNER, ...more }, MAKER);
      Deno.writeFileSync(file.path, new Uint8Array(1), { createNew: true });
      store.seal(file.name, MAKER);
      return file;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

const isThere = (file: StoredFile) => {
  try {
    return Deno.statSync(file.path).isFile;
  } catch {
    return false;
  }
};

Deno.test("a file is counted in pages from its creation, and gone when it is dropped", async () => {
  await using at = place();
  const file = await at.made(4097);
  assert.deepEqual(at.store.usage, { memory: 8192, disk: 0, files: 1 });
  assert.ok(await file.whole);
  assert.equal(at.store.drop(file.name), file);
  assert.equal(at.store.drop(file.name), undefined);
  await at.store.removed();
  assert.ok(!isThere(file));
  assert.deepEqual(at.store.usage, { memory: 0, disk: 0, files: 0 });
});

Deno.test("what is past the quota goes to disk, and to memory again when there is room", async () => {
  await using at = place(10 * MIB);
  const first = await at.made(8 * MIB);
  const second = await at.made(4 * MIB);
  assert.deepEqual([first.spilled, second.spilled], [false, true]);
  assert.match(second.path, /\/disk\//);
  at.store.drop(first.name);
  // The kernel may not have it back yet: room that is about to be there is waited for.
  assert.equal((await at.made(10 * MIB)).spilled, false);
});

Deno.test("shared memory that others have filled is not promised again", async () => {
  await using at = place(1000 * MIB);
  at.memory.bytes = 100 * MIB; // of which 50 are left to others
  const unwritten = await at.store.create({ size: 30 * MIB, ...OWNER }, MAKER);
  assert.equal(unwritten.spilled, false);
  const second = await at.store.create({ size: 30 * MIB, ...OWNER }, MAKER);
  assert.equal(second.spilled, true, "30 MiB are promised already");
});

Deno.test("a maker that met a full shared memory gets a place on disk; a full disk is an error", async () => {
  await using at = place();
  assert.equal((await at.made(MIB, { spill: true })).spilled, true);
  at.disk.bytes = 20 * MIB;
  await assert.rejects(
    at.store.create({ size: 15 * MIB, ...OWNER, spill: true }, MAKER),
    (error: RequestFailed) => {
      assert.equal(error.code, "no_space");
      assert.match(error.message, /Cannot store an object of 15\.0 MiB: .* 20\.0 MiB left/);
      return true;
    },
  );
  assert.equal(at.store.usage.files, 1);
});

Deno.test("what a maker did not seal goes with it, what it sealed stays", async () => {
  await using at = place();
  const kept = await at.made(MIB);
  const open = await at.store.create({ size: MIB, ...OWNER }, MAKER);
  Deno.writeFileSync(open.path, new Uint8Array(3));
  at.store.makerGone(MAKER);
  assert.equal(await open.whole, false);
  await at.store.removed();
  assert.deepEqual([isThere(kept), isThere(open)], [true, false]);
});

Deno.test("nobody but its maker seals or aborts a file", async () => {
  await using at = place();
  const file = await at.store.create({ size: MIB, ...OWNER }, MAKER);
  at.store.seal(file.name, {});
  at.store.abort(file.name, {});
  assert.equal(file.state, "unsealed");
});

Deno.test("a file that is dropped while it is made is removed when its maker is done", async () => {
  await using at = place();
  const file = await at.store.create({ size: MIB, ...OWNER }, MAKER);
  at.store.drop(file.name);
  assert.equal(at.store.find(file.name), undefined);
  assert.equal(await file.whole, false);
  Deno.writeFileSync(file.path, new Uint8Array(3)); // only now
  at.store.seal(file.name, MAKER);
  await at.store.removed();
  assert.ok(!isThere(file));
  assert.deepEqual(at.store.usage, { memory: 0, disk: 0, files: 0 });
});

Deno.test("what a process or a node owned goes with it, also what is made for it afterwards", async () => {
  await using at = place();
  const other = { owner: "b".repeat(32), owner_node: "2".repeat(56) };
  const third = { owner: "c".repeat(32), owner_node: "2".repeat(56) };
  const mine = await at.made(MIB);
  const others = await at.made(MIB, other);
  const thirds = await at.made(MIB, third);
  at.store.ownersGone([OWNER.owner, other.owner], [], OWNER.owner_node);
  await at.store.removed();
  assert.deepEqual([mine, others, thirds].map(isThere), [false, true, true]);
  const late = await at.made(MIB);
  await at.store.removed();
  assert.deepEqual([isThere(late), await late.whole], [false, false]);
  at.store.ownersGone([], [other.owner_node], "");
  await at.store.removed();
  assert.equal(at.store.usage.files, 0);
});

Deno.test("a copy keeps its name, and one that is made again does not meet the former's removal", async () => {
  await using at = place();
  const copy = { name: "n1", node: "9".repeat(56) };
  const first = await at.made(MIB, { copy });
  at.store.drop("n1");
  const second = await at.made(MIB, { copy });
  assert.equal(at.store.find("n1"), second);
  await at.store.removed();
  assert.deepEqual([isThere(first), isThere(second)], [false, true]);
  assert.equal(second.origin, copy.node);
});

Deno.test("a node may drop what its processes own and the copies of what it has, no others", async () => {
  await using at = place();
  const original = { name: "n".repeat(24), node: "3".repeat(56) };
  const mine = await at.made(MIB);
  const copy = await at.made(MIB, { copy: original });
  const may = (name: string, by: string) => at.store.mayDrop(name, by);
  assert.deepEqual([may(mine.name, OWNER.owner_node), may(mine.name, original.node)], [
    true,
    false,
  ]);
  assert.deepEqual([may(copy.name, OWNER.owner_node), may(copy.name, original.node)], [true, true]);
  assert.equal(may(copy.name, "2".repeat(56)), false);
});

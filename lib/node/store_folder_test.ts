import assert from "assert";
import { join } from "node:path";
import { removeTree } from "../runtime/whole_file.ts";
import { openLibc } from "./libc.ts";
import { openStoreFolder } from "./store_folder.ts";

const libc = openLibc();
const options = (parent: string) => ({ parent, prefix: "beam-7", key: "abcd", libc });

Deno.test("a folder is this user's alone, says what is free, and is gone with its daemon", async () => {
  const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
  {
    using folder = openStoreFolder(options(parent));
    assert.equal(Deno.statSync(folder.dir).mode! & 0o777, 0o700);
    assert.ok(folder.free() > 0 && folder.free() <= folder.size());
    Deno.writeTextFileSync(join(folder.dir, "file"), "x");
  }
  assert.deepEqual([...Deno.readDirSync(parent)], []);
  await Deno.remove(parent);
});

Deno.test("what a dead daemon left is swept; a living one's, and a stranger's, is not", async () => {
  const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
  const child = new Deno.Command("true").spawn();
  const dead = `beam-7-0000-${child.pid}-1`;
  await child.status;
  for (const name of [dead, `other-0000-${child.pid}-1`, "beam-7-notes"]) {
    await Deno.mkdir(join(parent, name));
    await Deno.writeTextFile(join(parent, name, "file"), "x");
  }
  using living = openStoreFolder(options(parent));
  using second = openStoreFolder({ ...options(parent), key: "efgh" });
  assert.ok(Deno.statSync(living.dir) && Deno.statSync(second.dir));
  const left = [...Deno.readDirSync(parent)].map(({ name }) => name);
  assert.ok(!left.includes(dead));
  assert.equal(left.length, 4);
  living[Symbol.dispose]();
  await Deno.remove(parent, { recursive: true });
});

Deno.test({
  name: "a folder whose process is not to be seen from here, but which is locked, is kept",
  ignore: !libc,
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
    const child = new Deno.Command("true").spawn();
    await child.status;
    const beside = join(parent, `beam-7-0000-${child.pid}-1`); // as from another container
    await Deno.mkdir(beside);
    const lock = libc!.lock(join(beside, "lock"));
    {
      using _folder = openStoreFolder(options(parent));
      assert.ok(Deno.statSync(beside).isDirectory);
    }
    lock![Symbol.dispose]();
    using _folder = openStoreFolder(options(parent));
    assert.throws(() => Deno.statSync(beside), Deno.errors.NotFound);
    await Deno.remove(parent, { recursive: true });
  },
});

Deno.test("a place that daemons share is not made where it is not there", async () => {
  const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
  const missing = join(parent, "shm");
  assert.throws(() => openStoreFolder(options(missing)), Deno.errors.NotFound);
  assert.throws(() => Deno.statSync(missing), Deno.errors.NotFound);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("a folder that was removed under its daemon is there again for the next file", async () => {
  const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
  {
    using folder = openStoreFolder(options(parent));
    await Deno.remove(folder.dir, { recursive: true });
    assert.ok(folder.free() > 0);
    Deno.writeTextFileSync(join(folder.dir, "file"), "x");
    assert.equal(Deno.statSync(folder.dir).mode! & 0o777, 0o700);
  }
  assert.deepEqual([...Deno.readDirSync(parent)], []);
  await Deno.remove(parent);
});

Deno.test({
  name: "a folder that was removed, and whose name another user took, is not used any more",
  ignore: Deno.uid() !== 0, // only root can make another user's folder
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
    using folder = openStoreFolder(options(parent));
    const former = folder.dir;
    await Deno.remove(former, { recursive: true });
    await Deno.mkdir(former, { mode: 0o777 });
    await Deno.chown(former, 65534, 65534);
    assert.ok(folder.free() > 0);
    assert.notEqual(folder.dir, former);
    assert.equal(Deno.lstatSync(folder.dir).uid, Deno.uid());
    await Deno.remove(parent, { recursive: true });
  },
});

Deno.test({
  name: "a dead daemon's folder that another sweeps at the same time is no trouble",
  ignore: !libc,
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "beam-folder-" });
    const child = new Deno.Command("true").spawn();
    await child.status;
    const dead = [1, 2].map((ticks) => join(parent, `beam-7-0000-${child.pid}-${ticks}`));
    for (const dir of dead) await Deno.mkdir(dir);
    const others = {
      lock(path: string) {
        for (const dir of dead) if (!path.startsWith(dir)) removeTree(dir);
        return libc!.lock(path);
      },
    };
    using folder = openStoreFolder({ ...options(parent), libc: others });
    assert.deepEqual([...Deno.readDirSync(parent)].map(({ name }) => join(parent, name)), [
      folder.dir,
    ]);
    await Deno.remove(parent, { recursive: true });
  },
});

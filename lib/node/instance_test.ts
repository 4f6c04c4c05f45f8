import assert from "assert";
import { join } from "node:path";
import { writeRecord } from "../runtime/records.ts";
import { holdInstance, renew } from "./instance.ts";
import { openLibc } from "./libc.ts";
import { statOf } from "./proc.ts";

Deno.test("a runtime directory has one daemon; the second is told who it is and what to do", async () => {
  const dir = await Deno.makeTempDir();
  using libc = openLibc()!;
  {
    using first = holdInstance(dir, libc);
    const { pid, start_ticks } = statOf(Deno.ppid)!;
    const record = { pid, start_ticks, node_id: "a", node_ip: "10.0.0.1", is_head: true };
    writeRecord(first.paths.record, {
      ...record,
      aliases: [],
      cluster: "",
      head_address: "",
      head_aliases: [],
      runtime_dir: dir,
      socket: "",
      shim_path: "",
      build: "",
      standing: true,
    });
    const message = new RegExp(`process ${pid} \\(head 10\\.0\\.0\\.1\\) serves it already`);
    assert.throws(() => holdInstance(dir, libc), (error: Error & { mend?: string }) => {
      assert.match(error.message, message);
      assert.match(error.mend!, /beam down/);
      return true;
    });
    // Without libc there is no lock, and the record alone must do.
    assert.throws(() => holdInstance(dir, undefined), message);
  }
  using again = holdInstance(dir, libc);
  assert.equal(again.runtime, await Deno.realPath(dir));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what a killed daemon left does not stop the next", async () => {
  const dir = await Deno.makeTempDir();
  using libc = openLibc()!;
  const first = holdInstance(dir, libc);
  const { paths } = first;
  first[Symbol.dispose]();
  assert.throws(() => Deno.statSync(paths.dir), Deno.errors.NotFound);
  for (const folder of [paths.sockets, paths.workers]) {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  await Deno.writeTextFile(
    paths.record,
    '{"pid": 999999, "start_ticks": 1, "socket": "", "node_id": "former"}',
  );
  await Deno.writeTextFile(join(paths.sockets, "x.sock"), "");
  await Deno.writeTextFile(join(paths.workers, "12"), "");
  using second = holdInstance(dir, libc);
  assert.equal(second.replaces, "former");
  assert.throws(() => Deno.statSync(paths.record));
  assert.deepEqual([...Deno.readDirSync(paths.sockets), ...Deno.readDirSync(paths.workers)], []);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what a cleaner of /tmp goes by is renewed", async () => {
  const runtime = await Deno.makeTempDir({ prefix: "beam-instance-" });
  using libc = openLibc()!;
  using instance = holdInstance(runtime, libc);
  const { dir, workers, sockets, lock } = instance.paths;
  const old = new Date("2020-01-01");
  for (const path of [lock, workers, sockets, dir]) Deno.utimeSync(path, old, old);
  renew(instance.paths);
  for (const path of [lock, workers, sockets, dir]) {
    const { atime, mtime } = Deno.statSync(path);
    assert.ok(atime! > old && mtime! > old, path);
  }
  await Deno.remove(runtime, { recursive: true });
});

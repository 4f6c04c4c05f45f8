import assert from "assert";
import { join } from "node:path";
import { ensureInstanceDir, type Env } from "./paths.ts";
import {
  allRecords,
  type DaemonRecord,
  isAlive,
  isRunning,
  readRecord,
  recordOf,
  servesAddress,
  startTicks,
  writeRecord,
} from "./records.ts";

function recordAt(socket: string, changes: Partial<DaemonRecord> = {}): DaemonRecord {
  return {
    pid: Deno.pid,
    start_ticks: startTicks(Deno.pid)!,
    node_id: "a".repeat(56),
    node_ip: "10.0.0.1",
    aliases: ["192.168.1.1"],
    cluster: "c".repeat(56),
    head_address: "10.0.0.1:6379",
    head_aliases: ["192.168.1.1:6379"],
    is_head: true,
    runtime_dir: "/r",
    socket,
    shim_path: "/r/shim/x",
    build: "b",
    standing: true,
    ...changes,
  };
}

Deno.test("a record counts while its process runs and its socket accepts", async () => {
  const dir = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "r" }));
  const env: Env = (name) => name === "XDG_RUNTIME_DIR" ? dir : undefined;
  try {
    const here = ensureInstanceDir(join(dir, "rt1"), env);
    const there = ensureInstanceDir(join(dir, "rt2"), env);
    assert.deepEqual(await allRecords(env), []);
    writeRecord(here.record, recordAt(here.socket, { is_head: false }));
    assert.equal(await recordOf(join(dir, "rt1"), env), undefined, "its socket is not there");

    const listeners = [here, there].map(({ socket }) =>
      Deno.listen({ transport: "unix", path: socket })
    );
    assert.equal((await recordOf(join(dir, "rt1"), env))?.socket, here.socket);
    writeRecord(there.record, recordAt(there.socket));
    assert.deepEqual((await allRecords(env)).map((r) => r.socket), [there.socket, here.socket]);

    const late = recordAt(there.socket, { start_ticks: 1 });
    assert.equal(await isAlive(late), false, "another process has its number now");
    assert.equal(isRunning(late), false);
    Deno.writeTextFileSync(there.record, "{");
    assert.equal(readRecord(there.record), undefined);
    Deno.writeTextFileSync(there.record, "{}");
    assert.equal(readRecord(there.record), undefined);
    assert.equal((await allRecords(env)).length, 1);
    for (const listener of listeners) listener.close();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("processes that do not run have no start", () => {
  assert.equal(startTicks(0), undefined);
  assert.ok(startTicks(1)! >= 0);
});

Deno.test("a cluster is named by any address of its head", () => {
  const head = recordAt("/s");
  const joined = recordAt("/s", { is_head: false });
  for (const address of ["10.0.0.1:6379", "192.168.1.1:6379"]) {
    assert.ok(servesAddress(head, address));
    assert.ok(servesAddress(joined, address));
  }
  for (const address of ["localhost:6379", "127.0.0.1:6379", "[::1]:6379"]) {
    assert.ok(servesAddress(head, address), address);
    assert.ok(!servesAddress(joined, address), address);
  }
  assert.ok(!servesAddress(head, "127.0.0.1:6380"));
  assert.ok(!servesAddress(head, "10.0.0.2:6379"));
});

Deno.test("a record of another user, and a link to one of ours, are none", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, "daemon.json");
    writeRecord(path, recordAt(join(dir, "s")));
    assert.ok(readRecord(path));
    const link = join(dir, "link.json");
    Deno.symlinkSync(path, link);
    assert.equal(readRecord(link), undefined);
    if (Deno.uid() === 0) {
      Deno.chownSync(path, 65534, 65534);
      assert.equal(readRecord(path), undefined);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

import assert from "assert";
import { meminfo, merge, type Tree, treeHost } from "../probe/testdata/tree.ts";
import { MachineFiles } from "./machine_readings.ts";

const GIB = 2 ** 30;

function stat(user: number, idle: number, cpus = 4): Tree {
  const each = Array.from({ length: cpus }, (_, at) => `cpu${at} 1 1 1 1 1 1 1 1 0 0`);
  return {
    "/proc/stat": `cpu  ${user} 0 0 ${idle} 500 0 0 0 0 0\n${each.join("\n")}\nintr 1\n`,
    "/proc/loadavg": "1.25 0.80 0.60 2/345 6789\n",
  };
}

Deno.test("CPUs that were busy are those since the last time", () => {
  let tree = merge(stat(1000, 0), meminfo(4 * 1024 * 1024, 1024 * 1024));
  let now = 0;
  const files = new MachineFiles({
    host: { ...treeHost({}), read: (path) => treeHost(tree).read(path) },
    cpus: 4,
    memory_bytes: 4 * GIB,
    folder: "/run/beam",
    now: () => now,
    space: (path) => path === "/dev/shm" ? { total: 100, used: 40 } : undefined,
  });
  const first = files.read();
  assert.equal(first.cpu_busy, undefined);
  assert.deepEqual(first, {
    cpu_count: 4,
    memory_total: 4 * GIB,
    memory_used: 3 * GIB,
    load1: 1.25,
    shm_total: 100,
    shm_used: 40,
  });
  now = 2000;
  tree = merge(stat(1300, 9999), meminfo(4 * 1024 * 1024));
  assert.equal(files.read().cpu_busy, 1.5, "3 s of CPU time in 2 s; waiting for a disk is none");
});

Deno.test("a container that may use fewer CPUs says how busy its own are", () => {
  let usage = 1_000_000;
  let now = 0;
  const host = treeHost(stat(0, 0, 64));
  const files = new MachineFiles({
    host: {
      ...host,
      read: (path) =>
        path === "/sys/fs/cgroup/cpu.stat"
          ? { text: `usage_usec ${usage}\nuser_usec 0\n`, errno: null }
          : host.read(path),
    },
    cpus: 2,
    memory_bytes: GIB,
    folder: "/",
    now: () => now,
  });
  files.read();
  usage += 500_000;
  now = 1000;
  assert.equal(files.read().cpu_busy, 0.5);
});

Deno.test("a machine that shows nothing gives what is known all the same", () => {
  const files = new MachineFiles({
    host: treeHost({}),
    cpus: 1,
    memory_bytes: 0,
    folder: "/nowhere",
    space: () => undefined,
  });
  assert.deepEqual(files.read(), { cpu_count: 1, memory_total: 0, memory_used: 0 });
});

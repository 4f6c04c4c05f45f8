import assert from "assert";
import {
  availableBytes,
  cpuCount,
  machineFacts,
  memoryBytes,
  objectStoreDefault,
} from "./machine.ts";
import { meminfo, merge, type Tree, treeHost } from "./testdata/tree.ts";

const GiB = 2 ** 30;
const online: Tree = { "/sys/devices/system/cpu/online": "0-15\n" };

function cpus(tree: Tree, env = {}): number {
  return cpuCount(treeHost(merge(online, tree)), env);
}

Deno.test("CPUs: those online, lists with gaps included", () => {
  assert.equal(cpus({}), 16);
  assert.equal(cpus({ "/sys/devices/system/cpu/online": "0-3,8,10-11\n" }), 7);
});

Deno.test("CPUs: a cgroup's quota limits them, whole ones only, one at least", () => {
  assert.equal(cpus({ "/sys/fs/cgroup/cpu.max": "400000 100000\n" }), 4);
  assert.equal(cpus({ "/sys/fs/cgroup/cpu.max": "350000 100000\n" }), 3);
  assert.equal(cpus({ "/sys/fs/cgroup/cpu.max": "50000 100000\n" }), 1);
  assert.equal(cpus({ "/sys/fs/cgroup/cpu.max": "max 100000\n" }), 16);
  assert.equal(cpus({ "/sys/fs/cgroup/cpu.max": "6400000 100000\n" }), 16);
});

Deno.test("CPUs: cgroup v1 quota and cpuset, the smaller one", () => {
  const quota = (value: number): Tree => ({
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": `${value}\n`,
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  });
  assert.equal(cpus(quota(-1)), 16);
  assert.equal(cpus(quota(200000)), 2);
  const set = { "/sys/fs/cgroup/cpuset/cpuset.cpus": "0-2,5\n" };
  assert.equal(cpus(set), 4);
  assert.equal(cpus(merge(set, quota(800000))), 4);
  assert.equal(cpus(quota(200000), { RAY_USE_MULTIPROCESSING_CPU_COUNT: "1" }), 16);
});

Deno.test("memory: the cgroup's limit where it is the smaller", () => {
  const physical = meminfo(16 * 2 ** 20);
  const total = (tree: Tree) => memoryBytes(treeHost(merge(physical, tree)));
  assert.equal(total({}), 16 * GiB);
  assert.equal(total({ "/sys/fs/cgroup/memory.max": "max\n" }), 16 * GiB);
  assert.equal(total({ "/sys/fs/cgroup/memory.max": `${4 * GiB}\n` }), 4 * GiB);
  assert.equal(total({ "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${2 * GiB}\n` }), 2 * GiB);
  // cgroup v1's way of saying unlimited.
  const unlimited = { "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n" };
  assert.equal(total(unlimited), 16 * GiB);
});

Deno.test("available memory: page cache of the container is not in use", () => {
  const host = treeHost(merge(meminfo(16 * 2 ** 20, 2 ** 20), {
    "/sys/fs/cgroup/memory.current": `${3 * GiB}\n`,
    "/sys/fs/cgroup/memory.stat": `anon 1\ninactive_file ${GiB / 2}\nactive_file ${GiB / 2}\n`,
  }));
  assert.equal(availableBytes(host, 8 * GiB), 6 * GiB);
  assert.equal(availableBytes(treeHost(meminfo(16 * 2 ** 20, 2 ** 20)), 8 * GiB), GiB);
});

Deno.test("object store: Ray's share and its caps", () => {
  assert.equal(objectStoreDefault(100e9, 90e9), 30e9);
  assert.equal(objectStoreDefault(100e9, 20e9), 19e9);
  assert.equal(objectStoreDefault(100e9, 64e6), 10e9);
  assert.equal(objectStoreDefault(2000e9, 1900e9), 200e9);
  assert.equal(objectStoreDefault(2000e9, null), 200e9);
  assert.equal(objectStoreDefault(24276250624, 25276506112), 7282875187);
});

Deno.test("facts of a recorded machine", () => {
  const tree = merge(online, meminfo(100_000_000), { "/proc/sys/kernel/hostname": "node-a\n" });
  const facts = machineFacts({ host: treeHost(tree, { "/dev/shm": 50e9 }) });
  assert.equal(facts.hostname, "node-a");
  assert.equal(facts.cpus, 16);
  assert.equal(facts.shm_bytes, 50e9);
  assert.equal(facts.object_store_bytes, Math.floor(100_000_000 * 1024 * 0.3));
});

/**
 * Facts of made-up machines, and what tests say of checks with them. Each test of a check calls
 * `tells` and `isQuiet` with its code: `checks_test.ts` holds that every code is in both.
 */
import assert from "assert";
import type { Finding } from "../check.ts";
import { CHECKS } from "../checks.ts";
import { emptyFacts } from "../empty_facts.ts";
import type {
  Facts,
  GpuDevice,
  InterfaceFacts,
  NodeFacts,
  PythonFacts,
  RdmaDevice,
} from "../facts.ts";

const GIB = 2 ** 30;

/** A part of something, in depth; lists are replaced whole. */
export type Changes<T> = T extends readonly unknown[] ? T
  : T extends object ? { [K in keyof T]?: Changes<T[K]> }
  : T;

/** `base` with changes. */
export function changed<T>(base: T, changes: Changes<NoInfer<T>>): T {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(changes)) return changes as T;
  const made: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    made[name] = changed(made[name], value as Changes<unknown>);
  }
  return made as T;
}

export function wired(
  name: string,
  address: string,
  more: Partial<InterfaceFacts> = {},
): InterfaceFacts {
  return {
    name,
    addresses: [{ address, family: "IPv4", prefix: 24, link_local: false }],
    kind: "physical",
    up: true,
    carrier: true,
    state: "up",
    speed_mbps: 100_000,
    duplex: "full",
    mtu: 1500,
    driver: "ixgbe",
    pci: "0000:01:00.0",
    wireless: false,
    ...more,
  };
}

const LOOPBACK = wired("lo", "127.0.0.1", {
  kind: "loopback",
  state: "unknown",
  speed_mbps: null,
  duplex: null,
  driver: null,
  pci: null,
  mtu: 65536,
});

export function gpu(index: number, more: Partial<GpuDevice> = {}): GpuDevice {
  return {
    index,
    id: `${index}`,
    name: "NVIDIA H100 80GB HBM3",
    uuid: `GPU-${index}`,
    memory: 80 * GIB,
    memory_used: 0,
    integrated: false,
    ...more,
  };
}

export function card(name: string, more: Partial<RdmaDevice> = {}): RdmaDevice {
  return {
    name,
    node: "/dev/infiniband/uverbs0",
    access: "ok",
    driver: "mlx5_core",
    ports: [{
      port: 1,
      state: "ACTIVE",
      link_layer: "Ethernet",
      rate: "200 Gb/sec (4X HDR)",
      interface: null,
    }],
    ...more,
  };
}

const NODE: NodeFacts = {
  node_id: "c0ffee",
  name: "gpu-1",
  ip: "10.0.0.1",
  aliases: [],
  port: 6380,
  is_head: true,
  head_address: "10.0.0.1:6379",
  connected: true,
  cluster: "abc",
  build: "0.1.0",
  pid: 100,
  gpus: 8,
  gpus_given: null,
  shim_path: "/home/me/.beam/shim/1234",
  object_store: 30 * GIB,
  pids: [100, 101],
};

/** With the given parts in place of the usual ones. */
export function node(more: Partial<NodeFacts> = {}): NodeFacts {
  return { ...NODE, ...more };
}

const PYTHON: PythonFacts = {
  command: ["/opt/vllm/bin/python"],
  error: null,
  executable: "/opt/vllm/bin/python",
  version: "3.12.4",
  packages: { vllm: "0.11.0", torch: "2.8.0", ray: "2.55.1", "nvidia-nccl-cu12": "2.27.3" },
  torch_cuda: "12.8",
  torch_hip: null,
  nccl: "2.27.3",
  ray: "/home/me/.beam/shim/1234/ray/__init__.py",
  ray_is_beam: true,
  vllm_python: "/opt/vllm/bin/python",
  sys_path: ["", "/home/me/.beam/shim/1234"],
};

/** A head's machine with eight H100, an RDMA card, and nothing wrong. */
export function healthy(): Facts {
  const empty = emptyFacts({
    node: NODE,
    runtime_dir: "/home/me/.beam",
    machine_dir: "/run/user/1000/beam",
    worker_command: [],
    env: {},
    shim_path: NODE.shim_path,
    security: {
      open: false,
      tls: true,
      files: null,
      listens_on: "10.0.0.1",
      certificate_until: null,
    },
  }, Date.UTC(2026, 10, 21));
  return changed<Facts>(empty, {
    build: "0.1.0",
    platform: {
      kernel: "6.8.0-41-generic",
      distribution: "ubuntu",
      distribution_like: ["debian"],
      glibc: "2.39",
      uid: 1000,
      kernel_log: true,
    },
    env: { GLOO_SOCKET_IFNAME: "eth0", VLLM_HOST_IP: "10.0.0.1" },
    network: {
      interfaces: [wired("eth0", "10.0.0.1"), LOOPBACK],
      default_interface: "eth0",
      cluster: { address: "10.0.0.1", interface: "eth0", source: "node" },
      host_name: { name: "gpu-1", addresses: ["10.0.0.1"] },
    },
    rdma: { devices: [card("mlx5_0")], rdma_cm: "ok" },
    limits: {
      open_files: { soft: 65_536, hard: 1_048_576 },
      processes: { soft: 2_000_000, hard: 2_000_000 },
      locked_memory: { soft: null, hard: null },
      may_lock: false,
      cgroup_pids: { max: null, current: 400 },
      threads_max: 2_000_000,
    },
    memory: {
      total: 1024 * GIB,
      free: 700 * GIB,
      available: 900 * GIB,
      swap_total: 0,
      swap_free: 0,
      overcommit: 0,
      commit_limit: 512 * GIB,
      committed: 20 * GIB,
    },
    cpus: { online: 128, allowed: 128 },
    shm: {
      path: "/dev/shm",
      mount_point: "/dev/shm",
      type: "tmpfs",
      source: "tmpfs",
      options: ["rw"],
      size: 512 * GIB,
      free: 510 * GIB,
      inodes: 1e6,
      inodes_free: 1e6,
    },
    runtime_dir: {
      exists: true,
      mode: 0o700,
      uid: 1000,
      writable: true,
      file_system: {
        path: "/home/me/.beam",
        mount_point: "/",
        type: "ext4",
        source: "/dev/nvme0n1p2",
        options: ["rw", "relatime"],
        size: 1000 * GIB,
        free: 500 * GIB,
        inodes: 1e7,
        inodes_free: 9e6,
      },
    },
    gpus: {
      vendor: "nvidia",
      devices: Array.from({ length: 8 }, (_, index) => gpu(index)),
      driver_version: "570.86.15",
      nodes: Array.from({ length: 8 }, (_, index) => `/dev/nvidia${index}`),
      on_pci: { nvidia: 8 },
      libraries: [{
        name: "libcuda",
        version: "570.86.15",
        path: "/usr/lib/x86_64-linux-gnu/libcuda.so.570.86.15",
      }],
      tool: { name: "nvidia-smi", count: 8, error: null },
      processes: [{ pid: 200, gpu: 0, memory: 70 * GIB, command: "VLLM::Worker", ours: true }],
    },
    python: PYTHON,
    clock: { synchronized: true, max_error_ms: 1, kept_by: "chronyd" },
    token: { exists: true, mode: 0o600, uid: 1000 },
    tls: { authority_mode: 0o600 },
  });
}

/** The healthy machine with changes. */
export function machine(changes: Changes<Facts>): Facts {
  return changed(healthy(), changes);
}

/** The same before `beam up`: no node, and what its daemon would know is not known. */
export function bare(changes: Changes<Facts> = {}): Facts {
  const facts = machine({
    node: null,
    network: { cluster: { source: "guess" } },
    token: { open: null, listens_on: null },
    tls: { on: null },
  } as Changes<Facts>);
  return changed(facts, changes);
}

/** What the check `code` finds. */
export async function foundBy(code: string, facts: Facts): Promise<Finding[]> {
  const check = CHECKS.find((one) => one.code === code);
  assert.ok(check, `no check has the code ${code}`);
  return await check.run(facts, new AbortController().signal);
}

/** That the check finds one thing, so bad, with these words in it; the finding. */
export async function tells(
  code: string,
  facts: Facts,
  severity: Finding["severity"],
  ...words: RegExp[]
): Promise<Finding> {
  const found = await foundBy(code, facts);
  assert.equal(found.length, 1, `${code} found: ${JSON.stringify(found, null, 1)}`);
  const [one] = found;
  assert.equal(one!.severity, severity, one!.seen);
  assert.equal(one!.code, code);
  const text = `${one!.seen} ${one!.breaks} ${one!.mend}`;
  for (const word of words) assert.match(text, word);
  return one!;
}

/** That the check finds nothing worth a warning; nothing at all where `info` is not allowed. */
export async function isQuiet(code: string, facts: Facts, allowed: "info" | "nothing" = "nothing") {
  const found = await foundBy(code, facts);
  const loud = allowed === "info" ? found.filter(({ severity }) => severity !== "info") : found;
  assert.deepEqual(loud, []);
}

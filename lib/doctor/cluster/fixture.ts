/** A healthy cluster of two nodes for tests, and what a test changes of it. */
import { emptyFacts } from "../empty_facts.ts";
import type { Facts, InterfaceFacts } from "../facts.ts";
import type { Finding } from "../check.ts";
import { CLUSTER_CHECKS } from "./cluster_checks.ts";
import type { ClusterPicture, NodePicture } from "./picture.ts";
import type { Outcome, PairResult, Way } from "./probe.ts";

/** An interface with one IPv4 address of a network of 256. */
export function wired(address: string, change: Partial<InterfaceFacts> = {}): InterfaceFacts {
  return {
    name: "eth0",
    addresses: [{ address, family: "IPv4", prefix: 24, link_local: false }],
    kind: "physical",
    up: true,
    carrier: true,
    state: "up",
    speed_mbps: 100_000,
    duplex: "full",
    mtu: 1500,
    driver: "mlx5_core",
    pci: null,
    wireless: false,
    ...change,
  };
}

/** Facts of a machine with that address, two GPUs and Python. */
export function facts(address: string): Facts {
  const empty = emptyFacts({
    node: null,
    runtime_dir: "/root/.beam",
    machine_dir: "/tmp/beam-0",
    worker_command: [],
    env: {},
    shim_path: null,
    security: {
      open: false,
      tls: false,
      files: null,
      listens_on: null,
      certificate_until: null,
    },
  }, 0);
  const gpu = { uuid: null, memory: 80 * 2 ** 30, memory_used: null, integrated: false };
  return {
    ...empty,
    network: { ...empty.network, interfaces: [wired(address)] },
    gpus: {
      ...empty.gpus,
      vendor: "nvidia",
      driver_version: "570.86.15",
      devices: [0, 1].map((index) => ({ index, id: `${index}`, name: "NVIDIA H100", ...gpu })),
    },
    python: {
      command: ["python3"],
      error: null,
      executable: "/usr/bin/python3",
      version: "3.12.4",
      packages: { vllm: "0.11.0", torch: "2.8.0" },
      torch_cuda: "12.8",
      torch_hip: null,
      nccl: "2.27.3",
      ray: null,
      ray_is_beam: true,
      sys_path: [],
      vllm_python: null,
    },
  };
}

/** Node number `at`, from 1: 10.0.0.1 is the head's. */
export function node(at: number, change: Partial<NodePicture> = {}): NodePicture {
  const ip = change.ip ?? `10.0.0.${at}`;
  return {
    node_id: `${at}`.padStart(56, "0"),
    name: ip,
    ip,
    hostname: `gpu-${at}`,
    is_head: at === 1,
    state: "alive",
    silent_ms: 100,
    build: "beam 0.1.0 (abc)",
    port: 6380,
    gpus: ["NVIDIA H100", "NVIDIA H100"],
    facts: facts(ip),
    findings: [],
    ready: { at: 0, listeners: [{ address: ip, port: 40000 + at }], boot_id: `boot-${at}` },
    clock: { ahead_ms: 1, margin_ms: 2 },
    ...change,
  };
}

/** Those nodes with all connections between them open. */
export function picture(
  nodes: NodePicture[] = [node(1), node(2), node(3)],
  head: Partial<ClusterPicture["head"]> = {},
): ClusterPicture {
  return {
    now: 1_000_000_000,
    nodes,
    head: {
      address: "10.0.0.1:6379",
      build: "beam 0.1.0 (abc)",
      join_tokens: [],
      old_tokens: [],
      former_ms: 0,
      journal_path: "/root/.beam/head.db",
      relays: 0,
      ...head,
    },
    pairs: nodes.flatMap((from) =>
      nodes.filter((to) => to !== from).flatMap((to) => [
        dialed(from, to, "beam", "open"),
        dialed(from, to, "high", "open"),
      ])
    ),
  };
}

/** How a dial went. */
export function dialed(
  from: NodePicture,
  to: NodePicture,
  way: Way,
  outcome: Outcome,
  change: Partial<PairResult> = {},
): PairResult {
  const port = way === "beam" ? to.port : to.ready?.listeners[0]?.port ?? 0;
  const ms = outcome === "timeout" ? 3000 : 1;
  return {
    from: from.node_id,
    node_id: to.node_id,
    way,
    host: to.ip,
    port,
    outcome,
    ms,
    ...change,
  };
}

/** The picture with those dials instead of what it had of them. */
export function withDials(given: ClusterPicture, dials: PairResult[]): ClusterPicture {
  const key = ({ from, node_id, way }: PairResult) => `${from} ${node_id} ${way}`;
  const replaced = new Set(dials.map(key));
  return {
    ...given,
    pairs: [...given.pairs.filter((one) => !replaced.has(key(one))), ...dials],
  };
}

/** What all checks of a cluster find. */
export function found(given: ClusterPicture): Finding[] {
  return CLUSTER_CHECKS.flatMap((check) => check.run(given));
}

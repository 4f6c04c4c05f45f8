/** A cluster for tests of what the command line prints: two nodes, a dead one, groups, actors, jobs. */
import type { ClusterEvent } from "../../lib/head/event_log.ts";
import type { ActorView, ClusterStatus, NodeView } from "../../lib/cli/cluster_status.ts";

const HEAD = "7d3bc697ed01c265ba9866254654f7036d1d4ab596a782d19261a3b3";
const OTHER = "e4d6a86afbdf4d66924212d7481d9d411ceccbb485778e5ade8a86c8";
const GONE = "0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554a";
const GROUP = "9f8e7d6c5b4a39281706f5e4d3c201000000";
const WAITING = "1a2b3c4d5e6f708192a3b4c5d6e701000000";
const GIB = 2 ** 30;

function node(id: string, ip: string, changes: Partial<NodeView>): NodeView {
  return {
    node_id: id,
    ip,
    aliases: [],
    hostname: "vm",
    is_head: false,
    state: "alive",
    alive: true,
    total: {},
    available: {},
    gpus: [],
    labels: {},
    joined_at: 1_795_200_000_000,
    last_seen: 1_795_200_060_000,
    extra: { port: 6380 },
    ...changes,
  };
}

function actor(id: string, name: string, changes: Partial<ActorView>): ActorView {
  return {
    actor_id: id.padEnd(24, "0") + "01000000",
    kind: "actor",
    job_id: "01000000",
    owner: { job_id: "01000000" },
    class_name: "Worker",
    name,
    namespace: "default",
    state: "ALIVE",
    step: "running",
    node_id: HEAD,
    node_ip: "192.0.2.2",
    pid: 4711,
    incarnation: 1,
    restarts: 0,
    max_restarts: 0,
    detached: false,
    resources: {},
    place: { CPU: 1 },
    strategy: { kind: "default" },
    gpus: [],
    device_ids: [],
    created_at: 1_795_200_010_000,
    since: 1_795_200_011_000,
    ...changes,
  };
}

const FIRST = actor("1f2e3d4c5b6a", "Worker_0", {
  resources: { GPU: 1 },
  gpus: [[0, 1]],
  device_ids: ["0"],
  pg: { pg_id: GROUP, bundle_index: 0 },
});

/** What has happened there. */
export const EVENTS: ClusterEvent[] = [
  {
    seq: 1,
    at: 1_795_200_000_000,
    kind: "head.started",
    severity: "info",
    text: "the head started",
  },
  {
    seq: 2,
    at: 1_795_200_001_000,
    kind: "node.joined",
    severity: "info",
    text: "node 192.0.2.2 (7d3bc697…) joined, the head's own",
    node_id: HEAD,
  },
  {
    seq: 3,
    at: 1_795_200_011_000,
    kind: "actor.alive",
    severity: "info",
    text: "actor Worker_0 (1f2e3d4c…) runs on 192.0.2.2 (pid 4711)",
    actor_id: FIRST.actor_id,
    job_id: "01000000",
    node_id: HEAD,
  },
  {
    seq: 4,
    at: 1_795_200_020_000,
    kind: "node.dead",
    severity: "error",
    text: "node 192.0.2.4 (0f0e0d0c…) is out: nothing was heard from it for 5 s",
    node_id: GONE,
  },
  {
    seq: 5,
    at: 1_795_200_025_000,
    kind: "group.waiting",
    severity: "warning",
    text: "Placement group big (1a2b3c4d…) waits: bundle 0 needs 8 GPU.",
    pg_id: WAITING,
    job_id: "01000000",
  },
];

export const TWO_NODES: ClusterStatus = {
  cluster: "c".repeat(56),
  epoch: 3,
  head_address: "192.0.2.2:6379",
  nodes: [
    node(HEAD, "192.0.2.2", {
      is_head: true,
      total: {
        CPU: 2,
        GPU: 2,
        foo: 3,
        memory: 16.25 * GIB,
        object_store_memory: 7 * GIB,
        "node:192.0.2.2": 1,
        "node:__internal_head__": 1,
        "accelerator_type:H100": 1,
      },
      available: {
        CPU: 1,
        GPU: 0.5,
        foo: 3,
        memory: 16.25 * GIB,
        object_store_memory: 7 * GIB,
        "node:192.0.2.2": 1,
        [`bundle_group_0_${GROUP}`]: 1000,
      },
      gpus: [
        {
          index: 0,
          device_id: "0",
          free: 0,
          holders: [{
            kind: "group",
            id: GROUP,
            job_id: "01000000",
            text: "placement group 9f8e7d6c… bundle 0",
            gpu: 1,
            inside: [{
              actor_id: FIRST.actor_id,
              text: "actor Worker_0 (1f2e3d4c…)",
              gpu: 1,
            }],
          }],
        },
        {
          index: 1,
          device_id: "3",
          free: 0.5,
          holders: [{
            kind: "actor",
            id: "a".repeat(32),
            job_id: "01000000",
            text: "actor Half (aaaaaaaa…)",
            gpu: 0.5,
            inside: [],
          }],
        },
      ],
      labels: { zone: "a" },
    }),
    node(OTHER, "192.0.2.3", {
      hostname: "vm2",
      total: {
        CPU: 1,
        GPU: 1,
        memory: 15.75 * GIB,
        object_store_memory: 6.75 * GIB,
        "node:192.0.2.3": 1,
      },
      available: {
        memory: 15.75 * GIB,
        object_store_memory: 6.75 * GIB,
        "node:192.0.2.3": 1,
      },
      gpus: [{
        index: 0,
        device_id: "0",
        free: 0,
        holders: [{
          kind: "group",
          id: GROUP,
          job_id: "01000000",
          text: "placement group 9f8e7d6c… bundle 1",
          gpu: 1,
          inside: [],
        }],
      }],
    }),
    node(GONE, "192.0.2.4", {
      hostname: "vm3",
      state: "dead",
      alive: false,
      ended_at: Date.now() - 60_000,
      death: { kind: "node", message: "The node 192.0.2.4 was lost: it was silent for 5 s." },
    }),
  ],
  actors: [
    FIRST,
    actor("a", "", {
      class_name: "Half",
      resources: { GPU: 0.5 },
      gpus: [[1, 0.5]],
      device_ids: ["3"],
      pid: 4712,
      restarts: 1,
      max_restarts: 3,
    }),
    actor("b", "coordinator", { class_name: "Coordinator", pid: 4713 }),
    actor("d", "Worker_1", {
      state: "DEAD",
      step: "ended",
      node_id: OTHER,
      node_ip: "192.0.2.3",
      pid: 815,
      ended_at: 1_795_200_040_000,
      death: {
        kind: "signal",
        message: "Its process 815 on 192.0.2.3 was ended by SIGKILL.",
        mend: "Look whether the kernel ran out of memory.",
        signal: "SIGKILL",
        stderr_tail: ["loading weights", "42 %"],
        caused_by: "job 01000000",
      },
    }),
  ],
  groups: [
    {
      pg_id: GROUP,
      job_id: "01000000",
      name: "",
      strategy: "PACK",
      state: "CREATED",
      bundles: [{ GPU: 1, CPU: 1 }, { GPU: 1, CPU: 1 }],
      nodes: [HEAD, OTHER],
      detached: false,
      requested_at: 1_795_200_005_000,
      created_at: 1_795_200_005_010,
      attempts: 1,
      scheduling_state: "FINISHED",
    },
    {
      pg_id: WAITING,
      job_id: "01000000",
      name: "dp_rank_1",
      strategy: "PACK",
      state: "PENDING",
      bundles: [{ GPU: 8 }],
      nodes: [""],
      detached: false,
      requested_at: 1_795_200_020_000,
      attempts: 7,
      scheduling_state: "INFEASIBLE",
    },
  ],
  jobs: [{
    job_id: "01000000",
    node_id: HEAD,
    node_ip: "192.0.2.2",
    pid: 4700,
    client: "x",
    namespace: "default",
    entrypoint: "python serve.py",
    state: "running",
    start: 1_795_200_004_000,
  }],
  pending: [{
    kind: "group",
    id: WAITING,
    job_id: "01000000",
    name: "dp_rank_1",
    since: 1_795_200_020_000,
    text: "Placement group dp_rank_1 (1a2b3c4d…) waits: bundle 0 needs 8 GPU; node 192.0.2.2 has " +
      "0.5 of 2 GPU free. No present node can hold it even when empty; it waits for a new node.",
    feasible: false,
    count: 1,
  }],
  demands: [
    {
      kind: "group",
      bundles: [{ amounts: { GPU: 8 }, count: 1 }],
      strategy: "PACK",
      count: 1,
    },
    { kind: "actor", bundles: [{ amounts: { CPU: 1 }, count: 1 }], count: 2 },
  ],
  submissions: [{
    type: "SUBMISSION",
    job_id: null,
    submission_id: "raysubmit_1",
    driver_info: null,
    status: "PENDING",
    entrypoint: "python3 train.py",
    message: "Job has not started yet.",
    error_type: null,
    start_time: 1_795_200_030_000,
    end_time: null,
    metadata: {},
    runtime_env: { env_vars: { WANDB_API_KEY: "s3cret" } },
    driver_agent_http_address: null,
    driver_node_id: null,
    driver_exit_code: null,
  }],
  warnings: ["Node 192.0.2.2 (7d3bc697…): GPU 2 of /dev cannot be opened; it is left out."],
  recent: [EVENTS[3]!, EVENTS[4]!],
};

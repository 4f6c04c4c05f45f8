/** A large cluster for tests of what the command line prints: 40 nodes, 300 actors, groups of many bundles. */
import type { ActorView, ClusterStatus, GroupView, NodeView } from "../../lib/cli/cluster_status.ts";
import { TWO_NODES } from "./canned_status.ts";

const GIB = 2 ** 30;
const [FIRST_NODE] = TWO_NODES.nodes as [NodeView];
const [FIRST_ACTOR] = TWO_NODES.actors as [ActorView];
const [FIRST_GROUP] = TWO_NODES.groups as [GroupView];

const id = (letter: string, at: number, length: number) =>
  `${letter}${at.toString(16).padStart(5, "0")}`.padEnd(length, "0");
const many = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));

const nodes = many(40, (at): NodeView => {
  const gpus = at < 30 ? 8 : 0;
  return {
    ...FIRST_NODE,
    node_id: id("a", at, 56),
    ip: `192.0.2.${at + 1}`,
    hostname: `vm${at}`,
    is_head: at === 0,
    state: at === 7 ? "suspect" : at === 39 ? "draining" : "alive",
    total: {
      CPU: 64,
      memory: (500 + at) * GIB,
      ...(gpus > 0 && { GPU: gpus, "accelerator_type:H100": 1 }),
    },
    available: { CPU: 56, memory: (500 + at) * GIB, ...(gpus > 0 && { GPU: 3 }) },
    gpus: [],
  };
});

const actors = many(300, (at): ActorView => ({
  ...FIRST_ACTOR,
  actor_id: id("b", at, 32),
  name: "",
  class_name: at < 250 ? "RolloutWorker" : at < 290 ? "TrainerWorker" : `Judge${at}`,
  state: at % 50 === 0 ? "RESTARTING" : "ALIVE",
  node_id: nodes[at % 40]!.node_id,
  node_ip: nodes[at % 40]!.ip,
  gpus: [],
  device_ids: [],
}));

const groups = many(2, (at): GroupView => ({
  ...FIRST_GROUP,
  pg_id: id("c", at, 36),
  name: at === 0 ? "rollout" : "",
  state: at === 0 ? "CREATED" : "RESCHEDULING",
  strategy: "SPREAD",
  bundles: many(30, () => ({ GPU: 1, CPU: 1 })),
  nodes: many(30, (index) => at === 1 && index < 2 ? "" : nodes[index]!.node_id),
}));

/** What a head with all that answers. */
export const MANY_NODES: ClusterStatus = {
  ...TWO_NODES,
  nodes,
  actors,
  groups,
  pending: many(20, (at) => ({
    ...TWO_NODES.pending[0]!,
    id: id("d", at, 36),
    text: `Placement group ${id("d", at, 8)}… waits: bundle 0 needs ${at + 9} GPU.`,
  })),
};

/** What drivers ask for: actors and placement groups of all kinds. */
import type { ActorRecord, ActorSpec, SchedulingStrategy } from "../../../lib/cluster/actors.ts";
import { toAmounts } from "../../../lib/cluster/amounts.ts";
import type { Brain } from "../../../lib/cluster/brain.ts";
import type { BrainEventOf } from "../../../lib/cluster/events.ts";
import type { GroupStrategy } from "../../../lib/cluster/groups.ts";
import type { JobRecord } from "../../../lib/cluster/jobs.ts";
import type { NodeSpec } from "../../../lib/cluster/node.ts";
import type { Prng } from "../prng.ts";

const BUNDLES: Record<string, number>[] = [
  { GPU: 1 },
  { GPU: 1, CPU: 1 },
  { GPU: 0.5 },
  { GPU: 0.3, CPU: 0.5 },
  { GPU: 2 },
  { CPU: 1 },
  { CPU: 2, mlx: 1 },
  { GPU: 1, "node:10.0.0.1": 0.001 },
  { CPU: 1, "node:192.168.0.2": 0.001 },
  { GPU: 9 },
];

const RUNS: Record<string, number>[] = [
  {},
  {},
  { GPU: 1 },
  { GPU: 0.5 },
  { GPU: 0.3 },
  { CPU: 1 },
  { GPU: 2 },
  { mlx: 1 },
];

const isRunning = ({ state }: JobRecord) => state === "running";
const isLiving = ({ step }: ActorRecord) => step !== "ended";

/** Mostly one of those that fit: what is asked in the name of the dead is refused. */
function pickMostly<T>(prng: Prng, items: T[], fits: (item: T) => boolean): T | undefined {
  return prng.pick(prng.chance(0.9) ? items.filter(fits) : items);
}

/** A machine with its resources. */
export function drawMachine(prng: Prng, index: number): NodeSpec {
  const gpus = prng.int(5);
  const ip = `10.0.0.${index + 1}`;
  return {
    node_id: prng.hex(56),
    ip,
    aliases: [`192.168.0.${index + 1}`],
    hostname: `host${index}`,
    is_head: index === 0,
    total: toAmounts({
      CPU: 1 + prng.int(4),
      GPU: gpus,
      memory: 2 ** 31,
      [`node:${ip}`]: 1,
      ...(prng.chance(0.3) && { mlx: 1 }),
    }),
    gpu_ids: Array.from({ length: gpus }, (_, gpu) => String(gpu)),
    labels: { zone: index % 2 === 0 ? "a" : "b" },
  };
}

/** An actor, or a worker for tasks, or undefined where there is no job. */
export function drawActor(
  prng: Prng,
  brain: Brain,
  nodes: readonly NodeSpec[],
): BrainEventOf<"actor.create"> | undefined {
  const { books } = brain;
  const job_id = pickMostly(prng, [...books.jobs.values()], isRunning)?.job_id;
  if (job_id === undefined) return undefined;
  const actors = [...books.actors.values()];
  const owner = prng.chance(0.3) ? pickMostly(prng, actors, isLiving) : undefined;
  const groups = [...books.groups.values()];
  const placed = groups.filter((group) => group.state === "CREATED");
  const pg_id = prng.chance(0.6) ? prng.pick(prng.chance(0.8) ? placed : groups)?.pg_id : undefined;
  const bundles = brain.group(pg_id ?? "")?.bundles ?? [];
  const bundle_index = prng.int(bundles.length + 1) - 1;
  const bundle = prng.chance(0.7) ? bundles[bundle_index] : undefined;
  const run = bundle ?? toAmounts(prng.pick(RUNS)!);
  const task = prng.chance(0.4);
  const actor: ActorSpec = {
    actor_id: prng.hex(32),
    job_id,
    owner: {
      job_id,
      ...(owner !== undefined && { actor_id: owner.actor_id, incarnation: owner.incarnation }),
    },
    class_name: "Worker",
    ...(task && { kind: "task" }),
    name: !task && prng.chance(0.2) ? `name${prng.int(3)}` : "",
    namespace: "default",
    place: prng.chance(0.3) ? { ...toAmounts({ CPU: 1 }), ...run } : run,
    run,
    ...(pg_id !== undefined && { pg: { pg_id, bundle_index } }),
    strategy: drawStrategy(prng, nodes),
    max_restarts: task ? 0 : prng.pick([0, 0, 1, -1])!,
    detached: !task && prng.chance(0.1),
  };
  return { kind: "actor.create", actor };
}

function drawStrategy(prng: Prng, nodes: readonly NodeSpec[]): SchedulingStrategy {
  const soft = prng.chance(0.5);
  const { node_id } = prng.pick(nodes)!;
  return prng.pick<SchedulingStrategy>([
    { kind: "default" },
    { kind: "default" },
    { kind: "spread" },
    { kind: "node", node_id, soft },
    { kind: "labels", hard: { zone: "!b" }, soft: {} },
    { kind: "labels", hard: { zone: "z" }, soft: {}, fallback: [{ zone: "in(b,c)" }] },
  ])!;
}

/** A placement group, or undefined where there is no job. */
export function drawGroup(prng: Prng, brain: Brain): BrainEventOf<"group.create"> | undefined {
  const { books } = brain;
  const job_id = pickMostly(prng, [...books.jobs.values()], isRunning)?.job_id;
  if (job_id === undefined) return undefined;
  const actors = [...books.actors.values()];
  const owner = prng.chance(0.2) ? pickMostly(prng, actors, isLiving)?.actor_id : undefined;
  const alike = prng.chance(0.4) ? prng.pick(BUNDLES)! : undefined;
  const count = 1 + prng.int(4);
  const strategies: GroupStrategy[] = ["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"];
  return {
    kind: "group.create",
    group: {
      pg_id: prng.hex(28) + job_id,
      job_id,
      owner: { job_id, ...(owner !== undefined && { actor_id: owner }) },
      name: prng.chance(0.5) ? "dp_rank_0" : "",
      strategy: prng.pick(strategies)!,
      bundles: Array.from({ length: count }, () => toAmounts(alike ?? prng.pick(BUNDLES)!)),
      detached: prng.chance(0.1),
    },
  };
}

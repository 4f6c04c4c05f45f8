/**
 * What others see: plain values computed from the books, for `beam status`, the dashboard and the
 * Python package. Amounts are floats here; field names go over the wire unchanged.
 */
import type { ActorRecord, SchedulingStrategy } from "./actors.ts";
import type { ActorState } from "./actor_states.ts";
import { addAmounts, fromUnits, toFloats, UNIT } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import type { Books } from "./books.ts";
import type { DeathReport } from "./death.ts";
import { GroupAmounts, reservedAmounts } from "./group_resources.ts";
import type { GroupRecord, GroupState, GroupStrategy } from "./groups.ts";
import { Holdings } from "./holders.ts";
import type { JobRecord } from "./jobs.ts";
import { mayHold } from "./node.ts";
import type { NodeState } from "./node.ts";
import { Survey } from "./survey.ts";

/** Amounts for people and for Ray's dictionaries. */
export type Floats = Record<string, number>;

/** One GPU of a node and who has it. */
export interface GpuView {
  index: number;
  device_id: string;
  /** Free part of it, 0 to 1; what a bundle reserves is not free. */
  free: number;
  holders: {
    kind: "actor" | "group";
    id: string;
    job_id: string;
    text: string;
    gpu: number;
    /** For a bundle: the actors inside that use this device. */
    inside: { actor_id: string; text: string; gpu: number }[];
  }[];
}

export interface NodeView {
  node_id: string;
  ip: string;
  aliases: string[];
  hostname: string;
  is_head: boolean;
  state: NodeState;
  /** Ray's idea of alive: not dead. */
  alive: boolean;
  /** Empty for a dead node, as in Ray. */
  total: Floats;
  /** Without exhausted resources; with Ray's names for what is inside placement groups. */
  available: Floats;
  gpus: GpuView[];
  labels: Record<string, string>;
  joined_at: number;
  last_seen: number;
  ended_at?: number;
  death?: DeathReport;
  extra?: unknown;
}

/** Every node, dead ones last seen included, in the order in which they joined. */
export function nodesView(books: Books): NodeView[] {
  const holdings = new Holdings(books);
  const inGroups = new GroupAmounts(books);
  return [...books.nodes.values()].map((node) => ({
    node_id: node.node_id,
    ip: node.ip,
    aliases: node.aliases,
    hostname: node.hostname,
    is_head: node.is_head,
    state: node.state,
    alive: mayHold(node),
    total: mayHold(node) ? toFloats(node.total) : {},
    available: availableOn(books, node.node_id, inGroups),
    gpus: mayHold(node) ? gpusView(books, node.node_id, holdings) : [],
    labels: node.labels,
    joined_at: node.joined_at,
    last_seen: node.last_seen,
    ...(node.ended_at !== undefined && { ended_at: node.ended_at }),
    ...(node.death !== undefined && { death: node.death }),
    ...(node.extra !== undefined && { extra: node.extra }),
  }));
}

/** Who holds each GPU of a node. */
export function gpusView(
  books: Books,
  node_id: string,
  holdings: Holdings = new Holdings(books),
): GpuView[] {
  const node = books.nodes.get(node_id);
  const ledger = books.node_ledgers.get(node_id);
  if (node === undefined || ledger === undefined) return [];
  const holders = holdings.onNode(node_id);
  const part = (gpus: [number, number][], index: number) =>
    fromUnits(gpus.find(([at]) => at === index)?.[1] ?? 0);
  return node.gpu_ids.map((device_id, index) => ({
    index,
    device_id,
    free: part(ledger.gpus, index),
    holders: holders.filter((one) => part(one.grant.gpus, index) > 0).map((one) => ({
      kind: one.kind,
      id: one.id,
      job_id: one.job_id,
      text: one.text,
      gpu: part(one.grant.gpus, index),
      inside: one.bundle_index === undefined ? [] : holdings.inBundle(one.id, one.bundle_index)
        .filter((actor) => part(actor.grant.gpus, index) > 0)
        .map(({ id, text, grant }) => ({ actor_id: id, text, gpu: part(grant.gpus, index) })),
    })),
  }));
}

/** Totals per node that is not dead. */
export function totalPerNode(books: Books): Record<string, Floats> {
  const nodes = [...books.nodes.values()].filter(mayHold);
  return Object.fromEntries(nodes.map((node) => [node.node_id, toFloats(node.total)]));
}

/** What is free per node that is not dead, exhausted resources left out. */
export function availablePerNode(books: Books): Record<string, Floats> {
  const inGroups = new GroupAmounts(books);
  const nodes = [...books.nodes.values()].filter(mayHold);
  return Object.fromEntries(
    nodes.map(({ node_id }) => [node_id, availableOn(books, node_id, inGroups)]),
  );
}

function availableOn(books: Books, node_id: string, inGroups: GroupAmounts): Floats {
  const ledger = books.node_ledgers.get(node_id);
  if (ledger === undefined) return {};
  return { ...toFloats(ledger.free), ...toFloats(inGroups.on(node_id)) };
}

/** Sums over nodes that are not dead: `ray.cluster_resources`, `ray.available_resources`, usage. */
export interface ClusterTotals {
  total: Floats;
  available: Floats;
  /** Used per resource; for what bundles reserve, only what is used inside them. */
  used: Floats;
  /** What placement groups reserve, and what of it is used. */
  reserved: Floats;
  used_of_reserved: Floats;
}

export function clusterTotals(books: Books): ClusterTotals {
  const total: Amounts = {};
  const free: Amounts = {};
  const available: Floats = {};
  const inGroups = new GroupAmounts(books);
  for (const node of books.nodes.values()) {
    const ledger = books.node_ledgers.get(node.node_id);
    if (ledger === undefined) continue;
    addAmounts(total, node.total);
    addAmounts(free, ledger.free);
    for (const [name, value] of Object.entries(availableOn(books, node.node_id, inGroups))) {
      available[name] = Math.round(((available[name] ?? 0) + value) * UNIT) / UNIT;
    }
  }
  const { reserved, used } = reservedAmounts(books);
  const busy: Amounts = {};
  for (const [name, units] of Object.entries(total)) {
    busy[name] = units - (free[name] ?? 0) - (reserved[name] ?? 0) + (used[name] ?? 0);
  }
  return {
    total: toFloats(total),
    available,
    used: toFloats(busy),
    reserved: toFloats(reserved),
    used_of_reserved: toFloats(used),
  };
}

export interface ActorView {
  actor_id: string;
  kind: "actor" | "task";
  job_id: string;
  owner: { job_id: string; actor_id?: string };
  class_name: string;
  name: string;
  namespace: string;
  state: ActorState;
  /** Finer than `state`: waiting, starting, ready, running, ended. */
  step: string;
  node_id: string;
  node_ip: string;
  pid: number;
  incarnation: number;
  restarts: number;
  max_restarts: number;
  detached: boolean;
  /** What it holds while it runs. */
  resources: Floats;
  /** What must be free for it to be placed. */
  place: Floats;
  strategy: SchedulingStrategy;
  pg?: { pg_id: string; bundle_index: number };
  /** GPU indices it has, and the node's ids of them. */
  gpus: [index: number, part: number][];
  device_ids: string[];
  address?: unknown;
  created_at: number;
  since: number;
  ended_at?: number;
  death?: DeathReport;
}

/** Which actors to list. */
export interface ActorFilter {
  job_id?: string;
  namespace?: string;
  name?: string;
  state?: ActorState;
  node_id?: string;
  /** `actor` by default; `all` lists task leases too. */
  kind?: "actor" | "task" | "all";
}

export function actorsView(books: Books, filter: ActorFilter = {}): ActorView[] {
  const { kind = "actor" } = filter;
  return [...books.actors.values()].filter((actor) =>
    (kind === "all" || (actor.kind ?? "actor") === kind) &&
    (["job_id", "namespace", "name", "state", "node_id"] as const).every((field) =>
      filter[field] === undefined || filter[field] === actor[field]
    )
  ).map((actor) => actorView(books, actor));
}

export function actorView(books: Books, actor: ActorRecord): ActorView {
  const node = books.nodes.get(actor.node_id);
  const gpus = actor.grant?.gpus ?? [];
  return {
    actor_id: actor.actor_id,
    kind: actor.kind ?? "actor",
    job_id: actor.job_id,
    owner: actor.owner,
    class_name: actor.class_name,
    name: actor.name,
    namespace: actor.namespace,
    state: actor.state,
    step: actor.step,
    node_id: actor.node_id,
    node_ip: node?.ip ?? "",
    pid: actor.pid,
    incarnation: actor.incarnation,
    restarts: actor.restarts,
    max_restarts: actor.max_restarts,
    detached: actor.detached,
    resources: toFloats(actor.run),
    place: toFloats(actor.place),
    strategy: actor.strategy,
    ...(actor.pg !== undefined && {
      pg: {
        pg_id: actor.pg.pg_id,
        bundle_index: actor.bundle_index === -1 ? actor.pg.bundle_index : actor.bundle_index,
      },
    }),
    gpus: gpus.map(([index, units]) => [index, fromUnits(units)]),
    device_ids: gpus.map(([index]) => node?.gpu_ids[index] ?? String(index)),
    ...(actor.address !== undefined && { address: actor.address }),
    created_at: actor.created_at,
    since: actor.since,
    ...(actor.ended_at !== undefined && { ended_at: actor.ended_at }),
    ...(actor.death !== undefined && { death: actor.death }),
  };
}

export interface GroupView {
  pg_id: string;
  job_id: string;
  name: string;
  strategy: GroupStrategy;
  state: GroupState;
  bundles: Floats[];
  /** Node id per bundle, empty where it has none. */
  nodes: string[];
  detached: boolean;
  requested_at: number;
  created_at?: number;
  removed_at?: number;
  attempts: number;
  /** Ray's word for how scheduling went. */
  scheduling_state: "FINISHED" | "NO_RESOURCES" | "INFEASIBLE" | "REMOVED";
}

/** @param survey of these books as they are, where they are explained too */
export function groupsView(books: Books, survey: Survey = new Survey(books)): GroupView[] {
  return [...books.groups.values()].map((group) => groupView(group, survey));
}

function groupView(group: GroupRecord, survey: Survey): GroupView {
  return {
    pg_id: group.pg_id,
    job_id: group.job_id,
    name: group.name,
    strategy: group.strategy,
    state: group.state,
    bundles: group.bundles.map(toFloats),
    nodes: group.state === "REMOVED" ? group.nodes.map(() => "") : group.nodes,
    detached: group.detached,
    requested_at: group.requested_at,
    ...(group.created_at !== undefined && { created_at: group.created_at }),
    ...(group.removed_at !== undefined && { removed_at: group.removed_at }),
    attempts: group.attempts,
    scheduling_state: schedulingState(group, survey),
  };
}

function schedulingState(group: GroupRecord, survey: Survey): GroupView["scheduling_state"] {
  if (group.state === "CREATED") return "FINISHED";
  if (group.state === "REMOVED") return "REMOVED";
  return survey.never(group) === undefined ? "NO_RESOURCES" : "INFEASIBLE";
}

export type JobView = JobRecord & { node_ip: string };

export function jobsView(books: Books): JobView[] {
  return [...books.jobs.values()].map((job) => ({
    ...job,
    node_ip: books.nodes.get(job.node_id)?.ip ?? "",
  }));
}

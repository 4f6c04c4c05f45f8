/** What `ray list` shows, as rows with Ray's own column names. */
import type { ActorView, ClusterStatus, GroupView, JobView, NodeView } from "./cluster_status.ts";
import { nameOf } from "./cluster_status.ts";

/** A row; values are what `--format json` prints. */
export type Row = Record<string, unknown>;

/** Things that can be listed. */
export const LISTED = ["nodes", "actors", "placement-groups", "jobs"] as const;
export type Listed = typeof LISTED[number];

/** Rows of one kind; `detail` adds Ray's further columns. */
export function rowsOf(status: ClusterStatus, kind: Listed, detail: boolean): Row[] {
  switch (kind) {
    case "nodes":
      return status.nodes.map((node) => nodeRow(node, detail));
    case "actors":
      return status.actors.filter(({ kind }) => kind !== "task").map((actor) =>
        actorRow(actor, detail)
      );
    case "placement-groups":
      return status.groups.map((group) => groupRow(group, detail));
    case "jobs":
      return status.jobs.map(jobRow);
  }
}

function nodeRow(node: NodeView, detail: boolean): Row {
  return {
    node_id: node.node_id,
    node_ip: node.ip,
    is_head_node: node.is_head,
    state: node.alive ? "ALIVE" : "DEAD",
    state_message: node.death?.message ?? (node.alive ? null : "it ended"),
    node_name: nameOf(node) || node.ip,
    resources_total: sorted(node.total),
    labels: sorted({ "ray.io/node-id": node.node_id, ...node.labels }),
    ...(detail ? { start_time_ms: node.joined_at, end_time_ms: node.ended_at ?? 0 } : {}),
  };
}

function actorRow(actor: ActorView, detail: boolean): Row {
  const row: Row = {
    actor_id: actor.actor_id,
    class_name: actor.class_name,
    state: actor.state,
    job_id: actor.job_id,
    name: actor.name,
    node_id: actor.node_id || null,
    pid: actor.pid,
    ray_namespace: actor.namespace,
  };
  if (!detail) return row;
  return {
    ...row,
    required_resources: sorted(actor.resources),
    death_cause: actor.death ?? null,
    is_detached: actor.detached,
    placement_group_id: actor.pg?.pg_id ?? null,
    num_restarts: String(actor.restarts),
  };
}

function groupRow(group: GroupView, detail: boolean): Row {
  const row: Row = {
    placement_group_id: group.pg_id,
    name: group.name,
    creator_job_id: group.job_id,
    state: group.state,
  };
  if (!detail) return row;
  const bundles = group.bundles.map((amounts, at) => ({
    bundle_id: { placement_group_id: group.pg_id, bundle_index: at },
    unit_resources: amounts,
    node_id: group.nodes[at] || null,
  }));
  return {
    ...row,
    bundles,
    is_detached: group.detached,
    stats: { scheduling_state: group.scheduling_state, scheduling_attempt: group.attempts },
  };
}

function jobRow(job: JobView): Row {
  const failed = job.death !== undefined;
  return {
    job_id: job.job_id,
    submission_id: null,
    entrypoint: job.entrypoint,
    type: "DRIVER",
    status: job.state === "running" ? "RUNNING" : failed ? "FAILED" : "SUCCEEDED",
    message: job.death?.message ?? null,
    error_type: null,
    driver_info: { id: job.job_id, node_ip_address: job.node_ip, pid: String(job.pid) },
  };
}

function sorted<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => a < b ? -1 : 1));
}

/** A condition on rows: `state=ALIVE`, `pid!=12`. */
export interface Filter {
  key: string;
  negated: boolean;
  value: string;
}

/** The condition in `text`, or undefined where it is none. */
export function parseFilter(text: string): Filter | undefined {
  const match = /^\s*([\w.-]+)\s*(!?=)\s*(.*?)\s*$/.exec(text);
  if (!match) return undefined;
  return { key: match[1]!.toLowerCase(), negated: match[2] === "!=", value: match[3]! };
}

/** True where `row` meets the condition. Case does not matter, as in Ray. */
export function meets(row: Row, { key, negated, value }: Filter): boolean {
  const own = row[key];
  const text = own === null || own === undefined ? "" : String(own);
  return (text.toLowerCase() === value.toLowerCase()) !== negated;
}

/** The rows of the page, from the head's books. */
import type { ActorView, NodeView } from "../cluster/views.ts";
import { actorsView, clusterTotals, groupsView, nodesView } from "../cluster/views.ts";
import type { DeathReport } from "../cluster/death.ts";
import { isUnasked } from "../cluster/first_cause.ts";
import { type PendingReason, pendingReasons } from "../cluster/pending.ts";
import type { NodeReadings } from "../cluster/readings.ts";
import { Survey } from "../cluster/survey.ts";
import type { JobDetails } from "../dashboard/jobs_api.ts";
import type {
  ActorRow,
  ClusterRow,
  GpuReadingRow,
  GroupRow,
  JobRow,
  NodeRow,
  Picture,
  ReadingsRow,
  TaskRow,
  WaitingRow,
} from "../dashboard/picture.ts";
import { addressText } from "../wire/address.ts";
import type { HeadState } from "./state.ts";
import { type ObjectStoreView, totalsWithStores, withStores } from "./store_use.ts";
import type { TaskView } from "./task_log.ts";

type Rows<T extends keyof Picture> = [key: string, row: Picture[T]][];
type WithStore = NodeView & { object_store?: ObjectStoreView };

/** What changes with the books: these tables' rows, at one moment. */
export interface BookRows {
  nodes: Rows<"nodes">;
  actors: Rows<"actors">;
  groups: Rows<"groups">;
  waiting: Rows<"waiting">;
  jobs: Rows<"jobs">;
}

/** See {@link BookRows}. */
export function bookRows({ brain: { books }, objects, submissions }: HeadState): BookRows {
  const survey = new Survey(books);
  const pending = pendingReasons(books, survey);
  const why = new Map(pending.map((one) => [one.id, one]));
  const nodes = withStores(nodesView(books), objects).map(nodeRow);
  tellApart(nodes);
  return {
    nodes: nodes.map((node) => [node.id, node]),
    actors: actorsView(books).map((actor) => [actor.actor_id, actorRow(actor)]),
    groups: groupsView(books, survey).map((group) => [group.pg_id, groupRow(group, why)]),
    waiting: pending.filter(({ kind }) => kind === "actor").map((one) => [one.id, waitingRow(one)]),
    jobs: submissions.list().map((job) => {
      const row = jobRow(job);
      return [row.id, row];
    }),
  };
}

/** What the head says of itself; without what only the one who opens the page knows. */
export function clusterRow(state: HeadState): Omit<ClusterRow, "page" | "started_at"> {
  const { brain, keys, objects, shell: { journal } } = state;
  const { books, epoch } = brain;
  const { total, used, reserved, used_of_reserved } = totalsWithStores(
    clusterTotals(books),
    books.nodes.keys(),
    objects,
  );
  const warnings: string[] = [];
  if (journal.failure !== undefined) {
    warnings.push(
      `The head cannot write its journal ${journal.path} (${journal.failure}): it takes no new work ` +
        "until it can. Free space on that disk; the head goes on by itself.",
    );
  }
  return {
    cluster: state.cluster,
    epoch,
    build: state.build,
    head_address: addressText(state),
    token: keys.ring.token !== undefined,
    tls: state.tls !== undefined,
    total,
    used,
    reserved,
    used_of_reserved,
    warnings,
  };
}

function nodeRow(node: WithStore): NodeRow {
  const { node_name, build } = (node.extra ?? {}) as { node_name?: unknown; build?: unknown };
  const name = typeof node_name === "string" && node_name !== "" ? node_name : node.hostname;
  return {
    id: node.node_id,
    name: name === node.ip ? "" : name,
    ip: node.ip,
    aliases: node.aliases,
    head: node.is_head,
    state: node.state,
    joined_at: node.joined_at,
    total: node.total,
    available: node.available,
    gpus: node.gpus.map(({ device_id, free, holders }) => ({
      device: device_id,
      free,
      holders: holders.map(({ kind, id, text, gpu, inside }) => ({
        kind,
        id,
        text,
        part: gpu,
        inside: inside.map((one) => ({ id: one.actor_id, text: one.text, part: one.gpu })),
      })),
    })),
    labels: node.labels,
    ...(node.ended_at !== undefined && { ended_at: node.ended_at }),
    ...(node.death !== undefined && { why: node.death.message }),
    ...(node.object_store !== undefined && { store: node.object_store }),
    ...(typeof build === "string" && { build }),
  };
}

/** Nodes of one machine, and machines of one name, are called by their addresses, too. */
function tellApart(nodes: NodeRow[]): void {
  const alike = Map.groupBy(nodes.filter(({ state }) => state !== "dead"), ({ name }) => name);
  for (const [name, group] of alike) {
    if (name === "" || group.length === 1) continue;
    for (const node of group) node.name = `${name} ${node.ip}`;
  }
}

/** What a node's machine is busy with, without digits that only flicker. */
export function readingsRow(readings: NodeReadings, rtt_ms: number | undefined): ReadingsRow {
  const { at: _, daemon: __, gpus, cpu_busy, load1, ...sizes } = readings;
  return {
    ...sizes,
    ...(cpu_busy !== undefined && { cpu_busy: rounded(cpu_busy, 2) }),
    ...(load1 !== undefined && { load1: rounded(load1, 1) }),
    ...(rtt_ms !== undefined && { rtt_ms: rounded(rtt_ms, 1) }),
    gpus: Object.fromEntries(gpus.map((gpu): [string, GpuReadingRow] => [String(gpu.index), [
      gpu.name,
      gpu.busy_percent ?? null,
      gpu.memory_used ?? null,
      gpu.memory_total ?? null,
      gpu.temperature_c ?? null,
      gpu.power_w === undefined ? null : rounded(gpu.power_w, 0),
      (gpu.processes ?? []).map(({ pid, memory_used }) => [pid, memory_used ?? null] as const),
    ]])),
  };
}

/** An actor as the page shows it. */
export function actorRow(actor: ActorView): ActorRow {
  const { death, pg } = actor;
  return {
    id: actor.actor_id,
    class_name: actor.class_name,
    name: actor.name,
    namespace: actor.namespace,
    state: actor.state,
    step: actor.step,
    job_id: actor.job_id,
    node_id: actor.node_id,
    pid: actor.pid,
    life: actor.incarnation,
    restarts: actor.restarts,
    max_restarts: actor.max_restarts,
    detached: actor.detached,
    resources: actor.resources,
    devices: actor.device_ids,
    created_at: actor.created_at,
    since: actor.since,
    ...(pg && { pg_id: pg.pg_id, bundle: pg.bundle_index }),
    ...(actor.ended_at !== undefined && { ended_at: actor.ended_at }),
    ...(death && {
      death: { kind: death.kind, message: death.message, asked: !isUnasked(death as DeathReport) },
    }),
  };
}

function groupRow(
  group: ReturnType<typeof groupsView>[number],
  pending: ReadonlyMap<string, PendingReason>,
): GroupRow {
  const waits = pending.get(group.pg_id);
  return {
    id: group.pg_id,
    name: group.name,
    job_id: group.job_id,
    strategy: group.strategy,
    state: group.state,
    bundles: group.bundles,
    nodes: group.nodes,
    requested_at: group.requested_at,
    detached: group.detached,
    ...(group.created_at !== undefined && { created_at: group.created_at }),
    ...(group.removed_at !== undefined && { removed_at: group.removed_at }),
    ...(waits && { why: waits.text, feasible: waits.feasible }),
  };
}

function waitingRow({ id, job_id, name, since, text, feasible, count }: PendingReason): WaitingRow {
  return { id, job_id, name, since, why: text, feasible, count };
}

function jobRow(job: JobDetails): JobRow {
  return {
    id: job.submission_id ?? job.job_id ?? "",
    submitted: job.type === "SUBMISSION",
    job_id: job.job_id,
    status: job.status,
    entrypoint: job.entrypoint,
    message: job.message,
    error_type: job.error_type,
    start: job.start_time,
    end: job.end_time,
    node_id: job.driver_node_id,
    pid: job.driver_info?.pid ?? null,
    exit_code: job.driver_exit_code,
    metadata: job.metadata ?? {},
  };
}

/** Counts of calls by function, and workers for tasks that wait or run. */
export function taskRows(tasks: readonly TaskView[]): [string, TaskRow][] {
  const rows = new Map<string, TaskRow & { took: number; ended: number }>();
  for (const task of tasks) {
    const key = `${task.type} ${task.func_or_class_name}`;
    let row = rows.get(key);
    if (!row) {
      const kind = KINDS[task.type];
      const none = { waiting: 0, running: 0, finished: 0, failed: 0, took: 0, ended: 0 };
      row = { name: task.func_or_class_name, kind, ...none, mean_ms: null, error: null };
      rows.set(key, row);
    }
    const { state, start_time_ms, end_time_ms } = task;
    if (state === "PENDING_NODE_ASSIGNMENT") row.waiting += 1;
    else if (state === "RUNNING") row.running += 1;
    else if (state === "FINISHED") row.finished += 1;
    else row.failed += 1;
    if (start_time_ms !== null && end_time_ms !== null) {
      row.took += end_time_ms - start_time_ms;
      row.ended += 1;
    }
    const words = task.error_message ?? task.error_type;
    if (state === "FAILED" && words !== null) row.error = lastLine(words);
  }
  return [...rows].map(([key, { took, ended, ...row }]) => [
    key,
    { ...row, mean_ms: ended === 0 ? null : rounded(took / ended, 1) },
  ]);
}

const KINDS = {
  NORMAL_TASK: "task",
  ACTOR_TASK: "call",
  ACTOR_CREATION_TASK: "creation",
} as const;

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)!.slice(0, 300);
}

function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

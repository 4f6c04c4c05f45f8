/** The head, its nodes, and what runs and waits, as metrics. */
import { waitingShape } from "../cluster/pending.ts";
import { Survey } from "../cluster/survey.ts";
import { availablePerNode, totalPerNode } from "../cluster/views.ts";
import { buildDigest, VERSION } from "../runtime/version.ts";
import { processUsage } from "../runtime/process_usage.ts";
import { addressText } from "../wire/address.ts";
import type { Collector } from "./collector.ts";
import { unreadiness } from "./readiness.ts";
import type { HeadState } from "./state.ts";

/** How a node is called in labels. */
export type NodeLabels = Record<"node" | "node_id", string>;

/** A node's labels: its address, and the beginning of its id, as everywhere. */
export function nodeLabels(node: { ip: string; node_id: string }): NodeLabels {
  return { node: node.ip, node_id: node.node_id.slice(0, 12) };
}

/** What the head says of itself. */
export function headMetrics(state: HeadState, out: Collector): void {
  const { brain, shell, tallies, relays } = state;
  const { started } = tallies;
  out.put("beam_build_info", { version: VERSION, build: buildDigest() }, 1);
  out.put("beam_cluster_info", { cluster: state.cluster, address: addressText(state) }, 1);
  out.put("beam_head_ready", {}, unreadiness(state).length === 0 ? 1 : 0);
  out.put("beam_head_epoch", {}, brain.epoch);
  out.put("beam_journal_writable", {}, shell.journal.failure === undefined ? 1 : 0);
  const failures = tallies.events.get("journal.failed") ?? 0;
  out.put("beam_journal_failures_total", {}, failures, started);
  for (const [kind, count] of tallies.events) {
    out.put("beam_events_total", { kind }, count, started);
  }
  const { cpu_seconds, memory, open_files } = processUsage();
  out.put("process_cpu_seconds_total", {}, cpu_seconds, started);
  out.put("process_resident_memory_bytes", {}, memory);
  out.put("process_open_fds", {}, open_files);
  out.put("process_start_time_seconds", {}, started / 1000);
  out.put("beam_relayed_streams", {}, relays.size);
  out.put("beam_relayed_streams_total", {}, tallies.relayed, started);
}

/** Nodes with what they offer, and their links. */
export function nodeMetrics(state: HeadState, out: Collector): void {
  const { brain: { books }, nodes, objects, readings } = state;
  const totals = totalPerNode(books);
  const free = availablePerNode(books);
  const states = [...books.nodes.values()].map((node) => node.state);
  out.count("beam_nodes", "state", states, ["alive", "suspect", "draining", "away", "dead"]);
  for (const node of books.nodes.values()) {
    const labels = nodeLabels(node);
    const link = nodes.get(node.node_id);
    out.put("beam_node_up", labels, link && node.state !== "dead" ? 1 : 0);
    out.put("beam_node_state", { ...labels, state: node.state }, 1);
    const build = (node.extra as { build?: unknown } | undefined)?.build;
    out.put("beam_node_info", {
      ...labels,
      hostname: node.hostname,
      role: node.is_head ? "head" : "node",
      build: typeof build === "string" ? build : "",
    }, 1);
    for (const [resource, total] of Object.entries(totals[node.node_id] ?? {})) {
      if (resource.startsWith("node:")) continue;
      const available = free[node.node_id]?.[resource] ?? 0;
      out.put("beam_resource_capacity", { ...labels, resource }, total);
      out.put("beam_resource_available", { ...labels, resource }, available);
      out.put("beam_resource_used", { ...labels, resource }, total - available);
    }
    const use = objects.useOf(node.node_id);
    const store = totals[node.node_id]?.["object_store_memory"];
    out.maybe("beam_object_store_capacity_bytes", labels, store);
    out.maybe("beam_object_store_used_bytes", labels, use?.object_store_used);
    out.maybe("beam_object_store_spilled_bytes", labels, use?.object_store_spilled);
    out.maybe("beam_object_store_objects", labels, use?.objects);
    out.maybe("beam_link_sent_bytes_total", labels, link?.bytesSent);
    out.maybe("beam_link_received_bytes_total", labels, link?.bytesReceived);
    const rtt = readings.rtt(node.node_id);
    out.maybe("beam_link_round_trip_seconds", labels, rtt === undefined ? undefined : rtt / 1000);
  }
}

/** Actors, tasks, groups and jobs, and how they ended. */
export function workMetrics(state: HeadState, out: Collector): void {
  const { brain: { books }, submissions, tallies, tasks, workers } = state;
  const all = [...books.actors.values()];
  const stateOf = (kind: "actor" | "task") =>
    all.filter((actor) => (actor.kind ?? "actor") === kind).map((actor) => actor.state);
  const states = ["PENDING_CREATION", "ALIVE", "RESTARTING", "DEAD"];
  out.count("beam_actors", "state", stateOf("actor"), states);
  out.count("beam_task_workers", "state", stateOf("task"), states);
  for (const actor of all) {
    const node = books.nodes.get(actor.node_id);
    if (actor.state !== "ALIVE" || (actor.kind ?? "actor") !== "actor" || !node) continue;
    const { actor_id, class_name, name, job_id, pid } = actor;
    const labels = { actor_id, actor: class_name, name, job_id, pid: String(pid) };
    out.put("beam_actor_info", { ...nodeLabels(node), ...labels }, 1);
  }
  const restarts = tallies.events.get("actor.restarting") ?? 0;
  out.put("beam_actor_restarts_total", {}, restarts, tallies.started);
  tallies.look(books);
  for (const [death, count] of tallies.deaths) {
    const [of = "", kind = ""] = death.split(" ");
    out.put("beam_deaths_total", { of, kind }, count, tallies.started);
  }
  out.count("beam_tasks", "state", tasks.states(books, workers));
  const groups = [...books.groups.values()].map((group) => group.state);
  out.count("beam_placement_groups", "state", groups, ["PENDING", "CREATED", "RESCHEDULING"]);
  out.count("beam_jobs", "state", [...books.jobs.values()].map((job) => job.state), ["running"]);
  const submitted = submissions.list().filter((job) => job.type === "SUBMISSION");
  out.count("beam_submitted_jobs", "status", submitted.map((job) => job.status), ["RUNNING"]);
  pendingMetrics(state, out);
}

function pendingMetrics({ brain: { books }, clock }: HeadState, out: Collector): void {
  const survey = new Survey(books);
  const waiting = new Map<string, number>();
  const oldest = new Map<string, number>([["actor", 0], ["task", 0], ["group", 0]]);
  const known = new Map<string, boolean>();
  for (const id of books.queue) {
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    const request = group ?? actor;
    if (request === undefined) continue;
    const kind = actor === undefined ? "group" : actor.kind ?? "actor";
    const shape = actor === undefined ? id : waitingShape(actor);
    const feasible = known.get(shape) ?? survey.never(request) === undefined;
    known.set(shape, feasible);
    const key = `${kind} ${feasible ? "yes" : "no"}`;
    waiting.set(key, (waiting.get(key) ?? 0) + 1);
    const age = Math.max(0, clock.now() - request.since) / 1000;
    oldest.set(kind, Math.max(age, oldest.get(kind) ?? 0));
  }
  for (const kind of oldest.keys()) {
    for (const feasible of ["yes", "no"]) {
      const count = waiting.get(`${kind} ${feasible}`) ?? 0;
      out.put("beam_pending_requests", { kind, feasible }, count);
    }
    out.put("beam_pending_oldest_seconds", { kind }, oldest.get(kind)!);
  }
}

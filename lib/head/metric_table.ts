/**
 * Every metric that beam itself has, declared once: the collectors are checked against this table, and
 * `docs/metrics.md`, the Grafana dashboard and the alert rules by tests.
 *
 * It is long because it is a table; nothing but the table belongs here.
 */

/** One metric. */
export interface MetricSpec {
  type: "counter" | "gauge" | "info";
  labels: readonly string[];
  /** One sentence, with the unit where the name has none. */
  help: string;
}

/** A node, by its address and the beginning of its id. */
const NODE = ["node", "node_id"] as const;
const GPU = [...NODE, "gpu", "uuid", "model"] as const;

export const METRICS = {
  // ── the head ───────────────────────────────────────────────────────────────────────────────
  beam_build_info: { type: "info", labels: ["version", "build"], help: "The head's build." },
  beam_cluster_info: {
    type: "info",
    labels: ["cluster", "address"],
    help: "The cluster's id, and the head's address.",
  },
  beam_head_ready: {
    type: "gauge",
    labels: [],
    help: "1 where the head takes new work, 0 where /readyz says why not.",
  },
  beam_head_epoch: {
    type: "gauge",
    labels: [],
    help: "How often this cluster's head was started.",
  },
  beam_journal_writable: {
    type: "gauge",
    labels: [],
    help: "0 while the head's journal cannot be written.",
  },
  beam_journal_failures_total: {
    type: "counter",
    labels: [],
    help: "How often the journal could not be written any more.",
  },
  beam_events_total: {
    type: "counter",
    labels: ["kind"],
    help: "What `beam events` told of.",
  },
  process_cpu_seconds_total: { type: "counter", labels: [], help: "CPU time of the head." },
  process_resident_memory_bytes: { type: "gauge", labels: [], help: "Memory of the head." },
  process_open_fds: { type: "gauge", labels: [], help: "Open files of the head." },
  process_start_time_seconds: {
    type: "gauge",
    labels: [],
    help: "When the head was started, since the epoch.",
  },

  // ── nodes ──────────────────────────────────────────────────────────────────────────────────
  beam_nodes: { type: "gauge", labels: ["state"], help: "Nodes." },
  beam_node_up: {
    type: "gauge",
    labels: NODE,
    help: "1 where the node is connected; 0 where it is away or dead.",
  },
  beam_node_state: {
    type: "gauge",
    labels: [...NODE, "state"],
    help: "1 for the state that the node is in: alive, suspect, draining, away or dead.",
  },
  beam_node_info: {
    type: "info",
    labels: [...NODE, "hostname", "role", "build"],
    help: "What a node is; its role is head or node.",
  },
  beam_resource_capacity: {
    type: "gauge",
    labels: [...NODE, "resource"],
    help: "What a node offers: CPU, GPU, memory (bytes), and resources of your own.",
  },
  beam_resource_available: {
    type: "gauge",
    labels: [...NODE, "resource"],
    help: "What of it is free for new requests.",
  },
  beam_resource_used: {
    type: "gauge",
    labels: [...NODE, "resource"],
    help: "What of it actors and tasks hold, or placement groups reserve.",
  },
  beam_node_cpus: { type: "gauge", labels: NODE, help: "CPUs of the machine or container." },
  beam_node_cpus_busy: {
    type: "gauge",
    labels: NODE,
    help: "CPUs that were busy on average since the reading before.",
  },
  beam_node_load1: { type: "gauge", labels: NODE, help: "The machine's load over a minute." },
  beam_node_memory_total_bytes: { type: "gauge", labels: NODE, help: "Memory of the node." },
  beam_node_memory_used_bytes: { type: "gauge", labels: NODE, help: "What of it is in use." },
  beam_node_shm_total_bytes: { type: "gauge", labels: NODE, help: "Size of /dev/shm." },
  beam_node_shm_used_bytes: { type: "gauge", labels: NODE, help: "What of it is taken." },
  beam_node_disk_total_bytes: {
    type: "gauge",
    labels: NODE,
    help: "Size of the file system of the runtime directory.",
  },
  beam_node_disk_used_bytes: { type: "gauge", labels: NODE, help: "What of it is taken." },
  beam_node_reading_age_seconds: {
    type: "gauge",
    labels: NODE,
    help: "How old what is said of machine and GPUs is.",
  },
  beam_daemon_cpu_seconds_total: {
    type: "counter",
    labels: NODE,
    help: "CPU time of the node's daemon.",
  },
  beam_daemon_resident_memory_bytes: {
    type: "gauge",
    labels: NODE,
    help: "Memory of the node's daemon.",
  },
  beam_daemon_open_files: {
    type: "gauge",
    labels: NODE,
    help: "Open files of the node's daemon.",
  },

  // ── GPUs ───────────────────────────────────────────────────────────────────────────────────
  beam_gpu_allocated_ratio: {
    type: "gauge",
    labels: GPU,
    help: "How much of the GPU is held or reserved, 0 to 1.",
  },
  beam_gpu_holder_info: {
    type: "info",
    labels: [...NODE, "gpu", "actor_id", "actor", "job_id", "pg_id"],
    help: "Which actor holds the GPU, or which placement group reserves it for nobody yet.",
  },
  beam_gpu_busy_ratio: { type: "gauge", labels: GPU, help: "How busy the GPU is, 0 to 1." },
  beam_gpu_memory_total_bytes: {
    type: "gauge",
    labels: GPU,
    help: "Memory of the GPU; absent where it shares the machine's.",
  },
  beam_gpu_memory_used_bytes: { type: "gauge", labels: GPU, help: "What of it is in use." },
  beam_gpu_temperature_celsius: { type: "gauge", labels: GPU, help: "Temperature of the GPU." },
  beam_gpu_power_watts: { type: "gauge", labels: GPU, help: "What the GPU draws." },
  beam_gpu_processes: {
    type: "gauge",
    labels: GPU,
    help: "Processes that have memory on the GPU, beam's or not, as far as its user may know.",
  },

  // ── what runs and waits ────────────────────────────────────────────────────────────────────
  beam_actors: { type: "gauge", labels: ["state"], help: "Actors." },
  beam_actor_info: {
    type: "info",
    labels: [...NODE, "actor_id", "actor", "name", "job_id", "pid"],
    help: "An actor that runs, and where; `actor` is its class.",
  },
  beam_actor_restarts_total: {
    type: "counter",
    labels: [],
    help: "Actors that were started again after a death.",
  },
  beam_deaths_total: {
    type: "counter",
    labels: ["of", "kind"],
    help:
      "Deaths that nobody asked for, of an actor, a task's worker or a node, by the kind of their report.",
  },
  beam_task_workers: {
    type: "gauge",
    labels: ["state"],
    help: "Workers leased for tasks.",
  },
  beam_tasks: {
    type: "gauge",
    labels: ["state"],
    help: "Calls and tasks among the last 10,000 that are remembered, and those that wait.",
  },
  beam_placement_groups: { type: "gauge", labels: ["state"], help: "Placement groups." },
  beam_pending_requests: {
    type: "gauge",
    labels: ["kind", "feasible"],
    help: "Actors, task workers and groups that wait for a place; feasible is no where no node " +
      "could ever hold it.",
  },
  beam_pending_oldest_seconds: {
    type: "gauge",
    labels: ["kind"],
    help: "How long the one that waits longest has waited; 0 where none does.",
  },
  beam_jobs: { type: "gauge", labels: ["state"], help: "Jobs: one per driver." },
  beam_submitted_jobs: { type: "gauge", labels: ["status"], help: "Submitted jobs." },

  // ── objects and links ──────────────────────────────────────────────────────────────────────
  beam_object_store_capacity_bytes: {
    type: "gauge",
    labels: NODE,
    help: "How much large values may take of shared memory.",
  },
  beam_object_store_used_bytes: {
    type: "gauge",
    labels: NODE,
    help: "Shared memory that large values take.",
  },
  beam_object_store_spilled_bytes: {
    type: "gauge",
    labels: NODE,
    help: "Disk that large values take.",
  },
  beam_object_store_objects: {
    type: "gauge",
    labels: NODE,
    help: "Files of large values, copies of other nodes' among them.",
  },
  beam_link_sent_bytes_total: {
    type: "counter",
    labels: NODE,
    help: "What the head sent over the link that the node has now.",
  },
  beam_link_received_bytes_total: {
    type: "counter",
    labels: NODE,
    help: "What the head received over it.",
  },
  beam_link_round_trip_seconds: {
    type: "gauge",
    labels: NODE,
    help: "How long a message to the node and back took at the last reading.",
  },
  beam_relayed_streams: {
    type: "gauge",
    labels: [],
    help: "Streams that the head copies, because a node's port cannot be reached.",
  },
  beam_relayed_streams_total: {
    type: "counter",
    labels: [],
    help: "How many it has begun to copy.",
  },
} as const satisfies Record<string, MetricSpec>;

/** Name of one of them. */
export type MetricName = keyof typeof METRICS;
/** The labels of metric `N`. */
export type LabelsOf<N extends MetricName> = Record<(typeof METRICS)[N]["labels"][number], string>;

/** The nodes' machines and GPUs, and who holds those, as metrics. */
import type { GpuReading } from "../cluster/readings.ts";
import { Holdings } from "../cluster/holders.ts";
import { mayHold } from "../cluster/node.ts";
import { gpusView, type GpuView } from "../cluster/views.ts";
import { type NodeLabels, nodeLabels } from "./cluster_metrics.ts";
import type { Collector } from "./collector.ts";
import type { HeadState } from "./state.ts";

/** Of nodes that have said nothing yet, only who holds their GPUs is told. */
export function machineMetrics(state: HeadState, out: Collector): void {
  const { brain: { books }, readings, clock } = state;
  const holdings = new Holdings(books);
  for (const node of books.nodes.values()) {
    if (!mayHold(node)) continue;
    const labels = nodeLabels(node);
    const read = readings.get(node.node_id);
    const names = (node.extra as { gpus?: unknown } | undefined)?.gpus;
    for (const gpu of gpusView(books, node.node_id, holdings)) {
      const name = Array.isArray(names) ? String(names[gpu.index] ?? "") : "";
      gpuMetrics(labels, gpu, read?.gpus.find(({ index }) => index === gpu.index), name, out);
      holderMetrics(labels, gpu, state, out);
    }
    if (read === undefined) continue;
    const at = readings.heardAt(node.node_id) ?? 0;
    out.put("beam_node_reading_age_seconds", labels, Math.max(0, clock.now() - at) / 1000);
    out.put("beam_node_cpus", labels, read.cpu_count);
    out.maybe("beam_node_cpus_busy", labels, read.cpu_busy);
    out.maybe("beam_node_load1", labels, read.load1);
    out.put("beam_node_memory_total_bytes", labels, read.memory_total);
    out.put("beam_node_memory_used_bytes", labels, read.memory_used);
    out.maybe("beam_node_shm_total_bytes", labels, read.shm_total);
    out.maybe("beam_node_shm_used_bytes", labels, read.shm_used);
    out.maybe("beam_node_disk_total_bytes", labels, read.disk_total);
    out.maybe("beam_node_disk_used_bytes", labels, read.disk_used);
    out.maybe("beam_daemon_cpu_seconds_total", labels, read.daemon?.cpu_seconds);
    out.maybe("beam_daemon_resident_memory_bytes", labels, read.daemon?.memory);
    out.maybe("beam_daemon_open_files", labels, read.daemon?.open_files);
  }
}

function gpuMetrics(
  node: NodeLabels,
  gpu: GpuView,
  read: GpuReading | undefined,
  name: string,
  out: Collector,
): void {
  const labels = {
    ...node,
    gpu: String(gpu.index),
    uuid: read?.uuid ?? "",
    model: read?.name ?? name,
  };
  out.put("beam_gpu_allocated_ratio", labels, Math.round((1 - gpu.free) * 10_000) / 10_000);
  const busy = read?.busy_percent;
  out.maybe("beam_gpu_busy_ratio", labels, busy === undefined ? undefined : busy / 100);
  out.maybe("beam_gpu_memory_total_bytes", labels, read?.memory_total);
  out.maybe("beam_gpu_memory_used_bytes", labels, read?.memory_used);
  out.maybe("beam_gpu_temperature_celsius", labels, read?.temperature_c);
  out.maybe("beam_gpu_power_watts", labels, read?.power_w);
  out.maybe("beam_gpu_processes", labels, read?.processes?.length);
}

function holderMetrics(
  node: NodeLabels,
  { index, holders }: GpuView,
  { brain: { books } }: HeadState,
  out: Collector,
): void {
  const gpu = String(index);
  const told = new Set<string>();
  const put = (actor_id: string, job_id: string, pg_id: string) => {
    const key = `${actor_id} ${pg_id}`;
    if (told.has(key)) return; // one that is about to go beside its next
    told.add(key);
    const actor = books.actors.get(actor_id)?.class_name ?? "";
    out.put("beam_gpu_holder_info", { ...node, gpu, actor_id, actor, job_id, pg_id }, 1);
  };
  for (const { kind, id, job_id, inside } of holders) {
    if (kind === "actor") put(id, job_id, "");
    else if (inside.length === 0) put("", job_id, id);
    else for (const { actor_id } of inside) put(actor_id, job_id, id);
  }
}

/** What a worker is told in answer to its hello. */
import type { Amounts } from "../cluster/amounts.ts";
import { mergedEnvironment } from "./environment_spec.ts";
import { type Loose, mapIn, numberIn, textIn } from "./order.ts";
import type { Worker } from "./worker.ts";

/** Facts of the node that every worker and driver learns. */
export interface NodeFacts {
  node_id: string;
  node_ip: string;
  cluster: string;
  /** `ip:port` of the head. */
  gcs_address: string;
  runtime_dir: string;
  log_dir: string;
  dashboard_url: string;
  network_env: Record<string, string>;
  /** The ids of its GPUs are entries of a variable that the daemon was started under. */
  gpu_ids_masked: boolean;
}

/** The assignment of a worker, see `worker.hello`. */
export function assignmentOf(
  worker: Worker,
  node: NodeFacts,
  cwd: string,
): Record<string, unknown> {
  const { order } = worker;
  const places = worker.prepared?.places;
  const { actor, job } = order;
  const pg_id = textIn(actor, "pg_id");
  return {
    ...node,
    actor_id: order.actor_id,
    incarnation: order.incarnation,
    worker_id: worker.worker_id,
    job_id: job.job_id,
    class_name: order.class_name,
    name: order.name,
    namespace: order.namespace,
    gpu_ids: order.devices,
    resources: held(order.amounts),
    pg: pg_id === "" ? null : {
      pg_id,
      bundle_index: bundleOf(order.grant, actor),
      capture: actor["capture"] === true,
    },
    runtime_env: mergedEnvironment(
      mapIn(job.facts, "runtime_env"),
      mapIn(actor, "runtime_env"),
    ),
    cwd: places?.cwd ?? cwd,
    sys_path: textIn(mapIn(job.facts, "runtime_env"), "working_dir") === "" ? job.sys_path : [],
    // The driver's own places come behind these.
    first_paths: places?.paths ?? [],
    driver_executable: job.executable,
    driver_node_id: job.node_id,
    driver_cwd: job.cwd,
    entrypoint: textIn(job.facts, "entrypoint"),
    max_concurrency: numberIn(actor, "max_concurrency"),
    max_restarts: order.max_restarts,
    is_task: actor["is_task"] === true,
    detached: actor["detached"] === true,
    owner: actor["owner"] ?? null,
    metadata: mapIn(job.facts, "metadata"),
    logging: mapIn(job.facts, "logging"),
  };
}

/** The bundle it was put into, where the creator left that open. */
function bundleOf(grant: Loose, actor: Loose): number {
  for (const map of [grant, actor]) {
    if (typeof map["bundle_index"] === "number") return map["bundle_index"];
  }
  return -1;
}

function held(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, units]) => units > 0));
}

/** What a worker is told in answer to its hello. */
import type { Amounts } from "../cluster/amounts.ts";
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
    runtime_env: merged(mapIn(job.facts, "runtime_env"), mapIn(actor, "runtime_env")),
    cwd,
    sys_path: job.sys_path,
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
  };
}

/** The bundle it was put into, where the creator left that open. */
function bundleOf(grant: Loose, actor: Loose): number {
  for (const map of [grant, actor]) {
    if (typeof map["bundle_index"] === "number") return map["bundle_index"];
  }
  return -1;
}

/** The job's, with what the actor asked for besides; variables are merged one by one. */
function merged(job: Loose, actor: Loose): Loose {
  const env = { ...job, ...actor };
  const env_vars = { ...mapIn(job, "env_vars"), ...mapIn(actor, "env_vars") };
  return Object.keys(env_vars).length > 0 ? { ...env, env_vars } : env;
}

function held(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, units]) => units > 0));
}

/** Workers, tasks and runtime environments as rows with Ray's own column names. */
import type { ClusterEvent } from "../head/event_log.ts";
import type { TaskView } from "../head/task_log.ts";
import type { WorkerView } from "../head/worker_registry.ts";
import { timeText } from "./events_text.ts";
import type { Row } from "./ray_rows.ts";

export type { TaskView, WorkerView };

/** `detail` adds Ray's further columns. */
export function workerRow(worker: WorkerView, detail: boolean): Row {
  const row: Row = {
    worker_id: worker.worker_id,
    is_alive: worker.is_alive,
    worker_type: worker.worker_type,
    exit_type: worker.exit_type,
    node_id: worker.node_id,
    ip: worker.ip,
    pid: worker.pid,
  };
  if (!detail) return row;
  return {
    ...row,
    exit_detail: worker.exit_detail,
    worker_launch_time_ms: worker.worker_launch_time_ms,
    worker_launched_time_ms: worker.worker_launched_time_ms,
    start_time_ms: worker.start_time_ms,
    end_time_ms: worker.end_time_ms,
    debugger_port: worker.debugger_port,
    num_paused_threads: worker.num_paused_threads,
  };
}

/** What has happened, in the fields of Ray's `ClusterEventState`. */
export function eventRow(event: ClusterEvent, detail: boolean): Row {
  const { seq, at, kind, severity, text, ...ids } = event;
  const row: Row = {
    severity: severity.toUpperCase(),
    time: timeText(at),
    source_type: "GCS",
    message: text,
    event_id: String(seq),
  };
  return detail ? { ...row, custom_fields: { kind, ...ids } } : row;
}

/** `detail` adds Ray's further columns. */
export function taskRow(task: TaskView, detail: boolean): Row {
  const row: Row = {
    task_id: task.task_id,
    attempt_number: task.attempt_number,
    name: task.name,
    state: task.state,
    job_id: task.job_id,
    actor_id: task.actor_id,
    type: task.type,
    func_or_class_name: task.func_or_class_name,
    parent_task_id: task.parent_task_id,
    node_id: task.node_id,
    worker_id: task.worker_id,
    worker_pid: task.worker_pid,
    error_type: task.error_type,
  };
  if (!detail) return row;
  return {
    ...row,
    language: task.language,
    required_resources: task.required_resources,
    placement_group_id: task.placement_group_id,
    events: task.events,
    profiling_data: task.profiling_data,
    creation_time_ms: task.creation_time_ms,
    start_time_ms: task.start_time_ms,
    end_time_ms: task.end_time_ms,
    error_message: task.error_message,
  };
}

/** The environments in which workers run: one row per node and environment. */
export function environmentRows(workers: readonly WorkerView[], detail: boolean): Row[] {
  const rows = new Map<string, Row & { ref_cnt: number }>();
  for (const worker of workers) {
    const { runtime_env, node_id } = worker;
    if (worker.worker_type === "DRIVER" || Object.keys(runtime_env).length === 0) continue;
    const key = `${node_id} ${JSON.stringify(runtime_env)}`;
    const row = rows.get(key) ?? {
      runtime_env,
      success: true,
      creation_time_ms: worker.worker_launch_time_ms,
      node_id,
      ref_cnt: 0,
      error: null,
    };
    row.ref_cnt += Number(worker.is_alive);
    rows.set(key, row);
  }
  return [...rows.values()].map(({ ref_cnt, error, ...row }) =>
    detail ? { ...row, ref_cnt, error } : row
  );
}

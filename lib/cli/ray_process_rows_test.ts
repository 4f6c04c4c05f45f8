import assert from "node:assert/strict";
import { environmentRows, workerRow, type WorkerView } from "./ray_process_rows.ts";

const worker = (fields: Partial<WorkerView> = {}): WorkerView => ({
  worker_id: "w",
  is_alive: true,
  worker_type: "WORKER",
  exit_type: null,
  node_id: "n",
  ip: "10.0.0.1",
  pid: 1,
  exit_detail: null,
  worker_launch_time_ms: 1,
  worker_launched_time_ms: 2,
  start_time_ms: 2,
  end_time_ms: 0,
  debugger_port: null,
  num_paused_threads: 0,
  runtime_env: {},
  ...fields,
});

Deno.test("workers have Ray's columns", () => {
  const columns = (detail: boolean) => Object.keys(workerRow(worker(), detail)).join(" ");
  assert.equal(columns(false), "worker_id is_alive worker_type exit_type node_id ip pid");
  assert.match(columns(true), /exit_detail .* num_paused_threads$/);
});

Deno.test("an environment is one row per node, with how many workers run in it", () => {
  const runtime_env = { env_vars: { A: "1" } };
  const rows = environmentRows([
    worker({ runtime_env }),
    worker({ runtime_env, is_alive: false }),
    worker({ runtime_env, node_id: "m" }),
    worker({ runtime_env, worker_type: "DRIVER" }),
    worker(),
  ], true);
  assert.deepEqual(rows.map(({ node_id, ref_cnt }) => [node_id, ref_cnt]), [["n", 1], ["m", 1]]);
});

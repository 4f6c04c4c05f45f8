/** What the nodes of the canned cluster tell of their machines: logs, readings, stacks. */
import type {
  ClusterStacks,
  NodeLogsView,
  NodeReadingsView,
} from "../../lib/head/node_questions.ts";
import type { LogFileView } from "../../lib/node/node_logs.ts";
import type { NodeView } from "../../lib/cli/cluster_status.ts";
import { TWO_NODES } from "./canned_status.ts";

const [head, other] = TWO_NODES.nodes as [NodeView, NodeView, NodeView];
const HEAD = { node_id: head.node_id, node_ip: "192.0.2.2" };
const OTHER = { node_id: other.node_id, node_ip: "192.0.2.3" };
const GIB = 2 ** 30;

function log(name: string, of: LogFileView["of"], more: Partial<LogFileView> = {}): LogFileView {
  return { name, bytes: 114, modified: 1_795_200_060_000, running: true, of, ...more };
}

export const LOGS: NodeLogsView[] = [
  {
    ...HEAD,
    files: [
      log("daemon.log", "daemon"),
      log("head.log", "head"),
      log("worker-1f2e3d4c5b6a-1-0a0b.out", "worker", {
        actor: "1f2e3d4c5b6a",
        incarnation: 1,
        stream: "out",
        pid: 4711,
        class_name: "Worker",
        job_id: "01000000",
      }),
    ],
  },
  { ...OTHER, fault: "it has not answered within 5 s", files: [] },
];

export const READINGS: NodeReadingsView[] = [
  {
    ...HEAD,
    rtt_ms: 0.4,
    readings: {
      at: 1_795_200_060_000,
      cpu_count: 2,
      cpu_busy: 1.5,
      load1: 1.23,
      memory_total: 32 * GIB,
      memory_used: 12.5 * GIB,
      shm_total: 16 * GIB,
      shm_used: GIB,
      disk_total: 500 * GIB,
      disk_used: 125 * GIB,
      gpus: [
        {
          index: 0,
          name: "NVIDIA H100",
          busy_percent: 97,
          memory_total: 80 * GIB,
          memory_used: 71.5 * GIB,
          temperature_c: 64,
          power_w: 690,
          processes: [{ pid: 4711, memory_used: 71 * GIB }, { pid: 999 }],
        },
        { index: 1, name: "NVIDIA H100" },
      ],
    },
  },
  { ...OTHER },
];

export const STACKS: ClusterStacks = {
  head: { pid: 1, memory_bytes: GIB, address: "192.0.2.2:6379", waiting: {}, unsent: {} },
  nodes: [{
    ...HEAD,
    processes: [
      {
        pid: 4711,
        kind: "worker",
        who: "actor Worker_0 (1f2e3d4c…)",
        actor_id: "1f2e3d4c5b6a00000000000001000000",
        job_id: "01000000",
        python: 'Thread MainThread (main)\n  File "w.py", line 3, in step\n    all_reduce(x)\n',
        told_by: "process",
        threads: [{ tid: 4711, name: "ray::Worker", state: "S", waits_in: "futex_wait_queue" }],
      },
      {
        pid: 4712,
        kind: "driver",
        who: "driver of job 01000000",
        job_id: "01000000",
        fault: "it has not answered within 3 s",
        threads: [],
      },
    ],
  }],
};

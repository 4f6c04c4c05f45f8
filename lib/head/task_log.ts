/**
 * What ran in the cluster, as the workers told it: a bounded number of the newest calls and tasks.
 *
 * The batches stay packed until somebody asks, so that telling costs the head next to nothing.
 */
import type { ActorRecord } from "../cluster/actors.ts";
import type { Books } from "../cluster/books.ts";
import type { KnownWorker, WorkerRegistry } from "./worker_registry.ts";

/** How many calls are kept, unless the environment says otherwise; whole batches go, the oldest first. */
export const MOST_TASKS = 10_000;

/** What became of a task, in Ray's words. */
export type TaskStatus = "PENDING_NODE_ASSIGNMENT" | "RUNNING" | "FINISHED" | "FAILED";
export type TaskType = "NORMAL_TASK" | "ACTOR_TASK" | "ACTOR_CREATION_TASK";

/** One call or task, in the fields of Ray's `TaskState`. Times are milliseconds since the epoch. */
export interface TaskView {
  task_id: string;
  attempt_number: number;
  name: string;
  state: TaskStatus;
  job_id: string;
  actor_id: string | null;
  type: TaskType;
  func_or_class_name: string;
  parent_task_id: string | null;
  node_id: string | null;
  worker_id: string | null;
  worker_pid: number | null;
  error_type: string | null;
  language: string;
  required_resources: Record<string, number> | null;
  placement_group_id: string | null;
  events: { state: TaskStatus; created_ms: number }[];
  profiling_data: Record<string, unknown>;
  creation_time_ms: number | null;
  start_time_ms: number | null;
  end_time_ms: number | null;
  error_message: string | null;
}

/** As the workers write it; seconds since the epoch, `end` 0 while it runs. */
type Row = [
  caller: string,
  number: number,
  type: TaskType,
  name: string,
  func: string,
  start: number,
  end: number,
  error_type: string | null,
  error: string | null,
];

/** A row has at least so many bytes: who says that there are more in a batch than that has room for, lies. */
const LEAST_ROW = 16;
/** Most bytes of all batches, and most calls that one batch may say it has left out. */
const MOST_BYTES = 64 * 2 ** 20;
const MOST_DROPPED = 1_000_000;

interface Batch {
  worker_id: string;
  count: number;
  packed: Uint8Array;
}

/** See the top of this file. */
export class TaskLog {
  #batches: Batch[] = [];
  #count = 0;
  #dropped = 0;
  #bytes = 0;

  constructor(readonly most = MOST_TASKS) {}

  /** Takes a worker's `task.events`. */
  add(worker_id: string, told: { count: number; dropped: number }, packed: Uint8Array): void {
    this.#dropped += Math.min(MOST_DROPPED, Math.max(0, told.dropped));
    const count = Math.min(told.count, Math.floor(packed.length / LEAST_ROW));
    if (count <= 0 || packed.length > MOST_BYTES) return;
    this.#batches.push({ worker_id, count, packed });
    this.#count += count;
    this.#bytes += packed.length;
    while (
      (this.#count > this.most || this.#bytes > MOST_BYTES) && this.#batches.length > 1
    ) {
      const { count, packed } = this.#batches.shift()!;
      this.#count -= count;
      this.#bytes -= packed.length;
      this.#dropped += count;
    }
  }

  /** How many were told of and are not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The state of each that is known, and of each that waits for a place. */
  states(books: Books, workers: Pick<WorkerRegistry, "get">): TaskStatus[] {
    const found = new Map<string, TaskStatus>();
    for (const { worker_id, packed } of this.#batches) {
      const worker = workers.get(worker_id);
      if (worker === undefined) continue;
      for (const row of rowsOf(packed)) {
        const key = `${row[0]} ${row[1]} ${worker.actor_id}`;
        const state = stateOf(row, worker);
        if (state !== "RUNNING" || !found.has(key)) found.set(key, state);
      }
    }
    const waiting = [...books.actors.values()].filter((actor) => actor.step === "waiting");
    return [...found.values(), ...waiting.map(() => "PENDING_NODE_ASSIGNMENT" as const)];
  }

  /** What is known, the oldest first, with what waits for a place at the end. */
  view(books: Books, workers: WorkerRegistry): TaskView[] {
    const found = new Map<string, TaskView>();
    for (const { worker_id, packed } of this.#batches) {
      const worker = workers.get(worker_id);
      if (worker === undefined) continue;
      const about = { worker, actor: books.actors.get(worker.actor_id) };
      for (const row of rowsOf(packed)) {
        const task = taskOf(row, about, workers.ip(worker.node_id));
        const known = found.get(task.task_id);
        // Told twice: when it ran, and when it had ended.
        if (known === undefined || task.state !== "RUNNING") found.set(task.task_id, task);
      }
    }
    for (const actor of books.actors.values()) {
      if (actor.step !== "waiting") continue;
      const task = waitingTask(actor);
      found.set(task.task_id, task);
    }
    return [...found.values()].slice(-this.most);
  }
}

/** What is known of each, without what a view needs. */
function stateOf([, , , , , , end, error]: Row, worker: KnownWorker): TaskStatus {
  if (end === 0) return worker.ended_at === undefined ? "RUNNING" : "FAILED";
  return error === null ? "FINISHED" : "FAILED";
}

function rowsOf(packed: Uint8Array): Row[] {
  try {
    const rows: unknown = JSON.parse(new TextDecoder().decode(packed));
    return Array.isArray(rows) ? rows.filter(isRow) : [];
  } catch {
    return []; // a worker's own mistake must not hide what the others told
  }
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row) || row.length !== 9) return false;
  const [caller, number, type, name, func, start, end, error_type, error] = row as unknown[];
  const isText = (value: unknown) => typeof value === "string";
  return isText(caller) && /^[0-9a-f]*$/.test(caller as string) && Number.isSafeInteger(number) &&
    [type, name, func].every(isText) && [start, end].every(Number.isFinite) &&
    [error_type, error].every((value) => value === null || isText(value));
}

function taskOf(
  row: Row,
  { worker, actor }: { worker: KnownWorker; actor: ActorRecord | undefined },
  ip: string,
): TaskView {
  const [caller, number, type, name, func, start, end, error_type, error] = row;
  const died = end === 0 && worker.ended_at !== undefined;
  const state = stateOf(row, worker);
  const began = milliseconds(start);
  const ended = end === 0 ? worker.ended_at ?? null : milliseconds(end);
  const ran = [{ state: "RUNNING" as const, created_ms: began }];
  return {
    task_id: taskId(caller, number, worker.actor_id),
    attempt_number: 0,
    name,
    state,
    job_id: worker.job_id,
    actor_id: type === "NORMAL_TASK" ? null : worker.actor_id,
    type,
    func_or_class_name: func,
    parent_task_id: null,
    node_id: worker.node_id,
    worker_id: worker.worker_id,
    worker_pid: worker.pid,
    error_type: died ? type === "NORMAL_TASK" ? "WORKER_DIED" : "ACTOR_DIED" : error_type,
    language: "PYTHON",
    required_resources: null,
    placement_group_id: actor?.pg?.pg_id ?? null,
    events: ended === null || state === "RUNNING" ? ran : [...ran, { state, created_ms: ended }],
    profiling_data: {
      component_id: worker.worker_id,
      component_type: "worker",
      node_ip_address: ip,
      events: ended === null ? [] : [{
        event_name: "task:execute",
        start_time: began,
        end_time: ended,
        extra_data: { name },
      }],
    },
    creation_time_ms: began,
    start_time_ms: began,
    end_time_ms: ended,
    error_message: died ? worker.exit_detail ?? null : error,
  };
}

function waitingTask(actor: ActorRecord): TaskView {
  const task = actor.kind === "task";
  return {
    // The creation of an actor has this id in Ray, too.
    task_id: `${task ? "0000000000000000" : "ffffffffffffffff"}${actor.actor_id}`,
    attempt_number: 0,
    name: task ? actor.class_name : `${actor.class_name}.__init__`,
    state: "PENDING_NODE_ASSIGNMENT",
    job_id: actor.job_id,
    actor_id: task ? null : actor.actor_id,
    type: task ? "NORMAL_TASK" : "ACTOR_CREATION_TASK",
    func_or_class_name: task ? actor.class_name : `${actor.class_name}.__init__`,
    parent_task_id: null,
    node_id: null,
    worker_id: null,
    worker_pid: null,
    error_type: null,
    language: "PYTHON",
    required_resources: null,
    placement_group_id: actor.pg?.pg_id ?? null,
    events: [{ state: "PENDING_NODE_ASSIGNMENT", created_ms: actor.since }],
    profiling_data: {},
    creation_time_ms: actor.created_at,
    start_time_ms: null,
    end_time_ms: null,
    error_message: null,
  };
}

/** As the running call's own context counts it: eight bytes for the call, then the actor's id. */
function taskId(caller: string, number: number, actor_id: string): string {
  const first = BigInt.asUintN(64, BigInt(`0x${caller.slice(0, 16) || "0"}`) + BigInt(number));
  return first.toString(16).padStart(16, "0") + actor_id;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}

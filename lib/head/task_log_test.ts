import assert from "node:assert/strict";
import { Books } from "../cluster/books.ts";
import { TaskLog } from "./task_log.ts";
import { MOST_DEAD, WorkerRegistry } from "./worker_registry.ts";

const encode = (rows: unknown) => new TextEncoder().encode(JSON.stringify(rows));
const ACTOR = "ab".repeat(16);
const CALLER = "0000000000000002" + "f".repeat(16);

function world() {
  const nodes = new Map([["n", { ip: "10.0.0.1", dead: false }]]);
  const workers = new WorkerRegistry({ node: (id) => nodes.get(id) });
  workers.ready(worker("w"));
  return {
    nodes,
    workers,
    books: {
      actors: new Map(),
    } as unknown as Books,
  };
}

function worker(worker_id: string, incarnation = 1) {
  return {
    worker_id,
    node_id: "n",
    pid: 7,
    job_id: "01000000",
    actor_id: ACTOR,
    incarnation,
    launched_at: 1,
    ready_at: 2,
    runtime_env: {},
  };
}

const row = (number: number, end: number, error: string | null = null) => [
  CALLER,
  number,
  "ACTOR_TASK",
  "A.m",
  "A.m",
  10,
  end,
  error,
  error && "words",
];

Deno.test("a call is told while it runs and once it has ended", () => {
  const { books, workers } = world();
  const log = new TaskLog();
  log.add(
    "w",
    { count: 2, dropped: 0 },
    encode([row(1, 0), row(2, 11, "TASK_EXECUTION_EXCEPTION")]),
  );
  const [running, failed] = log.view(books, workers);
  assert.equal(running!.task_id, `0000000000000003${ACTOR}`);
  assert.deepEqual([running!.state, running!.end_time_ms], ["RUNNING", null]);
  assert.deepEqual(
    [failed!.state, failed!.error_type, failed!.error_message],
    ["FAILED", "TASK_EXECUTION_EXCEPTION", "words"],
  );
  log.add("w", { count: 1, dropped: 0 }, encode([row(1, 12.5)]));
  const [finished] = log.view(books, workers);
  assert.deepEqual([finished!.state, finished!.end_time_ms], ["FINISHED", 12_500]);
  assert.equal(log.view(books, workers).length, 2);
});

Deno.test("what ran in a process that died has failed", () => {
  const { books, workers } = world();
  const log = new TaskLog();
  log.add("w", { count: 1, dropped: 0 }, encode([row(1, 0)]));
  workers.died({ node_id: "n", actor_id: ACTOR, incarnation: 1 }, {
    report: { kind: "signal", message: "It got SIGKILL." },
    now: 99,
    intended: false,
  });
  const [task] = log.view(books, workers);
  assert.deepEqual(
    [task!.state, task!.error_type, task!.error_message, task!.end_time_ms],
    ["FAILED", "ACTOR_DIED", "It got SIGKILL.", 99],
  );
  const [dead] = workers.view([]);
  assert.deepEqual([dead!.is_alive, dead!.exit_type], [false, "SYSTEM_ERROR"]);
});

Deno.test("a lost node takes its workers along, and no more of them are remembered than of others", () => {
  const { workers } = world();
  workers.ready({ ...worker("elsewhere"), node_id: "m" });
  for (let at = 2; at < MOST_DEAD + 4; at++) workers.ready(worker(`w${at}`, at));
  workers.nodeGone("n", 99);
  const view = workers.view([]);
  assert.equal(view.length, MOST_DEAD + 1);
  assert.deepEqual(
    view.filter(({ is_alive }) => is_alive).map(({ worker_id }) => worker_id),
    ["elsewhere"],
  );
});

Deno.test("batches beyond the bound are dropped, the oldest first, and counted", () => {
  const { books, workers } = world();
  const log = new TaskLog(3);
  for (const number of [1, 3, 5]) {
    log.add("w", { count: 2, dropped: 1 }, encode([row(number, 11), row(number + 1, 11)]));
  }
  assert.equal(log.view(books, workers).length, 2);
  assert.equal(log.dropped, 3 + 4);
});

Deno.test("dead workers are remembered up to a bound", () => {
  const { workers } = world();
  for (let at = 2; at < MOST_DEAD + 4; at++) {
    workers.ready(worker(`w${at}`, at));
    workers.died({ node_id: "n", actor_id: ACTOR, incarnation: at }, {
      report: { kind: "killed", message: "ray.kill" },
      now: at,
      intended: false,
    });
  }
  assert.equal(workers.view([]).length, MOST_DEAD + 1);
  assert.equal(workers.get("w2"), undefined);
});

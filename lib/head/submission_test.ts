import assert from "assert";
import type { ActorRecord } from "../cluster/actors.ts";
import { followed, hasEnded, messageOf, type Submission } from "./submission.ts";

const pending: Submission = {
  submission_id: "mine",
  actor_id: "a".repeat(32),
  entrypoint: "true",
  runtime_env: {},
  metadata: {},
  status: "PENDING",
  start_time: 1,
};
const actor = (more: Partial<ActorRecord>) =>
  ({ step: "waiting", node_id: "", ...more }) as ActorRecord;

Deno.test("a job is pending until its entrypoint runs, and known to be somewhere once it is placed", () => {
  assert.equal(followed(pending, actor({}), 5), pending);
  const placed = followed(pending, actor({ step: "starting", node_id: "n" }), 5);
  assert.deepEqual([placed.status, placed.driver_node_id], ["PENDING", "n"]);
  const running = followed(placed, actor({ step: "running", node_id: "n" }), 5);
  assert.equal(running.status, "RUNNING");
  assert.equal(followed(running, actor({ step: "running", node_id: "n" }), 6), running);
});

Deno.test("how it ended is read from its supervisor's death", () => {
  const ended = (death: ActorRecord["death"], more: Partial<Submission> = {}) => {
    const given = { ...pending, ...more };
    const now = followed(given, actor({ step: "ended", ...(death && { death }) }), 9);
    assert.equal(now.end_time, 9);
    assert.ok(hasEnded(now));
    assert.equal(followed(now, undefined, 10), now, "what has ended stays as it is");
    return [now.status, now.error_type, now.driver_exit_code];
  };
  const none = undefined;
  const exit = (exit_code: number) => ({ kind: "exit" as const, message: "m", exit_code });
  assert.deepEqual(ended(exit(0)), ["SUCCEEDED", none, 0]);
  assert.deepEqual(ended(exit(-9)), ["FAILED", "JOB_ENTRYPOINT_COMMAND_ERROR", -9]);
  assert.deepEqual(ended(exit(1), { stopping: true }), ["STOPPED", none, none]);
  assert.deepEqual(ended({ kind: "node", message: "m" }), [
    "FAILED",
    "JOB_SUPERVISOR_ACTOR_DIED",
    none,
  ]);
  assert.deepEqual(ended({ kind: "environment", message: "m" }), [
    "FAILED",
    "RUNTIME_ENV_SETUP_FAILURE",
    none,
  ]);
  assert.deepEqual(ended({ kind: "start", message: "m" }), [
    "FAILED",
    "JOB_SUPERVISOR_ACTOR_START_FAILURE",
    none,
  ]);
  assert.deepEqual(ended(none), ["FAILED", "JOB_SUPERVISOR_ACTOR_DIED", none]);
});

Deno.test("each status has Ray's sentence, and a failure its own", () => {
  assert.equal(messageOf(pending), "Job has not started yet.");
  assert.match(messageOf({ ...pending, entrypoint_num_gpus: 1 }), /waiting for resources/);
  assert.match(messageOf({ ...pending, runtime_env: { pip: [] } }), /runtime environment/);
  assert.equal(messageOf({ ...pending, status: "RUNNING" }), "Job is currently running.");
  assert.equal(messageOf({ ...pending, status: "STOPPED" }), "Job was intentionally stopped.");
  assert.equal(messageOf({ ...pending, status: "SUCCEEDED" }), "Job finished successfully.");
  assert.equal(messageOf({ ...pending, status: "FAILED", message: "because" }), "because");
});

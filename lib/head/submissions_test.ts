import assert from "assert";
import { HttpFailure } from "../dashboard/http_failure.ts";
import type { JobRequest } from "../dashboard/jobs_api.ts";
import { until } from "../../tests/e2e/harness/until.ts";
import { FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";
import type { Head } from "./head.ts";

const request = (more: Partial<JobRequest> = {}): JobRequest => ({
  entrypoint: "python3 train.py",
  runtime_env: { env_vars: { A: "1" } },
  metadata: { who: "me" },
  ...more,
});

function statusOf(head: Head, id: string): string {
  return head.state.submissions.details(id)!.status;
}

/** Submits a job and has the node start it. */
async function started(head: Head, node: FakeNode, more: Partial<JobRequest> = {}) {
  const id = head.state.submissions.submit(request(more));
  const { fields, body } = await node.next("worker.start");
  node.tell("ready", fields, { pid: 7, address: { socket: "" } });
  node.tell("initialized", fields, { pid: 7 });
  await node.settled();
  return { id, order: fields, body };
}

Deno.test("a job is ordered from a node as a worker is, and follows its life", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using node = await FakeNode.join(head.port);
  const { id, order, body } = await started(head, node, { submission_id: "mine" });
  assert.equal(id, "mine");
  assert.equal(order.actor["submission_id"], "mine");
  assert.deepEqual(order.actor["runtime_env"], { env_vars: { A: "1" } });
  assert.deepEqual(JSON.parse(new TextDecoder().decode(body)), {
    submission_id: "mine",
    entrypoint: "python3 train.py",
    metadata: { who: "me" },
    runtime_env: { env_vars: { A: "1" } },
  });
  const job_id = await node.startJob("driver");
  assert.equal(statusOf(head, id), "RUNNING");
  assert.equal(head.state.submissions.details("mine")!.driver_node_id, node.node_id);
  assert.equal(head.state.submissions.list().find((job) => job.type === "DRIVER")!.job_id, job_id);
  node.tell("died", order, {
    report: { kind: "exit", message: "it failed", exit_code: 3 },
    intended: true,
  });
  await node.settled();
  const { status, message, driver_exit_code, error_type } = head.state.submissions.details(id)!;
  assert.deepEqual([status, message, driver_exit_code, error_type], [
    "FAILED",
    "it failed",
    3,
    "JOB_ENTRYPOINT_COMMAND_ERROR",
  ]);
});

Deno.test("a driver that the job starts is the job's", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using node = await FakeNode.join(head.port);
  const { id, order } = await started(head, node);
  const { fields } = await node.ask({
    kind: "driver.start",
    protocol: 1,
    pid: 99,
    python: "3.11.7",
    executable: "",
    cwd: "/",
    sys_path: [],
    entrypoint: "train.py",
  }, { client: "inner", actor_id: order.actor_id });
  const details = head.state.submissions.details(id)!;
  assert.equal(details.job_id, fields.job_id);
  assert.equal(details.driver_info!.pid, "99");
  assert.equal(head.state.submissions.details(fields.job_id)!.submission_id, id);
  assert.equal(head.state.submissions.list().length, 1);
});

Deno.test("an id is used once; what is impossible is refused at once", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  const { submissions } = head.state;
  submissions.submit(request({ submission_id: "mine" }));
  const refused = (more: Partial<JobRequest>, words: RegExp) =>
    assert.throws(
      () => submissions.submit(request(more)),
      (error) => error instanceof HttpFailure && error.status === 400 && words.test(error.message),
    );
  refused({ submission_id: "mine" }, /already exists/);
  refused({ entrypoint_num_gpus: 1.5 }, /whole|GPU/);
  refused({ entrypoint_num_cpus: 0.00001 }, /smallest amount/);
  assert.equal(submissions.list().length, 1, "what was refused is not listed");
});

Deno.test("a waiting job is stopped at once, a running one is asked, an ended one is not", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  const { submissions } = head.state;
  const waiting = submissions.submit(request());
  assert.equal(submissions.stop(waiting), true);
  assert.equal(statusOf(head, waiting), "STOPPED");
  assert.equal(submissions.stop(waiting), false);
  await using node = await FakeNode.join(head.port);
  const { id, order } = await started(head, node);
  assert.throws(() => submissions.delete(id), /must have ended, and is RUNNING/);
  assert.equal(submissions.stop(id), true);
  const { fields } = await node.next("worker.stop");
  assert.deepEqual([fields.actor_id, fields.drain], [order.actor_id, true]);
  assert.equal(statusOf(head, id), "RUNNING");
  node.tell("died", order, { report: fields.report });
  await node.settled();
  assert.equal(statusOf(head, id), "STOPPED");
  submissions.delete(id);
  assert.equal(submissions.details(id), undefined);
});

Deno.test("a restarted head knows jobs as they were, and what became of them", async () => {
  using folder = new Folder();
  let order: { actor_id: string; incarnation: number };
  let node_id: string;
  {
    await using head = await startHead(folder, { clock: new FakeClock() });
    await using node = await FakeNode.join(head.port);
    node_id = node.node_id;
    ({ order } = await started(head, node, { submission_id: "runs" }));
    head.state.submissions.submit(request({ submission_id: "waits", entrypoint_num_cpus: 99 }));
    head.state.submissions.submit(request({ submission_id: "gone" }));
    head.state.submissions.stop("gone");
    head.state.submissions.delete("gone");
  }
  await using head = await startHead(folder, { clock: new FakeClock() });
  assert.deepEqual(head.state.submissions.list().map((job) => job.submission_id), [
    "runs",
    "waits",
  ]);
  assert.equal(statusOf(head, "runs"), "RUNNING");
  assert.equal(statusOf(head, "waits"), "PENDING");
  const running = { ...order, pid: 7, address: { socket: "" }, initialized: true };
  await using node = await FakeNode.join(head.port, {
    node_id,
    report: { actors: [running], jobs: [], deaths: [] },
  });
  node.tell("died", order, { report: { kind: "exit", message: "", exit_code: 0 }, intended: true });
  await node.settled();
  assert.equal(statusOf(head, "runs"), "SUCCEEDED");
});

Deno.test("output comes from the node in parts, to the job's end", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const { id, order } = await started(head, node);
  const log = new TextEncoder().encode("one\nzwölf\n");
  let told = "";
  const reading = (async () => {
    const options = { follow: true, signal: new AbortController().signal };
    for await (const text of head.state.submissions.output(id, options)) told += text;
  })();
  const answer = async (upTo: number, running: boolean) => {
    const asked = await until("the head asks", () => {
      const at = node.inbox.findIndex(({ message }) => message.kind === "submission.log");
      return at >= 0 && node.inbox.splice(at, 1)[0]!;
    });
    const { offset } = asked.message as unknown as { offset: number };
    const size = log.length;
    node.link.reply(asked, "submission.log", { size, running }, log.subarray(offset, upTo));
  };
  await answer(7, true); // in the middle of a letter
  await answer(log.length, true);
  node.tell("died", order, { report: { kind: "exit", message: "", exit_code: 0 }, intended: true });
  await answer(log.length, false);
  await reading;
  assert.equal(told, "one\nzwölf\n");
});

Deno.test("an order to stop that may have been lost is given again, by a restarted head too", async () => {
  using folder = new Folder();
  let name: { node_id: string };
  let running: Record<string, unknown>;
  const ordered = async (node: FakeNode) => {
    const { fields } = await node.next("worker.stop");
    assert.deepEqual([fields.actor_id, fields.drain], [running["actor_id"], true]);
  };
  const join = (head: Head) =>
    FakeNode.join(head.port, {
      ...name,
      report: { actors: [running], jobs: [], deaths: [] },
    });
  {
    await using head = await startHead(folder);
    const node = await FakeNode.join(head.port);
    const { id, order: { actor_id, incarnation } } = await started(head, node);
    name = { node_id: node.node_id };
    running = { actor_id, incarnation, pid: 7, address: { socket: "" }, initialized: true };
    head.state.submissions.stop(id);
    await node[Symbol.asyncDispose]();
    await using back = await join(head);
    await ordered(back);
  }
  await using head = await startHead(folder);
  await using node = await join(head);
  await ordered(node);
});

Deno.test("what ended first goes first, however early another was submitted", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  const { submissions } = head.state;
  const long = submissions.submit(request({ submission_id: "long" }));
  const [first] = Array.from({ length: 1000 }, () => {
    const id = submissions.submit(request());
    submissions.stop(id);
    clock.pass(1);
    return id;
  });
  submissions.stop(long);
  submissions.submit(request());
  assert.equal(statusOf(head, long), "STOPPED");
  assert.equal(submissions.details(first!), undefined);
});

Deno.test("who follows a job that waits leaves nothing behind but one wait", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  const { submissions } = head.state;
  const id = submissions.submit(request());
  const ending = new AbortController();
  let listeners = 0;
  const { signal } = ending;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  signal.addEventListener = (...of: Parameters<typeof add>) => (listeners++, add.apply(signal, of));
  signal.removeEventListener = (...of: Parameters<typeof remove>) => (
    listeners--, remove.apply(signal, of)
  );
  const next = submissions.output(id, { follow: true, signal })[Symbol.asyncIterator]().next();
  for (let round = 0; round < 20; round++) {
    clock.pass(200);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(listeners, 1);
  ending.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});

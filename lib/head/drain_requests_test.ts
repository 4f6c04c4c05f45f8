import assert from "assert";
import { actorCreate, FakeClock, FakeNode, Folder, groupCreate, startHead } from "./_fakes.ts";

Deno.test("a drained node gets nothing new, its work is told, and it can be taken back", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob("driver");
  const group = groupCreate(job_id, { name: "pg" });
  await node.ask(group, { job_id });
  const actor = actorCreate(job_id, { name: "boss" });
  const task = actorCreate(job_id, { is_task: true });
  for (const create of [actor, task]) {
    await node.ask(create, { job_id });
    await node.run(create.actor_id);
  }
  const on = { node: node.node_id };
  await node.ask({ kind: "node.drain", ...on });
  const waiting = actorCreate(job_id);
  await node.ask(waiting, { job_id });
  assert.equal(head.state.brain.actor(waiting.actor_id)?.step, "waiting");
  const { fields } = await node.ask({ kind: "query.work", ...on });
  assert.equal(fields.state, "draining");
  assert.match(String(fields.actors), /^actor boss \(\w+…\)$/);
  assert.match(String(fields.groups), /^placement group pg \(/);
  assert.match(
    String(fields.drivers),
    new RegExp(`^job ${job_id} \\(driver pid 42 on 10\\.0\\.0\\.1\\)$`),
  );
  assert.deepEqual([fields.tasks, fields.values], [1, 0]);

  await node.ask({ kind: "node.drain", ...on, evict: true });
  const { fields: stop } = await node.next("worker.stop", (one) => one.actor_id === actor.actor_id);
  assert.match(String(stop.report["message"]), /was drained/);
  const ending = await node.ask({ kind: "query.work", ...on });
  assert.match(String(ending.fields.actors), /^actor boss \(\w+…\), which is ending$/);
  await node.ask({ kind: "node.drain", ...on, undo: true });
  await node.next("worker.start", (order) => order.actor_id === waiting.actor_id);
});

Deno.test("a node that is not there, or no more, cannot be drained", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using node = await FakeNode.join(head.port);
  const gone = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  await gone.link.request({ kind: "node.leave", reason: "test" });
  for (const [id, words] of [["f".repeat(56), /has none like it/], [gone.node_id, /it is dead/]]) {
    for (const kind of ["node.drain", "query.work"] as const) {
      await assert.rejects(node.ask({ kind, node: id as string }), (error: Error) => {
        assert.match(error.message, words as RegExp);
        return (error as Error & { code: string }).code === "node_gone";
      });
    }
  }
  await gone[Symbol.asyncDispose]();
});

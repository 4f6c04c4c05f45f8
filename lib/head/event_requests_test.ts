import assert from "assert";
import { actorCreate, FakeClock, FakeNode, Folder, groupCreate, startHead } from "./_fakes.ts";
import type { ClusterEvent } from "./event_log.ts";

async function eventsOf(node: FakeNode, since?: number, wait_ms = 0): Promise<ClusterEvent[]> {
  const ask = { kind: "query.events", limit: 100, wait_ms } as const;
  const { body } = await node.ask(since === undefined ? ask : { ...ask, since });
  return JSON.parse(new TextDecoder().decode(body));
}

const kinds = (events: ClusterEvent[]) => events.map(({ kind }) => kind);

Deno.test("the life of a cluster is told in order", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port, { gpus: 1 });
  const job_id = await node.startJob();
  const group = groupCreate(job_id, { name: "pg" });
  await node.ask(group, { job_id });
  const create = actorCreate(job_id, { name: "boss", max_restarts: 1 });
  const { actor_id } = create;
  await node.ask(create, { job_id });
  const first = await node.run(actor_id, 7);
  const report = { kind: "signal", message: "It was ended by SIGKILL.", signal: "SIGKILL" };
  node.tell("died", first, { report });
  const second = await node.run(actor_id, 8);
  node.tell("died", second, { report });
  await node.settled();
  await node.ask({ kind: "group.remove", pg_id: group.pg_id }, { job_id });
  await node.ask({ kind: "driver.end" }, { job_id });
  const events = await eventsOf(node);
  assert.deepEqual(kinds(events), [
    "head.started",
    "node.joined",
    "job.started",
    "group.created",
    "group.ready",
    "actor.created",
    "actor.alive",
    "actor.restarting",
    "actor.alive",
    "actor.died",
    "group.removed",
    "job.ended",
  ]);
  const [restarting, died] = [events[7]!, events[9]!];
  assert.match(
    restarting.text,
    /^actor boss \(.{9}\) died: .*SIGKILL; it is started again \(life 2\)$/,
  );
  assert.deepEqual([restarting.severity, died.severity], ["warning", "error"]);
  assert.deepEqual([died.actor_id, died.job_id, died.node_id], [actor_id, job_id, node.node_id]);
  assert.equal(events[10]?.pg_id, group.pg_id);
});

Deno.test("what waits is told of once with its reason, and again when the reason changes", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock, brain: { suspect_ms: 1e9, dead_ms: 1e9 } });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  await node.ask(groupCreate(job_id, { bundles: [{ GPU: 20_000 }] }), { job_id });
  clock.pass(6000);
  clock.pass(40_000);
  const waiting = async () => (await eventsOf(node)).filter(({ kind }) => kind === "group.waiting");
  assert.equal((await waiting()).length, 1);
  assert.match((await waiting())[0]!.text, /2 GPU/);
  await using other = await FakeNode.join(head.port, { ip: "10.0.0.9", gpus: 1 });
  clock.pass(40_000);
  assert.equal((await waiting()).length, 2);
  assert.ok(other.node_id);
});

Deno.test("a question waits for the next event, and no longer than it says", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const { last } = head.state.events;
  const next = eventsOf(node, last, 20_000);
  await node.settled();
  assert.equal(head.state.shell.waiting.size, 1);
  await using other = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  assert.deepEqual(kinds(await next), ["node.joined"]);
  const late = eventsOf(node, head.state.events.last, 1000);
  await node.settled();
  clock.pass(1000);
  assert.deepEqual(await late, []);
  assert.equal(head.state.shell.waiting.size, 0);
  assert.ok(other.node_id);
});

Deno.test("a restarted head tells what went before it, and of nothing twice", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  let node_id = "";
  {
    await using head = await startHead(folder, { clock });
    await using node = await FakeNode.join(head.port);
    ({ node_id } = node);
  }
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port, { node_id });
  // Whether the first head still saw the end of the node's link is chance.
  const events = (await eventsOf(node)).filter(({ kind }) => kind !== "node.suspect");
  assert.deepEqual(kinds(events), ["head.started", "node.joined", "head.started", "node.back"]);
  assert.equal(events[2]?.text, "the head started again (start 2)");
  const seqs = events.map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.toSorted((a, b) => a - b));
});

Deno.test("a group that loses a node is told of with its new places, a dead node with its cause", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock, brain: { suspect_ms: 1e9, dead_ms: 1e9 } });
  await using near = await FakeNode.join(head.port);
  const far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const job_id = await near.startJob();
  const group = groupCreate(job_id, {
    strategy: "SPREAD",
    bundles: [{ CPU: 10_000 }, { CPU: 10_000 }],
  });
  await near.ask(group, { job_id });
  await far[Symbol.asyncDispose]();
  while (head.state.nodes.get(far.node_id)) await near.settled();
  clock.pass(3000);
  const events = await eventsOf(near);
  assert.deepEqual(kinds(events).slice(4), [
    "group.created",
    "group.ready",
    "node.suspect",
    "node.dead",
    "group.rescheduling",
    "group.ready",
  ]);
  assert.match(events[7]!.text, /^The node 10\.0\.0\.2 \(.{9}\) was lost: /);
  assert.match(events[9]!.text, /on 1 node$/);
});

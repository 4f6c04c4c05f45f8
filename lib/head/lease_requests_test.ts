/** Workers leased for tasks, as the processes that lease them see the head. */
import assert from "assert";
import { actorCreate, FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";

const lease = (job_id: string, CPU: number, more = {}) =>
  actorCreate(job_id, { place: { CPU }, run: { CPU }, is_task: true, ...more });

async function free(node: FakeNode): Promise<number> {
  const { available } = await node.query<{ available: Record<string, Record<string, number>> }>({
    kind: "query.resources",
  });
  return available[node.node_id]!["CPU"] ?? 0;
}

Deno.test("what a leased worker lends and returns is free for others", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const before = await free(node);
  await node.ask(lease(job_id, 20_000), { job_id });
  const { fields } = await node.next("worker.start");
  const where = { pid: 9, address: { socket: "/x.sock" } };
  node.tell("initialized", fields, where);
  assert.equal(await free(node), before - 2);
  node.tell("blocked", fields);
  assert.equal(await free(node), before);
  node.tell("unblocked", fields);
  assert.equal(await free(node), before - 2);
  node.tell("returned", fields);
  assert.equal(await free(node), before);
});

Deno.test("who leases a worker is told on its own node that others wait for it", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const mine = await near.startJob("mine");
  const theirs = await far.startJob("theirs");
  const all = (await free(near)) * 10_000;
  const create = lease(mine, all);
  await near.ask(create, { client: "mine", job_id: mine });
  const { fields } = await near.next("worker.start");
  near.tell("initialized", fields, { pid: 9, address: { socket: "/x.sock" } });
  const place = { "node:10.0.0.1": 10, CPU: 10_000 };
  await far.ask(actorCreate(theirs, { place, run: place }), { client: "theirs", job_id: theirs });
  clock.pass(1000);
  const wish = await near.pushed("", "lease.wanted");
  assert.equal(wish["actor_id"], create.actor_id);
});

Deno.test("a worker is placed near what its task reads, and by fallbacks of labels", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const job_id = await near.startJob();
  const first = lease(job_id, 10_000, { near: far.node_id });
  await near.ask(first, { job_id });
  assert.equal((await far.next("worker.start")).fields.actor_id, first.actor_id);
  const strategy = { kind: "labels", hard: { zone: "z" }, soft: {}, fallback: [{ zone: "!z" }] };
  const second = lease(job_id, 10_000, { strategy });
  await near.ask(second, { job_id });
  assert.equal((await near.next("worker.start")).fields.actor_id, second.actor_id);
});

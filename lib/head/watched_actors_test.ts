import assert from "assert";
import { actorCreate, FakeNode, Folder, startHead } from "./_fakes.ts";
import { WatchedActors } from "./watched_actors.ts";

Deno.test("nodes hear of the actors that they asked after, until actor or node is no more", () => {
  const watched = new WatchedActors();
  watched.add("a", "n1");
  watched.add("a", "n2");
  watched.add("b", "n2");
  assert.deepEqual([...watched.of("a")], ["n1", "n2"]);
  watched.forget("n2");
  assert.deepEqual([[...watched.of("a")], [...watched.of("b")]], [["n1"], []]);
  watched.end("a");
  assert.deepEqual([...watched.of("a")], []);
});

Deno.test("of an actor hear the node it runs on and those that asked, no others", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const nodes = await Promise.all(
    [1, 2, 3].map((at) => FakeNode.join(head.port, { ip: `10.0.0.${at}` })),
  );
  const [asks, runs, idle] = nodes as [FakeNode, FakeNode, FakeNode];
  const job_id = await asks.startJob();
  const create = actorCreate(job_id, { place: { CPU: 10_000, "node:10.0.0.2": 10 } });
  await asks.ask(create, { job_id });
  const located = asks.ask({ kind: "actor.locate", actor_id: create.actor_id }, { job_id });
  await runs.run(create.actor_id);
  await located;
  for (const node of [asks, runs]) {
    assert.equal((await node.pushed("", "actor.state"))["state"], "alive");
  }
  await idle.settled();
  assert.deepEqual(idle.inbox.map(({ message }) => message.kind), []);
  for (const node of nodes) await node[Symbol.asyncDispose]();
});

Deno.test("a node that comes back to a restarted head hears of what its processes asked after", async () => {
  using folder = new Folder();
  const create = actorCreate("01000000", { max_restarts: 1 });
  const { actor_id } = create;
  const known = { node_id: "a".repeat(56), ip: "10.0.0.1" };
  {
    await using head = await startHead(folder);
    await using node = await FakeNode.join(head.port, known);
    const job_id = await node.startJob();
    await node.ask(create, { job_id });
    await node.run(actor_id);
    await node.settled();
  }
  await using head = await startHead(folder);
  const report = { jobs: [], deaths: [] };
  const other = await FakeNode.join(head.port, {
    ip: "10.0.0.2",
    report: { ...report, actors: [], watched: [actor_id] },
  });
  const running = { actor_id, incarnation: 1, pid: 100, initialized: true, address: {} };
  const node = await FakeNode.join(head.port, {
    ...known,
    report: { ...report, actors: [running] },
  });
  node.tell("died", running, { report: { kind: "exit", message: "It ended." } });
  assert.equal((await other.pushed("", "actor.state"))["actor_id"], actor_id);
  for (const one of [node, other]) await one[Symbol.asyncDispose]();
});

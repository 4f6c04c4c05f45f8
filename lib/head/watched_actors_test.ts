import assert from "assert";
import { actorCreate, FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";
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

Deno.test("a node that was away hears what became meanwhile of what its processes asked after", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const asks = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using runs = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const job_id = await asks.startJob();
  const place = { CPU: 10_000, "node:10.0.0.2": 10 };
  const [dies, again, stays] = [0, 1, 0].map((max_restarts) =>
    actorCreate(job_id, { place, max_restarts })
  );
  for (const create of [dies!, again!, stays!]) {
    await asks.ask(create, { job_id });
    await runs.run(create.actor_id);
    await asks.ask({ kind: "actor.locate", actor_id: create.actor_id }, { job_id });
  }
  await asks[Symbol.asyncDispose]();
  while (head.state.nodes.get(asks.node_id)) await new Promise((done) => setTimeout(done, 1));
  for (const { actor_id } of [dies!, again!]) {
    runs.tell("died", { actor_id, incarnation: 1 }, {
      report: { kind: "exit", message: "It ended." },
    });
  }
  await runs.run(again!.actor_id);
  await runs.settled();
  const back = await FakeNode.join(head.port, {
    node_id: asks.node_id,
    ip: "10.0.0.1",
    report: {
      actors: [],
      deaths: [],
      jobs: [{
        job_id,
        node_id: asks.node_id,
        pid: 42,
        client: "driver",
        namespace: "",
        entrypoint: "train.py",
      }],
      watched: [dies!, again!, stays!].map(({ actor_id }) => actor_id),
    },
  });
  await back.settled();
  const heard = back.inbox.flatMap(({ message }) => {
    const { kind, message: pushed } = message as unknown as {
      kind: string;
      message: Record<string, unknown>;
    };
    return kind === "client.push" ? [pushed] : [];
  });
  assert.deepEqual(
    heard.map(({ actor_id, state, incarnation }) => [actor_id, state, incarnation]),
    [[dies!.actor_id, "dead", 1], [again!.actor_id, "alive", 2]],
  );
  assert.equal((heard[0]!["report"] as { message: string }).message, "It ended.");
  await back[Symbol.asyncDispose]();
});

Deno.test("nothing is kept of questions after actors that are not there", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const gone = actorCreate(job_id);
  await node.ask(gone, { job_id });
  await node.ask({ kind: "actor.kill", actor_id: gone.actor_id, no_restart: true }, { job_id });
  const unknown = "ab".repeat(16);
  const answers = [gone.actor_id, unknown].flatMap((actor_id) => [
    node.ask({ kind: "actor.locate", actor_id }, { job_id }),
    node.ask({ kind: "actor.report", actor_id, incarnation: 1 }, { job_id }),
  ]);
  await node.settled();
  for (let tick = 0; tick < 12; tick++) {
    clock.pass(500);
    await node.settled();
  }
  for (const { fields } of await Promise.all(answers)) assert.equal(fields.state, "dead");
  for (const actor_id of [gone.actor_id, unknown]) {
    assert.deepEqual([...head.state.watched.of(actor_id)], []);
  }
});

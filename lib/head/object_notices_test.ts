import assert from "assert";
import { RequestFailed } from "../wire/errors.ts";
import { FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";

const names = ["n1", "n2"];
const report = { node_id: "", actors: [], jobs: [], deaths: [] };

Deno.test("a node's address is told while it lives", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  const other = await FakeNode.join(head.port, { ip: "10.0.0.2", port: 6390 });
  const { fields } = await node.ask({ kind: "node.locate", node: other.node_id });
  assert.deepEqual([fields.host, fields.port], ["10.0.0.2", 6390]);
  await other.link.request({ kind: "node.leave", reason: "test" });
  for (const gone of [other.node_id, "f".repeat(56)]) {
    await assert.rejects(
      node.ask({ kind: "node.locate", node: gone }),
      (error: RequestFailed) => error.code === "node_gone",
    );
  }
  await other[Symbol.asyncDispose]();
});

Deno.test("files go on the nodes that are named, or on all", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using one = await FakeNode.join(head.port);
  await using two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  await one.ask({ kind: "objects.free", names, nodes: [two.node_id, "f".repeat(56)] });
  assert.deepEqual((await two.next("objects.drop")).fields.names, names);
  await one.ask({ kind: "objects.free", names: ["n3"], nodes: [] });
  assert.deepEqual((await one.next("objects.drop")).fields.names, ["n3"]);
  assert.deepEqual((await two.next("objects.drop")).fields.names, ["n3"]);
});

Deno.test("every node hears of ended processes and of dead nodes", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using one = await FakeNode.join(head.port);
  const two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  await two.ask({ kind: "process.gone", processes: ["p1"] });
  const first = (await one.next("owner.gone")).fields;
  assert.deepEqual([first.processes, first.nodes], [["p1"], []]);
  await two.link.request({ kind: "node.leave", reason: "test" });
  const second = (await one.next("owner.gone")).fields;
  assert.deepEqual([second.processes, second.nodes], [[], [two.node_id]]);
  await two[Symbol.asyncDispose]();
});

Deno.test("a node that was away hears what it missed when it is back", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using one = await FakeNode.join(head.port);
  const two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const { node_id } = two;
  await two[Symbol.asyncDispose]();
  while (head.state.nodes.get(node_id)) await new Promise((resolve) => setTimeout(resolve, 1));
  await one.ask({ kind: "objects.free", names, nodes: [node_id] });
  await one.ask({ kind: "process.gone", processes: ["p1", "p2"] });
  await using back = await FakeNode.join(head.port, {
    node_id,
    ip: "10.0.0.2",
    report: { ...report, node_id },
  });
  const { fields } = await back.next("owner.gone", ({ processes }) => processes.length > 0);
  assert.deepEqual([fields.processes, fields.by], [["p1", "p2"], one.node_id]);
  const drop = (await back.next("objects.drop")).fields;
  assert.deepEqual([drop.names, drop.by], [names, one.node_id]);
});

Deno.test("what may have been lost with a node's link it hears again, but not for ever", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using one = await FakeNode.join(head.port);
  let two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const { node_id } = two;
  const again = async () => {
    await two[Symbol.asyncDispose]();
    while (head.state.nodes.get(node_id)) await new Promise((resolve) => setTimeout(resolve, 1));
    two = await FakeNode.join(head.port, {
      node_id,
      ip: "10.0.0.2",
      report: { ...report, node_id },
    });
    await two.settled();
    return two.inbox.filter(({ message }) => message.kind === "objects.drop").length;
  };
  await one.ask({ kind: "objects.free", names, nodes: [node_id] });
  assert.deepEqual([await again(), await again()], [1, 1]);
  for (let tick = 0; tick < 40; tick++) {
    clock.pass(500);
    await Promise.all([one.settled(), two.settled()]);
  }
  assert.equal(await again(), 0);
  await two[Symbol.asyncDispose]();
});

Deno.test("what stores use is taken off what is available, and shown", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { object_store_memory: 1000 });
  node.link.send({
    kind: "node.usage",
    object_store_used: 300,
    object_store_spilled: 50,
    objects: 2,
  });
  const { body } = await node.ask({ kind: "query.status" });
  const picture = JSON.parse(new TextDecoder().decode(body));
  const [shown] = picture.nodes as {
    available: Record<string, number>;
    object_store: Record<string, number>;
  }[];
  assert.deepEqual(shown!.object_store, { total: 1000, used: 300, spilled: 50, objects: 2 });
  assert.equal(shown!.available["object_store_memory"], 700);
  const used = picture.usage["used"] as Record<string, number>;
  assert.equal(used["object_store_memory"], 300);
  const { available } = await node.query<{ available: Record<string, Record<string, number>> }>({
    kind: "query.resources",
  });
  assert.equal(available[node.node_id]!["object_store_memory"], 700);
});

Deno.test("a head that is started again still tells what it took over for nodes that were away", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  let here = "", away = "";
  {
    await using head = await startHead(folder, { clock });
    await using one = await FakeNode.join(head.port);
    const two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
    [here, away] = [one.node_id, two.node_id];
    await two[Symbol.asyncDispose]();
    while (head.state.nodes.get(away)) await new Promise((resolve) => setTimeout(resolve, 1));
    await one.ask({ kind: "objects.free", names, nodes: [away] });
    await one.ask({ kind: "process.gone", processes: ["p1"] });
  }
  await using head = await startHead(folder, { clock });
  await using _ = await FakeNode.join(head.port, { node_id: here, report });
  const two = await FakeNode.join(head.port, { ip: "10.0.0.2", node_id: away, report });
  await two.next("owner.gone", ({ processes, by }) => processes[0] === "p1" && by === here);
  assert.deepEqual((await two.next("objects.drop")).fields, {
    kind: "objects.drop",
    names,
    by: here,
  });
  await two[Symbol.asyncDispose]();
  head.state.shell.journal.flush();
  assert.deepEqual([...head.state.shell.journal.factsOf("owed/")], []);
});

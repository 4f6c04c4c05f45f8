import assert from "assert";
import { DatabaseSync } from "node:sqlite";
import {
  actorCreate,
  driverStart,
  FakeClock,
  FakeNode,
  Folder,
  groupCreate,
  startHead,
  TOKEN,
} from "./_fakes.ts";
import { Head } from "./head.ts";
import { warningsOf } from "./warnings.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);

/** A cluster of one node with a named actor in a group, whose head then ends. */
async function before(folder: Folder, { release = false } = {}) {
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using node = await FakeNode.join(head.port, { gpus: 2 });
  const job_id = await node.startJob("driver", { namespace: "ns" });
  const group = groupCreate(job_id, { name: "pg", bundles: [{ GPU: 10_000, CPU: 10_000 }] });
  await node.ask(group, { job_id });
  const named = actorCreate(job_id, {
    name: "boss",
    meta: bytes("meta"),
    max_restarts: 3,
    pg_id: group.pg_id,
    bundle_index: 0,
    place: { GPU: 10_000 },
    run: { GPU: 10_000 },
  });
  const pending = actorCreate(job_id, { place: { GPU: 20_000 }, run: { GPU: 20_000 } });
  await node.ask(named, { job_id, body: bytes("boss's class") });
  await node.ask(pending, { job_id, body: bytes("pending's class") });
  await node.run(named.actor_id, 77);
  const request = { kind: "actor.release", actor_id: named.actor_id };
  if (release) {
    await node.link.request({ kind: "client.request", client: "driver", job_id, request });
  }
  await node.settled();
  return {
    cluster: head.cluster,
    node_id: node.node_id,
    job_id,
    pg_id: group.pg_id,
    actor_id: named.actor_id,
    pending_id: pending.actor_id,
  };
}

type Known = Awaited<ReturnType<typeof before>>;

function reportOf(known: Known) {
  return {
    actors: [{
      actor_id: known.actor_id,
      incarnation: 1,
      pid: 77,
      address: { socket: "/s/boss" },
      initialized: true,
    }],
    jobs: [{
      job_id: known.job_id,
      node_id: known.node_id,
      pid: 42,
      client: "driver",
      namespace: "ns",
      entrypoint: "train.py",
    }],
    deaths: [],
  };
}

Deno.test("groups, names, actors and what waits survive the head", async () => {
  using folder = new Folder();
  const known = await before(folder);
  const clock = new FakeClock(1_700_000_100_000);
  await using head = await startHead(folder, { clock });
  assert.equal(head.cluster, known.cluster);
  assert.equal(head.epoch, 2);
  const { node_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  assert.equal(node.joined.epoch, 2);

  const found = await node.ask({ kind: "actor.by_name", name: "boss", namespace: "ns" });
  assert.equal(found.fields.actor_id, known.actor_id);
  assert.equal(textOf(found.fields.meta), "meta");
  const located = await node.ask({ kind: "actor.locate", actor_id: known.actor_id });
  assert.deepEqual([located.fields.state, located.fields.pid], ["alive", 77]);
  const wait = await node.ask({ kind: "group.wait", pg_id: known.pg_id });
  assert.equal(wait.fields.state, "CREATED");

  // The driver's daemon sends again what was not answered: it is the same job, actor, group.
  const again = await node.ask(driverStart);
  assert.equal(again.fields.job_id, known.job_id);

  // Restarts left: its class is still there.
  node.tell("died", { actor_id: known.actor_id, incarnation: 1 }, {
    report: { kind: "signal", message: "It was killed by SIGKILL." },
  });
  const order = await node.next("worker.start");
  assert.equal(order.fields.incarnation, 2);
  assert.equal(order.fields.grant["epoch"], 2);
  assert.equal(order.fields.job["executable"], "/usr/bin/python3");
  assert.equal(textOf(order.body), "boss's class");

  // What waited goes on waiting, and starts with its class once there is room.
  await node.ask({ kind: "group.remove", pg_id: known.pg_id });
  node.tell("died", { actor_id: known.actor_id, incarnation: 2 }, {
    report: { kind: "killed", message: "It was ended." },
  });
  const late = await node.next("worker.start", (start) => start.actor_id === known.pending_id);
  assert.equal(textOf(late.body), "pending's class");
  assert.deepEqual(late.fields.devices, ["0", "1"]);
});

Deno.test("a released actor is told again to end, and the next head does not start it again", async () => {
  using folder = new Folder();
  const known = await before(folder, { release: true });
  await using head = await startHead(folder, { clock: new FakeClock(1_700_000_100_000) });
  const { node_id, actor_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  const { fields } = await node.next("worker.stop");
  assert.deepEqual([fields.actor_id, fields.drain], [actor_id, true]);
  node.tell("died", { actor_id, incarnation: 1 }, {
    report: { kind: "exit", message: "It exited." },
  });
  await node.settled();
  assert.equal(head.state.brain.actor(actor_id)?.state, "DEAD");
});

Deno.test("a restarted head grants nothing until every known node is back, or for 10 s", async () => {
  using folder = new Folder();
  const known = await before(folder);
  const clock = new FakeClock(1_700_000_100_000);
  await using head = await startHead(folder, { clock });
  await using other = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  assert.match(warningsOf(head.state).join(), /grants nothing for up to 10 s/);
  const job_id = await other.startJob("second");
  assert.equal(job_id, "02000000", "job ids go on");
  const create = actorCreate(job_id);
  await other.ask(create, { job_id });
  const second = async () => {
    clock.pass(1000);
    await other.settled();
  };
  for (let i = 0; i < 9; i++) await second();
  assert.equal(head.state.brain.actor(create.actor_id)?.step, "waiting");
  assert.equal(head.state.brain.node(known.node_id)?.state, "away");
  await second();
  await other.next("worker.start");
  assert.equal(head.state.brain.node(known.node_id)?.state, "dead");
  const { fields } = await other.ask({ kind: "actor.locate", actor_id: known.actor_id });
  assert.equal(fields.state, "dead");
  assert.match(String(fields.report?.["message"]), /did not come back within 10 s/);
});

Deno.test("a restarted head whose nodes are all back does not say that it waits for them", async () => {
  using folder = new Folder();
  const known = await before(folder);
  await using head = await startHead(folder, { clock: new FakeClock(1_700_000_100_000) });
  const { node_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  assert.deepEqual(warningsOf(head.state), []);
  await node.settled();
});

Deno.test("a new daemon in a former one's place is not waited beside, however it is known", async () => {
  for (const how of ["replaces", "place"] as const) {
    using folder = new Folder();
    const clock = new FakeClock();
    const place = { runtime_dir: "/home/me/.beam" };
    let former = "";
    {
      await using head = await startHead(folder, { clock });
      await using node = await FakeNode.join(head.port, { extra: place });
      former = node.node_id;
    }
    await using head = await startHead(folder, { clock });
    const extra = how === "place" ? place : { replaces: former };
    await using node = await FakeNode.join(head.port, { extra });
    assert.equal(head.state.brain.node(former)?.state, "dead", how);
    const job_id = await node.startJob();
    const group = groupCreate(job_id);
    await node.ask(group, { job_id });
    assert.equal(head.state.brain.group(group.pg_id)?.state, "CREATED", how);
  }
});

Deno.test("a node of another place on the same machine is waited for", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  let former = "";
  {
    await using head = await startHead(folder, { clock });
    await using node = await FakeNode.join(head.port, { extra: { runtime_dir: "/a" } });
    former = node.node_id;
  }
  await using head = await startHead(folder, { clock });
  await using _ = await FakeNode.join(head.port, { extra: { runtime_dir: "/b" } });
  assert.equal(head.state.brain.node(former)?.state, "away");
});

Deno.test("once all are back it grants at once", async () => {
  using folder = new Folder();
  const known = await before(folder);
  await using head = await startHead(folder, { clock: new FakeClock(1_700_000_100_000) });
  const { node_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  const create = actorCreate(known.job_id);
  await node.ask(create, { job_id: known.job_id });
  await node.next("worker.start", (order) => order.actor_id === create.actor_id);
});

Deno.test("deaths that the head missed, and a driver that went meanwhile, are caught up", async () => {
  using folder = new Folder();
  const known = await before(folder);
  await using head = await startHead(folder, { clock: new FakeClock(1_700_000_100_000) });
  const report = {
    ...reportOf(known),
    actors: [],
    jobs: [],
    deaths: [{
      actor_id: known.actor_id,
      incarnation: 1,
      report: { kind: "signal", message: "It was killed by SIGSEGV." },
    }],
  };
  await using node = await FakeNode.join(head.port, { node_id: known.node_id, gpus: 2, report });
  const { fields } = await node.ask({ kind: "actor.locate", actor_id: known.actor_id });
  assert.equal(fields.state, "dead");
  assert.equal(head.state.brain.job(known.job_id)?.state, "ended");
  assert.equal(head.state.brain.group(known.pg_id)?.state, "REMOVED");
  // What is no longer needed goes with the next write.
  head.state.shell.journal.flush();
  assert.deepEqual(head.state.shell.journal.specs(), []);
});

Deno.test("a damaged journal is set aside; the head goes on as the cluster that its daemon knows", async () => {
  using folder = new Folder();
  const known = await before(folder);
  const path = `${folder.path}/head.db`;
  const spoilt = new DatabaseSync(path);
  spoilt.exec("UPDATE specs SET fields = x'c1'");
  spoilt.close();
  const config = {
    listen: { host: "127.0.0.1", port: 0 },
    token: TOKEN,
    runtime_dir: folder.path,
    former: { cluster: known.cluster, epoch: 7 },
  };
  for (const restart of [false, true]) {
    await using head = await Head.start(config, { clock: new FakeClock(1_700_000_100_000) });
    assert.deepEqual([head.cluster, head.epoch], [known.cluster, restart ? 9 : 8]);
    const fault = head.ready.journal_fault ?? "";
    assert.match(fault, restart ? /^$/ : /row specs\/.* It was set aside as .*head\.db\.damaged,/);
  }
  await using head = await Head.start(config, { clock: new FakeClock(1_700_000_100_000) });
  const { node_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  assert.equal(head.state.brain.job(known.job_id)?.state, "running", "drivers go on");
  const job_id = await node.startJob("another");
  assert.notEqual(job_id, known.job_id);
  assert.ok(!/^0[0-9]000000$/.test(job_id), "no id of before is given again");
});

Deno.test("a journal whose rows are another build's is told as such, and stays", async () => {
  using folder = new Folder();
  await before(folder);
  const other = new DatabaseSync(`${folder.path}/head.db`);
  other.exec("UPDATE actors SET row = json_remove(row, '$.leaving')");
  other.close();
  await assert.rejects(startHead(folder), {
    name: "JournalError",
    message: /Cannot go on from the head's journal .*head\.db: another build wrote what this one /,
    mend: /^Use the beam that wrote it/,
  });
  assert.ok(Deno.statSync(`${folder.path}/head.db`).size > 0);
});

Deno.test("whose journal was lost is told so, and what ran is ended with that reason", async () => {
  using folder = new Folder();
  const known = await before(folder);
  Deno.writeTextFileSync(`${folder.path}/head.db`, "no journal".repeat(1000));
  await using head = await startHead(folder, { clock: new FakeClock(1_700_000_100_000) });
  const { node_id } = known;
  await using node = await FakeNode.join(head.port, { node_id, gpus: 2, report: reportOf(known) });
  const { fields } = await node.next("worker.stop");
  assert.equal(fields.actor_id, known.actor_id);
  assert.match(String(fields.report["message"]), /The head lost its journal/);
  const said = await node.ask({ kind: "actor.report", actor_id: known.actor_id, incarnation: 1 });
  assert.equal(said.fields.state, "dead");
  assert.match(String(said.fields.report?.["message"]), /The head lost its journal/);
});

import assert from "assert";
import type { GroupView } from "../cluster/views.ts";
import type { RequestFailed } from "../wire/errors.ts";
import {
  actorCreate,
  driverStart,
  FakeClock,
  FakeNode,
  Folder,
  groupCreate,
  startHead,
} from "./_fakes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);
const exit = { kind: "exit", message: "It exited with code 1." };

Deno.test("jobs count up, have a namespace, and are the same when asked for again", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const first = await node.ask(driverStart, { client: "a" });
  assert.equal(first.fields.job_id, "01000000");
  assert.match(first.fields.namespace, /^[0-9a-f-]{36}$/);
  const again = await node.ask(driverStart, { client: "a" });
  assert.deepEqual([again.fields.job_id, again.fields.namespace], [
    "01000000",
    first.fields.namespace,
  ]);
  const named = await node.ask({ ...driverStart, namespace: "mine" }, { client: "b" });
  assert.deepEqual([named.fields.job_id, named.fields.namespace], ["02000000", "mine"]);
  await node.ask({ kind: "driver.end" }, { client: "a", job_id: "01000000" });
  assert.equal(await node.startJob("a"), "03000000");
});

Deno.test("an actor goes from its creation to its worker and back to who looks for it", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1", gpus: 2 });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2", port: 7777 });
  const job_id = await near.startJob();
  const place = { CPU: 10_000, "node:10.0.0.2": 10 };
  const create = actorCreate(job_id, { place, max_concurrency: 3 });
  const { actor_id } = create;
  await near.ask(create, { job_id, body: bytes("pickle") });
  const located = near.ask({ kind: "actor.locate", actor_id }, { job_id });

  const order = await far.next("worker.start");
  assert.equal(textOf(order.body), "pickle");
  assert.equal(order.fields.actor["class_name"], "Counter");
  assert.equal(order.fields.actor["max_concurrency"], 3);
  assert.deepEqual(order.fields.actor["owner"], { job_id });
  assert.equal(order.fields.job["executable"], "/usr/bin/python3");
  assert.equal(order.fields.job["client"], "driver");
  assert.equal(order.fields.grant["epoch"], 1);
  assert.deepEqual(order.fields.devices, []);

  far.tell("ready", order.fields, { pid: 9, address: { socket: "/x.sock" } });
  const { fields } = await located;
  assert.equal(fields.state, "alive");
  assert.equal(fields.incarnation, 1);
  assert.deepEqual([fields.node_ip, fields.pid], ["10.0.0.2", 9]);
  assert.equal(fields.node_id, far.node_id);

  const state = await near.pushed("", "actor.state");
  assert.equal(state["state"], "alive");
});

Deno.test("GPUs are handed out by index and id", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { gpus: 4 });
  const job_id = await node.startJob();
  const create = () => actorCreate(job_id, { place: { GPU: 20_000 }, run: { GPU: 20_000 } });
  await node.ask(create(), { job_id });
  await node.ask(create(), { job_id });
  const orders = [await node.next("worker.start"), await node.next("worker.start")];
  assert.deepEqual(orders.map(({ fields }) => fields.devices), [["0", "1"], ["2", "3"]]);
  assert.deepEqual(orders[1]!.fields.grant["gpus"], [[2, 10_000], [3, 10_000]]);
});

Deno.test("a dead actor is told with its report, and with the exception of its __init__", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  const { actor_id } = create;
  await node.ask(create, { job_id });
  const { fields: worker } = await node.next("worker.start");
  const waiting = node.ask({ kind: "actor.locate", actor_id });
  const report = { kind: "init", message: "It raised ValueError." };
  node.tell("died", worker, { report }, bytes("exception"));
  assert.deepEqual((await node.next("actor.noted")).fields.actor_id, actor_id);
  for (const answer of [await waiting, await node.ask({ kind: "actor.locate", actor_id })]) {
    assert.equal(answer.fields.state, "dead");
    assert.equal(answer.fields.report?.["message"], "It raised ValueError.");
    assert.equal(textOf(answer.body), "exception");
  }
  const push = await node.next("client.push", ({ message }) => message["state"] === "dead");
  assert.equal(push.fields.message["actor_id"], actor_id);
  assert.equal(textOf(push.body), "exception");
  const reported = await node.ask({ kind: "actor.report", actor_id, incarnation: 1 });
  assert.equal(reported.fields.state, "dead");
  assert.equal(textOf(reported.body), "exception");
});

Deno.test("a restarted actor is located by its next incarnation only", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id, { max_restarts: 1 });
  const { actor_id } = create;
  await node.ask(create, { job_id, body: bytes("pickle") });
  const first = await node.run(actor_id);
  await node.settled();
  const next = node.ask({ kind: "actor.locate", actor_id, incarnation: 2 });
  const report = node.ask({ kind: "actor.report", actor_id, incarnation: 1 });
  node.tell("died", first, { report: exit });
  assert.equal((await report).fields.state, "restarting");
  const again = await node.next("worker.start");
  assert.equal(again.fields.incarnation, 2);
  assert.equal(textOf(again.body), "pickle");
  node.tell("ready", again.fields, { pid: 5, address: { socket: "/y" } });
  assert.equal((await next).fields.incarnation, 2);
  const states = [];
  for (let i = 0; i < 3; i++) states.push((await node.pushed("", "actor.state"))["state"]);
  assert.deepEqual(states, ["alive", "restarting", "alive"]);
});

Deno.test("a report about a living actor is answered after a short wait", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  await node.ask(create, { job_id });
  await node.run(create.actor_id);
  const { actor_id } = create;
  const asked = node.ask({ kind: "actor.report", actor_id, incarnation: 1 });
  await node.settled();
  assert.equal(head.state.shell.waiting.size, 1);
  clock.pass(150);
  const { fields } = await asked;
  assert.deepEqual([fields.state, fields.incarnation, fields.report], ["alive", 1, undefined]);
});

Deno.test("an unknown actor is waited for, then dead; one that comes late is found", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const never = node.ask({ kind: "actor.locate", actor_id: "f".repeat(32) });
  const create = actorCreate(job_id);
  const late = node.ask({ kind: "actor.locate", actor_id: create.actor_id });
  await node.settled();
  clock.pass(1000);
  await node.ask(create, { job_id });
  await node.run(create.actor_id);
  assert.equal((await late).fields.state, "alive");
  clock.pass(4000);
  const { fields } = await never;
  assert.equal(fields.state, "dead");
  assert.match(String(fields.report?.["message"]), /does not know actor ffff/);
});

Deno.test("names: one holder, get_if_exists, lookup, list", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob("driver", { namespace: "ns" });
  const first = actorCreate(job_id, { name: "boss", meta: bytes("meta") });
  await node.ask(first, { job_id });
  await node.ask(first, { job_id });
  const second = actorCreate(job_id, { name: "boss" });
  await assert.rejects(node.ask(second, { job_id }), (error: RequestFailed) => {
    assert.equal(error.code, "name_taken");
    assert.match(error.message, /the name boss \(namespace ns\) is taken/);
    return true;
  });
  const existing = await node.ask({ ...second, get_if_exists: true }, { job_id });
  assert.equal(existing.fields.existing, first.actor_id);
  assert.equal(textOf(existing.fields.meta!), "meta");
  const found = await node.ask({ kind: "actor.by_name", name: "boss", namespace: "ns" });
  assert.equal(found.fields.actor_id, first.actor_id);
  assert.equal(textOf(found.fields.meta), "meta");
  const names = await node.ask({ kind: "actor.names" });
  assert.deepEqual(names.fields.actors, [
    { name: "boss", namespace: "ns", actor_id: first.actor_id },
  ]);
  const missing = node.ask({ kind: "actor.by_name", name: "boss", namespace: "other" });
  await assert.rejects(missing, { code: "not_found" });
  await node.ask({ kind: "actor.kill", actor_id: first.actor_id, no_restart: true }, { job_id });
  await assert.rejects(
    node.ask({ kind: "actor.by_name", name: "boss", namespace: "ns" }),
    { code: "not_found" },
  );
});

Deno.test("ray.kill stops the worker and names the killer", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  const { actor_id } = create;
  await node.ask(create, { job_id });
  await node.run(actor_id);
  await node.settled();
  await node.ask({ kind: "actor.kill", actor_id, no_restart: true }, { job_id });
  const { fields } = await node.next("worker.stop");
  assert.equal(fields.drain, undefined);
  assert.match(
    String(fields.report["message"]),
    /killed by ray\.kill\(\), called by job 01000000 \(driver pid 42 on 10\.0\.0\.1\)/,
  );
});

Deno.test("a released actor drains, ends for good, and is not restarted", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { cpus: 1 });
  const job_id = await node.startJob();
  const create = actorCreate(job_id, { max_restarts: -1, run: { CPU: 10_000 } });
  const pending = actorCreate(job_id);
  await node.ask(create, { job_id });
  const worker = await node.run(create.actor_id);
  await node.ask(pending, { job_id });
  // `actor.release` has no answer of its own; what is passed on has an empty one.
  const release = (actor_id: string) =>
    node.link.request({
      kind: "client.request",
      client: "driver",
      job_id,
      request: { kind: "actor.release", actor_id },
    });
  await release(pending.actor_id);
  assert.equal(head.state.brain.actor(pending.actor_id)?.state, "DEAD");
  await release(create.actor_id);
  const { fields } = await node.next("worker.stop");
  assert.equal(fields.drain, true);
  assert.equal(head.state.brain.actor(create.actor_id)?.state, "ALIVE");
  node.tell("died", worker, { report: { kind: "exit", message: "It exited." } });
  await node.settled();
  assert.equal(head.state.brain.actor(create.actor_id)?.state, "DEAD");
});

Deno.test("a group waits until it is whole; its removal is told too", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { cpus: 2 });
  const job_id = await node.startJob();
  const first = groupCreate(job_id, { name: "first", bundles: [{ CPU: 20_000 }] });
  const second = groupCreate(job_id, { bundles: [{ CPU: 10_000 }, { CPU: 10_000 }] });
  await node.ask(first, { job_id });
  await node.ask(second, { job_id });
  await node.ask(second, { job_id });
  const wait = (pg_id: string) => node.ask({ kind: "group.wait", pg_id }, { job_id });
  assert.equal((await wait(first.pg_id)).fields.state, "CREATED");
  const waiting = wait(second.pg_id);
  await node.settled();
  assert.equal(head.state.shell.waiting.size, 1);
  await node.ask({ kind: "group.remove", pg_id: first.pg_id }, { job_id });
  assert.equal((await waiting).fields.state, "CREATED");
  assert.equal((await wait(first.pg_id)).fields.state, "REMOVED");
  const all = await node.query<GroupView[]>({ kind: "query.groups" });
  assert.equal(all.length, 2);
  const named = await node.query<GroupView[]>({ kind: "query.groups", name: "first" });
  assert.deepEqual(named.map((group) => group.pg_id), [first.pg_id]);
  const empty = groupCreate(job_id, { bundles: [{}] });
  await assert.rejects(node.ask(empty, { job_id }), { code: "bad_resources" });
});

Deno.test("who waits for long is told why, first after 5 s, then every 30 s", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port, { gpus: 1 });
  const job_id = await node.startJob();
  const group = groupCreate(job_id, { name: "dp_rank_1", bundles: [{ GPU: 20_000 }] });
  await node.ask(group, { job_id });
  const second = async () => {
    clock.pass(1000);
    await node.settled();
  };
  const warnings = () =>
    node.inbox.filter(({ message }) =>
      message.kind === "client.push" &&
      (message as unknown as { message: { kind: string } }).message.kind === "warn"
    ).length;
  for (let i = 0; i < 4; i++) await second();
  assert.equal(warnings(), 0);
  await second();
  await second();
  const warning = await node.pushed("driver", "warn");
  assert.equal(warning["code"], "pending_group");
  assert.match(String(warning["text"]), /dp_rank_1.*needs 2 GPU/s);
  for (let i = 0; i < 28; i++) await second();
  assert.equal(warnings(), 0);
  for (let i = 0; i < 3; i++) await second();
  assert.equal(warnings(), 1);
  const { body } = await node.ask({ kind: "query.status" });
  const { pending, demands } = JSON.parse(textOf(body));
  assert.equal(pending.length, 1);
  assert.match(JSON.stringify(demands), /'GPU': 2\.0/);
});

Deno.test("a driver's end takes what it owned with it, and is answered when that is gone", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  await node.ask(create, { job_id });
  const worker = await node.run(create.actor_id);
  await node.settled();
  let ended = false;
  const ending = node.ask({ kind: "driver.end" }, { job_id }).then(() => ended = true);
  await node.next("worker.stop");
  await node.settled();
  assert.equal(ended, false);
  node.tell("died", worker, { report: exit });
  await ending;
  assert.equal(head.state.brain.job(job_id)?.state, "ended");
});

Deno.test("a driver that is gone ends its job, its groups and its workers", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  const kept = actorCreate(job_id, { detached: true, name: "kept" });
  const group = groupCreate(job_id);
  await node.ask(create, { job_id });
  await node.ask(kept, { job_id });
  await node.ask(group, { job_id });
  await node.run(create.actor_id);
  await node.run(kept.actor_id);
  await node.settled();
  node.link.send({ kind: "client.gone", client: "driver", job_id, reason: "it was killed" });
  const { fields } = await node.next("worker.stop");
  assert.equal(fields.actor_id, create.actor_id);
  assert.match(String(fields.report["message"]), /ended: it was killed/);
  assert.equal(head.state.brain.group(group.pg_id)?.state, "REMOVED");
  assert.equal(head.state.brain.actor(kept.actor_id)?.state, "ALIVE");
});

Deno.test("a worker's output reaches its driver on another node", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const job_id = await near.startJob("d7");
  const log = { kind: "log", job_id, actor_id: "a", name: "n", pid: 1, ip: "i", stream: "out" };
  far.link.send({ kind: "log.lines", message: { ...log, lines: ["hello"] } });
  assert.deepEqual((await near.pushed("d7", "log"))["lines"], ["hello"]);
});

Deno.test("without a job nothing is made", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  await assert.rejects(node.ask(actorCreate("01000000")), { code: "no_job" });
  const job_id = "09000000";
  await assert.rejects(node.ask(groupCreate(job_id), { job_id }), { code: "owner_dead" });
  await assert.rejects(
    node.ask(actorCreate(job_id, { strategy: { kind: "somewhere" } }), { job_id }),
    { code: "bad_request" },
  );
});

Deno.test("on a full disk the head says so and takes nothing new until there is room", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const { journal } = head.state.shell;
  journal.limitTo(1);
  const big = new Uint8Array(500_000);
  await node.ask(actorCreate(job_id), { job_id, body: big });
  assert.match(journal.failure ?? "", /full/);
  const refused = { code: "journal_failed", message: /cannot write its journal .*head\.db/ };
  await assert.rejects(node.ask(actorCreate(job_id), { job_id }), refused);
  await assert.rejects(node.ask(groupCreate(job_id), { job_id }), refused);
  await assert.rejects(node.ask(driverStart, { client: "other" }), refused);
  clock.pass(500);
  assert.match(String((await node.pushed("driver", "warn"))["text"]), /takes no new work/);
  journal.limitTo(1_000_000);
  await node.ask(actorCreate(job_id), { job_id }); // at once: no tick has passed
  clock.pass(500);
  assert.match(String((await node.pushed("driver", "warn"))["text"]), /can write .* again/);
});

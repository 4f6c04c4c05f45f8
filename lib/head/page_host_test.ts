import assert from "assert";
import type { BoardMessage } from "../dashboard/board.ts";
import { HttpFailure } from "../dashboard/http_failure.ts";
import type { PageHost } from "../dashboard/page_host.ts";
import type { Picture } from "../dashboard/picture.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Link, Received } from "../wire/link.ts";
import { actorCreate, FakeClock, FakeNode, Folder, groupCreate, startHead } from "./_fakes.ts";
import { pageHost } from "./page_host.ts";

const UNIT = 10_000;
const load = () => Promise.resolve({ digest: "page", files: new Map() });
const LOG = new TextEncoder().encode("one\ntwo\nzwölf\n");

/** Everything that the board shows now. */
function picture(page: PageHost): { [T in keyof Picture]: Map<string, Picture[T]> } {
  const { set } = JSON.parse(page.board.since(undefined, page.now())!.json) as BoardMessage;
  const of = (name: string) => new Map(set[name] ?? []);
  return new Proxy({} as never, { get: (_, name) => of(String(name)) });
}

/** A daemon that has one log. */
function answers(received: Received, link: Link): boolean {
  const { kind } = received.message;
  if (kind === "node.logs") {
    const files = [{
      name: "daemon.log",
      bytes: LOG.length,
      modified: 1,
      running: true,
      of: "daemon",
    }];
    link.reply(received, kind, { count: 1 }, new TextEncoder().encode(JSON.stringify(files)));
  } else if (kind === "node.log") {
    const { file, offset, lines } = received.message as unknown as {
      file: string;
      offset: number;
      lines?: number;
    };
    if (file !== "daemon.log") {
      link.refuse(received, new RequestFailed("no_log", `Cannot read ${file}: there is none`));
      return true;
    }
    const from = lines === undefined ? offset : 4;
    // In the middle of a letter at first.
    const to = lines === undefined ? LOG.length : LOG.length - 4;
    const part = LOG.subarray(from, Math.max(from, to));
    link.reply(received, kind, { size: LOG.length, offset: from, running: true }, part);
  } else return false;
  return true;
}

Deno.test("the board shows nodes, GPUs, actors, groups and why they wait, and follows them", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port, { gpus: 2, answer: answers });
  const page = pageHost(head.state, load);
  assert.equal(page.board.version, 0, "nobody watches, nothing is drawn");
  const watching = new AbortController();
  page.watch(watching.signal);
  const [row] = [...picture(page).nodes.values()];
  assert.deepEqual(
    [row!.ip, row!.state, row!.gpus.map(({ free }) => free)],
    ["10.0.0.1", "alive", [1, 1]],
  );

  const job_id = await node.startJob();
  const create = actorCreate(job_id, { name: "engine", place: { GPU: UNIT }, run: { GPU: UNIT } });
  await node.ask(create, { job_id });
  await node.run(create.actor_id, 77);
  const pg_id = `${"ab".repeat(14)}${job_id}`;
  await node.ask(groupCreate(job_id, { pg_id, bundles: [{ GPU: 8 * UNIT }] }), { job_id });
  await node.settled();
  const { version } = page.board;
  const changed = page.changed(version, watching.signal);
  clock.pass(1000);
  await changed;
  const now = picture(page);
  const actor = now.actors.get(create.actor_id)!;
  assert.deepEqual([actor.name, actor.state, actor.pid, actor.devices], ["engine", "ALIVE", 77, [
    "0",
  ]]);
  assert.equal(now.nodes.get(node.node_id)!.gpus[0]!.holders[0]!.id, create.actor_id);
  const group = now.groups.get(pg_id)!;
  assert.deepEqual([group.state, group.feasible], ["PENDING", false]);
  assert.match(group.why!, /8 GPU/);
  assert.ok([...now.events.values()].some(({ kind }) => kind === "actor.alive"));
  assert.equal(now.jobs.get(job_id)!.status, "RUNNING");

  node.tell("died", { actor_id: create.actor_id, incarnation: 1 }, {
    report: { kind: "signal", signal: "SIGKILL", message: "It was ended.", stderr_tail: ["ouch"] },
  });
  await node.settled();
  clock.pass(1000);
  assert.deepEqual(picture(page).actors.get(create.actor_id)!.death, {
    kind: "signal",
    message: "It was ended.",
    asked: false,
  });
  const details = page.actor(create.actor_id)!;
  assert.deepEqual(details.deaths[0]!.report.stderr_tail, ["ouch"]);
  assert.ok(details.events.some(({ kind }) => kind === "actor.died"));
  assert.equal(page.actor("none"), undefined);

  watching.abort();
  const last = page.board.version;
  await node.ask({ kind: "driver.end" }, { job_id });
  clock.pass(5000);
  assert.equal(page.board.version, last, "nobody watches any more");
});

Deno.test("nodes of one name are told apart, and a log is read in parts from its last lines on", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { clock: new FakeClock() });
  await using one = await FakeNode.join(head.port, { answer: answers });
  await using _two = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const page = pageHost(head.state, load);
  const watching = new AbortController();
  page.watch(watching.signal);
  assert.deepEqual([...picture(page).nodes.values()].map(({ name }) => name), [
    "test 10.0.0.1",
    "test 10.0.0.2",
  ]);
  watching.abort();
  assert.deepEqual((await page.logs(one.node_id)).map(({ name }) => name), ["daemon.log"]);
  const gone = new AbortController();
  let text = "";
  for await (
    const part of page.followLog(one.node_id, "daemon.log", { lines: 2, signal: gone.signal })
  ) {
    text += part;
    if (text.endsWith("zwölf\n")) gone.abort();
  }
  assert.equal(text, "two\nzwölf\n");
  const status = (asked: Promise<unknown>) =>
    asked.then(() => 200, (error) => error instanceof HttpFailure ? error.status : error);
  const { signal } = new AbortController();
  const first = page.followLog(one.node_id, "../x", { lines: 2, signal })[Symbol.asyncIterator]();
  assert.equal(await status(first.next()), 404);
  assert.equal(await status(page.logs("none")), 404);
});

Deno.test("sessions are kept in the journal, at once", async () => {
  using folder = new Folder();
  const row = { id: "i", key: "k", opened: 1, until: 2 };
  {
    await using head = await startHead(folder);
    const { sessions } = pageHost(head.state, load);
    sessions.put(row);
    sessions.put({ ...row, id: "j" });
    sessions.delete("j");
  }
  await using head = await startHead(folder);
  assert.deepEqual(pageHost(head.state, load).sessions.all(), [row]);
});

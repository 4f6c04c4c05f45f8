/** Restarts of actors and retries of their calls, as Ray documents them, however the actor was lost. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { childrenOf, isRunning, signal } from "./harness/processes.ts";
import type { Program } from "./harness/program.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
let lives: Lives;
const { place, test } = theme("restarts", async (place) => {
  head = await place.head();
  lives = new Lives(head.driver("lives.py", [], { input: true }));
});

interface Where {
  pid: number;
  ip: string;
  again: boolean;
}

/** The program `lives.py`, which does as it is told. */
class Lives {
  constructor(readonly program: Program) {}

  /** What came of it: a value, or the trouble of an error. */
  // deno-lint-ignore no-explicit-any
  async answer(what: string, args: unknown[], options: object = {}): Promise<any> {
    await this.program.tell(JSON.stringify([what, args, options]) + "\n");
    return await this.program.said(what);
  }

  /** Its value; an error fails the test. */
  // deno-lint-ignore no-explicit-any
  async does(what: string, args: unknown[], options: object = {}): Promise<any> {
    const { value, error } = await this.answer(what, args, options);
    assert.equal(error, undefined, error?.text);
    return value;
  }

  async make(name: string, options: object = {}): Promise<Where> {
    await this.does("make", [name], options);
    return await this.does("now", [name, "where"]);
  }

  where(name: string): Promise<Where> {
    return this.does("now", [name, "where"]);
  }
}

/** A file by which a call tells that it runs, and is told to end. */
function mark(name: string) {
  const path = join(place.dir, "home", name);
  return {
    path,
    runs: () => {
      try {
        return Deno.readTextFileSync(path).split("\n").length - 1;
      } catch {
        return 0;
      }
    },
    go: () => Deno.writeTextFileSync(`${path}.go`, ""),
  };
}

/** A call of `name` that has begun to run. */
async function running(name: string, options: object = {}) {
  const file = mark(`${name}-call`);
  await lives.does("call", [name, "wait", name, file.path], options);
  await until("the call runs", () => file.runs() === 1);
  return file;
}

async function restartsOf(name: string): Promise<[state: string, restarts: number]> {
  const [actor] = JSON.parse(await head.tell("actors", "--json", name));
  return [actor.state, actor.restarts];
}

test("a process that is killed: the call that ran is made again, as often as it may be", async () => {
  const first = await lives.make("again", { max_restarts: 2, max_task_retries: 1 });
  assert.equal(first.again, false);
  assert.equal(await lives.does("now", ["again", "add"]), 1);
  const file = await running("again");
  signal(first.pid, "SIGKILL");
  await until("it runs again", () => file.runs() === 2);
  const second = await until("its second life", async () => {
    const [actor] = JSON.parse(await head.tell("actors", "--json", "again"));
    return actor.state === "ALIVE" && actor.restarts === 1 && actor;
  });
  signal(second.pid, "SIGKILL");
  // Its one retry is used up; the actor has a third life all the same.
  const { error } = await lives.answer("get", ["again"]);
  assert.ok(error.bases.includes("RayActorError"), error.type);
  assert.equal(error.type, "ActorUnavailableError");
  assert.match(error.text, /SIGKILL/);
  const third = await lives.where("again");
  assert.equal(third.again, true);
  assert.equal(await lives.does("now", ["again", "add"]), 1);
  assert.deepEqual(await restartsOf("again"), ["ALIVE", 2]);
  signal(third.pid, "SIGKILL");
  const over = await lives.answer("now", ["again", "where"]);
  assert.equal(over.error.type, "ActorDiedError");
  assert.match(over.error.text, /SIGKILL/);
  assert.deepEqual(await restartsOf("again"), ["DEAD", 2]);
});

test("a call that may not be made again fails as one whose actor may come back, and runs once", async () => {
  const first = await lives.make("once", { max_restarts: -1 });
  const file = await running("once");
  signal(first.pid, "SIGKILL");
  const { error } = await lives.answer("get", ["once"]);
  assert.equal(error.type, "ActorUnavailableError");
  assert.match(error.text, /may or may not have been executed/);
  assert.equal((await lives.where("once")).again, true);
  assert.equal(file.runs(), 1);
});

test("what a call raises is tried again only where that was asked for", async () => {
  await lives.make("raises", { max_task_retries: 3 });
  const [asked, unasked] = [mark("asked"), mark("unasked")];
  await lives.does("call", ["raises", "fail", "asked", asked.path, 2], { retry_exceptions: true });
  assert.equal(await lives.does("get", ["asked"]), 3);
  await lives.does("call", ["raises", "fail", "unasked", unasked.path, 2]);
  const { error } = await lives.answer("get", ["unasked"]);
  assert.equal(error.type, "RayTaskError(ValueError)");
  assert.deepEqual([asked.runs(), unasked.runs()], [3, 1]);
});

test("ray.kill: with a restart it counts as one, without one it is the end", async () => {
  const first = await lives.make("killed", { max_restarts: 1, max_task_retries: 1 });
  await lives.does("kill", ["killed", false]);
  await until("the process is gone", () => !isRunning(first.pid));
  const second = await lives.where("killed");
  assert.deepEqual([second.again, second.pid === first.pid], [true, false]);
  assert.deepEqual(await restartsOf("killed"), ["ALIVE", 1]);
  await lives.does("kill", ["killed", false]);
  const { error } = await lives.answer("now", ["killed", "where"]);
  assert.equal(error.type, "ActorDiedError");
  assert.match(error.text, /ray\.kill/);
  await lives.make("ended", { max_restarts: -1 });
  await lives.does("kill", ["ended", true]);
  const gone = await lives.answer("now", ["ended", "where"]);
  assert.equal(gone.error.type, "ActorDiedError");
  assert.deepEqual(await restartsOf("ended"), ["DEAD", 0]);
});

test("a node that dies: who may be restarted is, elsewhere, with its name and its call", async () => {
  const node = await place.join(head, { ip: "127.0.0.5" });
  const first = await lives.make("moved", { near: node.ip, max_restarts: 1, max_task_retries: -1 });
  const mortal = await lives.make("stayed", { near: node.ip });
  assert.deepEqual([first.ip, mortal.ip], [node.ip, node.ip]);
  const file = await running("moved");
  await node.killDaemon();
  await until("it runs again", () => file.runs() === 2);
  file.go();
  assert.notEqual(await lives.does("get", ["moved"]), first.pid);
  const second: Where = await lives.does("named", ["moved"]);
  assert.deepEqual([second.ip, second.again], [head.ip, true]);
  const { error } = await lives.answer("now", ["stayed", "where"]);
  assert.equal(error.type, "ActorDiedError");
  assert.match(error.text, /node 127\.0\.0\.5 .* was lost/);
});

test("a node that falls silent: the same, and its workers end before it is let in again", async () => {
  const node = await place.join(head, { ip: "127.0.0.6" });
  const first = await lives.make("frozen", {
    near: node.ip,
    max_restarts: 1,
    max_task_retries: -1,
  });
  assert.equal(first.ip, node.ip);
  const file = await running("frozen");
  const processes = [node.record.pid, ...childrenOf(node.record.pid), first.pid];
  const began = performance.now();
  for (const pid of processes) signal(pid, "SIGSTOP");
  try {
    await until("it runs again", () => file.runs() === 2);
    console.log(
      `    running elsewhere ${Math.round(performance.now() - began)} ms after the silence`,
    );
  } finally {
    for (const pid of processes) signal(pid, "SIGCONT");
  }
  file.go();
  const answered = await lives.does("get", ["frozen"]);
  assert.notEqual(answered, first.pid);
  assert.equal((await lives.where("frozen")).pid, answered);
  await until("its former worker is gone", () => !isRunning(first.pid));
  const { node_id } = node.record;
  await until("it is back under another id", async () => {
    const { nodes } = await head.status();
    const here = nodes.filter(({ ip }) => ip === node.ip);
    return here.some((one) => one.node_id !== node_id && one.state === "alive") &&
      here.some((one) => one.node_id === node_id && one.state === "dead");
  });
  await node.down();
});

test("a worker that dies while there is no head is started again when there is one", async () => {
  const first = await lives.make("orphan", { max_restarts: 1, max_task_retries: 1 });
  const file = await running("orphan");
  const { headPid } = head;
  signal(headPid, "SIGKILL");
  signal(first.pid, "SIGKILL");
  await until("it runs again", () => file.runs() === 2);
  file.go();
  assert.notEqual(await lives.does("get", ["orphan"]), first.pid);
  assert.deepEqual(await restartsOf("orphan"), ["ALIVE", 1]);
  const dead = JSON.parse(await head.tell("actors", "--dead", "--json", "orphan"));
  assert.deepEqual(dead.map((one: { restarted: boolean }) => one.restarted), [true]);
});

test("a drained node: restarts elsewhere are free, who has none dies of the drain", async () => {
  const node = await place.join(head, { ip: "127.0.0.8" });
  const first = await lives.make("evicted", {
    near: node.ip,
    max_restarts: 1,
    max_task_retries: 1,
  });
  await lives.make("left", { near: node.ip });
  const file = await running("evicted");
  await head.tell("drain", node.ip, "--deadline", "0");
  await until("it runs again", () => file.runs() === 2);
  file.go();
  assert.notEqual(await lives.does("get", ["evicted"]), first.pid);
  const second = await lives.where("evicted");
  assert.equal(second.ip, head.ip);
  const { error } = await lives.answer("now", ["left", "where"]);
  assert.equal(error.type, "ActorDiedError");
  assert.match(error.text, /drained/);
  assert.equal(error.preempted, true);
  // Its one restart is still there: nothing of it died.
  signal(second.pid, "SIGKILL");
  assert.equal((await lives.where("evicted")).again, true);
  await node.down();
  await lives.program.endInput();
  await lives.program.ok();
});

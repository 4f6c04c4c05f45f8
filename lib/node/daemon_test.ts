import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { dial, expectMessage } from "../wire/handshake.ts";
import { encodeFrame } from "../wire/frames.ts";
import { Keyring } from "../wire/keyring.ts";
import { fieldsOf, Link, type Received, writeAll } from "../wire/link.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { FakeHead } from "./_fake_head.ts";
import type { DaemonConfig } from "./config.ts";
import { NodeDaemon } from "./daemon.ts";
import { type Libc, openLibc } from "./libc.ts";
import type { Machine } from "./node_spec.ts";
import { statOf } from "./proc.ts";

const TEMPLATE = join(import.meta.dirname!, "testdata", "fake_template.py");
const ACTOR = "a".repeat(32);
const OTHER = "b".repeat(32);
const JOB = { job_id: "01000000", node_id: "e".repeat(56), python: "", cwd: "/" };

const MACHINE: Machine = {
  gpus: {
    vendor: "nvidia",
    gpus: [0, 1].map((index) => ({
      index,
      id: String(index),
      name: "H100",
      accelerator_type: "H100",
      uuid: null,
      pci: null,
      memory_bytes: null,
      integrated: false,
    })),
    accelerator_types: ["H100"],
    masked_by: null,
    driver_version: null,
    notes: [],
  },
  facts: {
    hostname: "box",
    arch: "x86_64",
    os: "linux",
    cpus: 4,
    memory_bytes: 8e9,
    memory_available_bytes: 8e9,
    shm_bytes: 4e9,
    object_store_bytes: 2e9,
  },
};

interface Node extends AsyncDisposable {
  daemon: NodeDaemon;
  head: FakeHead;
  dir: string;
  /** A process at the control socket. */
  client(onMessage?: (received: Received) => void): Promise<Link>;
}

async function node(
  change: Partial<DaemonConfig> = {},
  env: Record<string, string> = {},
  head = new FakeHead(),
  self = ["false"],
  libc?: Libc,
): Promise<Node> {
  const dir = await Deno.makeTempDir({ prefix: "beam-node-" });
  const config: DaemonConfig = {
    runtime_dir: dir,
    role: "join",
    head: { host: "127.0.0.1", port: head.port },
    token: "secret",
    resources: { mlx: 1 },
    labels: {},
    join_timeout_ms: 2000,
    lifeline: false,
    standing: true,
    open: false,
    // What it is told by is an argument: a worker's environment is not this one.
    worker_cmd: `python3 ${TEMPLATE} '${Deno.env.get("BEAM_VENDOR") ?? ""}'`,
    ...change,
  };
  const links: Link[] = [];
  try {
    const daemon = await NodeDaemon.start({
      config,
      env: { PATH: Deno.env.get("PATH")!, ...env },
      progress: () => {},
      self,
      libc,
      machine: MACHINE,
      shim: "/shim",
    });
    return {
      daemon,
      head,
      dir,
      async client(onMessage = () => {}) {
        const stream = await Deno.connect({ transport: "unix", path: daemon.record.socket });
        const link = new Link(stream, { peer: "daemon", onMessage }).start();
        links.push(link);
        return link;
      },
      async [Symbol.asyncDispose]() {
        for (const link of links) link.close();
        await daemon.stop("the test is over");
        await head[Symbol.asyncDispose]();
        await Deno.remove(dir, { recursive: true });
      },
    };
  } catch (error) {
    await head[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
    throw error;
  }
}

function start(head: FakeHead, class_name: string, actor_id = ACTOR, more = {}, job = {}): void {
  head.send({
    kind: "worker.start",
    actor_id,
    incarnation: 1,
    actor: { class_name, max_restarts: 0, name: "", namespace: "n", ...more },
    job: { ...JOB, ...job },
    grant: { amounts: { GPU: 10000 }, gpus: [[1, 10000]] },
    devices: ["1"],
  }, new Uint8Array([1]));
}

const DRIVER = {
  kind: "driver.start" as const,
  protocol: PROTOCOL_VERSION,
  pid: Deno.pid,
  python: "",
  executable: "/no/such/python",
  cwd: "/",
  sys_path: [],
  entrypoint: "test.py",
};

Deno.test("a node joins with what its machine has", async () => {
  await using one = await node();
  const [join] = one.head.joins;
  assert.equal(join?.report, undefined);
  const spec = join!.node;
  assert.deepEqual(spec["total"], {
    CPU: 40000,
    GPU: 20000,
    memory: 6e13,
    object_store_memory: 2e13,
    mlx: 10000,
    "accelerator_type:H100": 10000,
    "node:127.0.0.1": 10000,
  });
  assert.deepEqual(spec["gpu_ids"], ["0", "1"]);
  assert.equal(one.daemon.record.cluster, "c".repeat(56));
  assert.equal(one.daemon.record.head_address, `127.0.0.1:${one.head.port}`);
});

Deno.test("a worker is forked, ready, initialized, found without the head, and killed on request", async () => {
  await using one = await node();
  start(one.head, "Echo");
  const ready = await one.head.event("ready", ACTOR);
  await one.head.event("initialized", ACTOR);
  const client = await one.client();
  const { fields } = await client.request({ kind: "actor.locate", actor_id: ACTOR });
  assert.equal(fields.state, "alive");
  assert.equal(fields.pid, ready.fields.pid);
  assert.equal(one.head.asked.length, 0);
  const echo = await Deno.connect({ transport: "unix", path: fields.socket! });
  await writeAll(echo, new TextEncoder().encode("hello"));
  const buffer = new Uint8Array(16);
  assert.equal(await echo.read(buffer), 5);
  echo.close();
  one.head.send({
    kind: "worker.stop",
    actor_id: ACTOR,
    incarnation: 1,
    report: { kind: "killed", message: "ray.kill" },
  });
  const died = await one.head.event("died", ACTOR);
  assert.equal(died.fields.report!["kind"], "killed");
  assert.equal(died.fields.report!["signal"], "SIGKILL");
  assert.throws(() => Deno.statSync(fields.socket!));
});

Deno.test("a killed worker is told to who located it, with its last words, before anybody asks", async () => {
  await using one = await node();
  start(one.head, "Echo");
  const { fields: { pid } } = await one.head.event("initialized", ACTOR);
  const told = Promise.withResolvers<Received>();
  const client = await one.client(told.resolve);
  const { fields: { socket } } = await client.request({ kind: "actor.locate", actor_id: ACTOR });
  const channel = await Deno.connect({ transport: "unix", path: socket! });
  await writeAll(channel, new Uint8Array([1]));
  assert.equal(await channel.read(new Uint8Array(1)), 1);
  Deno.kill(pid!, "SIGKILL");
  // The end of the channel comes before the process can be waited for: the daemon must not be fooled.
  assert.equal(await channel.read(new Uint8Array(1)), null);
  channel.close();
  const asked = client.request({ kind: "actor.report", actor_id: ACTOR, incarnation: 1 });
  const state = fieldsOf(await told.promise, "actor.state");
  assert.equal(state.state, "dead");
  assert.equal(state.report!["kind"], "signal");
  assert.match(String(state.report!["message"]), /was ended by SIGKILL/);
  assert.deepEqual(state.report!["devices"], ["1"]);
  const { fields } = await asked;
  assert.equal(fields.state, "dead");
  assert.equal(one.head.asked.length, 0);
});

Deno.test("who was told that an actor is dead is not kept for further news of it", async () => {
  await using one = await node();
  start(one.head, "Echo");
  const { fields: { pid } } = await one.head.event("initialized", ACTOR);
  const client = await one.client();
  await client.request({ kind: "actor.locate", actor_id: ACTOR });
  Deno.kill(pid!, "SIGKILL");
  await one.head.event("died", ACTOR);
  const report = { kind: "killed", message: "ray.kill" };
  one.head.answer = ({ actor_id }) => ({ actor_id, state: "dead", incarnation: 1, report });
  const asks = [
    { kind: "actor.report", actor_id: ACTOR, incarnation: 1 },
    { kind: "actor.report", actor_id: OTHER, incarnation: 1 },
    { kind: "actor.locate", actor_id: OTHER },
  ] as const;
  for (const ask of asks) assert.equal((await client.request(ask)).fields.state, "dead");
  one.head.link!.close();
  await one.head.until(() => one.head.joins.length === 2);
  assert.deepEqual(one.head.joins[1]!.report!["watched"], []);
});

Deno.test("an actor that runs is reported alive, at once and by this node alone", async () => {
  await using one = await node();
  start(one.head, "Echo");
  await one.head.event("initialized", ACTOR);
  const client = await one.client();
  const { fields } = await client.request({
    kind: "actor.report",
    actor_id: ACTOR,
    incarnation: 1,
  });
  assert.deepEqual([fields.state, fields.incarnation], ["alive", 1]);
  assert.equal(one.head.asked.length, 0);
});

Deno.test("a report the head leaves unanswered is answered with what is known", async () => {
  await using one = await node();
  const client = await one.client();
  const { fields } = await client.request({
    kind: "actor.report",
    actor_id: ACTOR,
    incarnation: 2,
  });
  assert.deepEqual([fields.state, fields.incarnation], ["alive", 2]);
  assert.equal(one.head.asked.length, 1);
});

Deno.test("exit codes, init failures and intended ends are told apart", async () => {
  await using one = await node();
  start(one.head, "Exits");
  const exits = (await one.head.event("died", ACTOR)).fields;
  assert.equal(exits.report!["exit_code"], 3);
  assert.match(String(exits.report!["traceback"]), /KeyError: 1$/);
  assert.deepEqual((exits.report!["stderr_tail"] as string[])[0], "last words");
  start(one.head, "InitFails", OTHER);
  const init = await one.head.event("died", OTHER);
  assert.equal(init.fields.report!["kind"], "init");
  assert.equal(new TextDecoder().decode(init.body), "pickled");
  const third = "d".repeat(32);
  start(one.head, "Quits", third);
  const quits = (await one.head.event("died", third)).fields;
  assert.equal(quits.intended, true);
});

Deno.test("a worker gets its environment, devices and directory, and no secret", async () => {
  const secrets = { BEAM_TOKEN: "secret", RAY_AUTH_TOKEN: "x" };
  await using one = await node({}, { ...secrets, KEPT: "1" });
  const lines = Promise.withResolvers<string>();
  one.head.answer = () => ({ job_id: "01000000", namespace: "n" });
  const driver = await one.client((received) => {
    const { lines: got } = fieldsOf(received, "log");
    const env = got.find((line) => String(line).startsWith("{"));
    if (env !== undefined) lines.resolve(String(env));
  });
  const { fields } = await driver.request(DRIVER);
  assert.equal(fields.gcs_address, `127.0.0.1:${one.head.port}`);
  start(one.head, "Env", ACTOR, { runtime_env: { env_vars: { MORE: "${KEPT}2" } } });
  const text = await lines.promise;
  assert.ok(text.endsWith(" /"));
  const env = JSON.parse(text.slice(0, -2));
  assert.equal(env.CUDA_VISIBLE_DEVICES, "1");
  assert.equal(env.MORE, "12");
  assert.equal(env.VLLM_HOST_IP, "127.0.0.1");
  assert.equal(env.PYTHONPATH, "/shim");
  assert.equal(env.BEAM_TOKEN ?? env.RAY_AUTH_TOKEN ?? env.BEAM_TEMPLATE, undefined);
});

Deno.test("a driver that goes is told to the head; what it still asked for is not answered", async () => {
  await using one = await node();
  one.head.answer = () => ({ job_id: "01000000", namespace: "n" });
  const driver = await one.client();
  await driver.request(DRIVER);
  driver.close();
  const gone = await one.head.until(() =>
    one.head.heard.find(({ message }) => message.kind === "client.gone")
  );
  assert.equal(fieldsOf(gone, "client.gone").job_id, "01000000");
});

Deno.test("a driver's end is told though the folder of packages was removed under the daemon", async () => {
  await using one = await node();
  one.head.answer = () => ({ job_id: "01000000", namespace: "n" });
  const driver = await one.client();
  await driver.request(DRIVER);
  await Deno.remove(join(one.dir, "environments"), { recursive: true });
  driver.close();
  await one.head.until(() => one.head.heard.find(({ message }) => message.kind === "client.gone"));
});

Deno.test("a job's supervisor that cannot be started costs nobody else his life", async () => {
  await using one = await node({}, {}, new FakeHead(), ["/no/such/beam"]);
  start(one.head, "Echo", OTHER);
  await one.head.event("initialized", OTHER);
  start(one.head, "Job", ACTOR, { submission_id: "one" });
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.equal(report!["kind"], "start");
  assert.match(String(report!["message"]), /Cannot start a job's supervisor.*\/no\/such\/beam/);
  const client = await one.client();
  const { fields } = await client.request({ kind: "actor.locate", actor_id: OTHER });
  assert.equal(fields.state, "alive");
});

Deno.test("what a killed supervisor's job held is given back when all of the job is gone", async () => {
  using libc = openLibc();
  if (!libc?.becomeSubreaper()) return;
  const dir = await Deno.makeTempDir();
  const path = join(dir, "pids");
  // One below the other: each falls to the daemon when the one above it is gone.
  const chain =
    `echo $$ >> ${path}; [ $0 -eq 0 ] && exec sleep 1000; sh -c "$1" $(($0 - 1)) "$1"; :`;
  const self = ["sh", "-c", `sh -c '${chain}' 9 '${chain}'; :`];
  await using one = await node({}, {}, new FakeHead(), self, libc);
  start(one.head, "Job", ACTOR, { submission_id: "one" });
  const pids = () => {
    try {
      return Deno.readTextFileSync(path).trim().split("\n").map(Number);
    } catch {
      return [];
    }
  };
  while (pids().length < 10) await new Promise((resolve) => setTimeout(resolve, 5));
  const [first] = pids();
  const supervisor = Number(
    /^PPid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${first}/status`))![1],
  );
  Deno.kill(supervisor, "SIGKILL");
  await one.head.event("died", ACTOR);
  const left = pids().filter((pid) => statOf(pid));
  assert.deepEqual(left, []);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("where the folder of its sockets was removed, the error says so, and how to keep it", async () => {
  await using one = await node();
  await Deno.remove(join(one.daemon.record.socket, ".."), { recursive: true });
  start(one.head, "Echo");
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.match(String(report!["message"]), /Cannot start workers on 127\.0\.0\.1: .* was removed/);
  assert.match(String(report!["mend"]), /beam up.*enable-linger/);
});

Deno.test("a command that is not there is one clear start error", async () => {
  await using one = await node({ worker_cmd: "/no/such/python -m ray._worker" });
  start(one.head, "Echo");
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.equal(report!["kind"], "start");
  assert.match(String(report!["message"]), /"\/no\/such\/python -m ray._worker" is not there/);
  assert.match(String(report!["mend"]), /BEAM_WORKER_CMD/);
});

Deno.test("a command that ends before it is ready is told with its last words", async () => {
  await using one = await node({ worker_cmd: `python3 -c "raise SystemExit('no module ray')"` });
  start(one.head, "Echo");
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.match(String(report!["message"]), /ended with code 1 before it was ready: no module ray/);
});

Deno.test("another minor version of Python than the driver's is refused, naming both", async () => {
  await using one = await node({}, { FAKE_PYTHON: "3.9.18" });
  start(one.head, "Echo", ACTOR, {}, { python: "3.12.1" });
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.equal(report!["kind"], "start");
  assert.match(String(report!["message"]), /3\.9\.18.*3\.12\.1/);
});

Deno.test("when its template is killed a worker's end is told, and the template comes back", async () => {
  await using one = await node();
  start(one.head, "Echo");
  const { fields: { pid } } = await one.head.event("initialized", ACTOR);
  const template = Number(/^PPid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
  Deno.kill(template, "SIGKILL");
  const { report } = (await one.head.event("died", ACTOR)).fields;
  assert.match(String(report!["message"]), /was lost: the process that started it/);
  start(one.head, "Echo", OTHER);
  await one.head.event("initialized", OTHER);
});

Deno.test("a stop before there is a process, and of a worker that is not here, are both answered", async () => {
  await using one = await node({}, { FAKE_MUTE: "1" });
  const report = { kind: "killed", message: "no longer wanted" };
  start(one.head, "Echo");
  one.head.send({ kind: "worker.stop", actor_id: ACTOR, incarnation: 1, report });
  one.head.send({ kind: "worker.stop", actor_id: OTHER, incarnation: 4, report });
  assert.equal((await one.head.event("died", ACTOR)).fields.report!["kind"], "killed");
  assert.equal((await one.head.event("died", OTHER)).fields.incarnation, 4);
});

Deno.test("after a lost link the node joins again with its report, and asks again", async () => {
  await using one = await node();
  start(one.head, "Echo");
  await one.head.event("initialized", ACTOR);
  const client = await one.client();
  const asking = client.request({ kind: "query.jobs" });
  await one.head.until(() => one.head.asked.length === 1);
  one.head.answer = () => ({ count: 7 });
  one.head.link!.close();
  const { fields } = await asking;
  assert.equal(fields.count, 7);
  const { report } = one.head.joins[1]!;
  const [actor] = report!["actors"] as Record<string, unknown>[];
  assert.equal(actor!["actor_id"], ACTOR);
  assert.equal(actor!["initialized"], true);
});

Deno.test("a death is told again until it is noted", async () => {
  await using one = await node();
  start(one.head, "Exits");
  await one.head.event("died", ACTOR);
  one.head.events.length = 0;
  one.head.link!.close();
  await one.head.event("died", ACTOR);
  one.head.send({ kind: "actor.noted", actor_id: ACTOR, incarnation: 1 });
  // Its answer shows that the node has read what was sent before.
  one.head.send({
    kind: "worker.stop",
    actor_id: OTHER,
    incarnation: 1,
    report: { kind: "killed", message: "x" },
  });
  await one.head.event("died", OTHER);
  one.head.link!.close();
  await one.head.until(() => one.head.joins.length === 3);
  assert.deepEqual(one.head.joins[2]!.report!["deaths"], []);
});

Deno.test("a node taken for dead ends its workers and comes back as another", async () => {
  await using one = await node();
  start(one.head, "Echo");
  const { fields: { pid } } = await one.head.event("initialized", ACTOR);
  const before = one.daemon.node_id;
  one.head.refuse = new RequestFailed("declared_dead", "this node was declared dead");
  one.head.link!.close();
  const last = await one.head.until(() => one.head.joins.length === 3 && one.head.joins[2]);
  assert.notEqual(last.node["node_id"], before);
  assert.deepEqual(last.report!["actors"], []);
  assert.throws(() => Deno.statSync(`/proc/${pid}`));
});

Deno.test("a caller elsewhere is joined to the worker through the node's port", async () => {
  await using one = await node();
  start(one.head, "Echo");
  await one.head.event("initialized", ACTOR);
  const { port } = one.head.joins[0]!.node["extra"] as { port: number };
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  const identity = { build: "test", keys: new Keyring("secret") };
  const opened = await dial(tcp, { identity, role: "caller", peer: "node" });
  const { stream } = opened;
  await writeAll(stream, encodeFrame({ kind: "splice", actor_id: ACTOR, incarnation: 1 }));
  await expectMessage(opened, "spliced", { peer: "node" });
  await writeAll(stream, new TextEncoder().encode("over"));
  const buffer = new Uint8Array(16);
  const count = await stream.read(buffer);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, count!)), "over");
  stream.close();
});

Deno.test("a head that does not answer is tried until time is up, with a line that says so", async () => {
  const said: string[] = [];
  const dir = await Deno.makeTempDir();
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  await assert.rejects(
    NodeDaemon.start({
      config: {
        runtime_dir: dir,
        role: "join",
        head: { host: "127.0.0.1", port },
        resources: {},
        labels: {},
        join_timeout_ms: 150,
        lifeline: false,
        standing: true,
        open: true,
      },
      env: {},
      progress: (text) => said.push(text),
      self: [],
      machine: MACHINE,
      shim: "/shim",
    }),
    /Cannot join the head at 127\.0\.0\.1:\d+: it could not be reached within/,
  );
  assert.match(said[0]!, /Waiting for the head at .*refused/i);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what ends leaves nothing: no process, socket, record or marker", async () => {
  const head = new FakeHead();
  const one = await node({}, {}, head);
  start(head, "Echo");
  const { fields: { pid } } = await head.event("initialized", ACTOR);
  const { socket } = one.daemon.record;
  await one[Symbol.asyncDispose]();
  assert.throws(() => Deno.statSync(`/proc/${pid}`));
  assert.throws(() => Deno.statSync(join(socket, "..")), Deno.errors.NotFound);
  assert.ok(head.heard.some(({ message }) => message.kind === "node.leave"));
});

Deno.test("a process that sends nonsense over the control socket is refused or loses its connection, others go on", async () => {
  await using one = await node();
  const honest = await one.client();
  const socket = one.daemon.record.socket;
  /** Sends bytes, and returns when the daemon has ended the connection or answered. */
  const said = async (...parts: Uint8Array[]) => {
    const stream = await Deno.connect({ transport: "unix", path: socket });
    for (const part of parts) await writeAll(stream, part);
    const answer = await stream.read(new Uint8Array(4096)).catch(() => null);
    stream.close();
    return answer === null ? "ended" : "answered";
  };
  const frame = (header: Record<string, unknown>, body?: Uint8Array) =>
    encodeFrame(header as { kind: string }, body);
  const id = 1;
  const ping = frame({ kind: "daemon.info", id: 2 });
  for (
    const bytes of [
      new Uint8Array(12).fill(0xff),
      frame({ kind: "" }),
      frame({ kind: "constructor" }),
      frame({ kind: "__proto__" }),
      frame({ kind: "actor.locate", id: "x", actor_id: "a" }),
      frame({ kind: "object.free", objects: 7 }),
      // Passed on inside another message, it would be deeper than the head takes.
      frame({ kind: "query.nodes", id, more: nested(60) }),
    ]
  ) assert.equal(await said(bytes, ping), "ended", new TextDecoder().decode(bytes));
  for (
    const header of [
      { kind: "driver.start", id },
      { ...DRIVER, id, pid: "1" },
      { ...DRIVER, id, sys_path: {} },
    ]
  ) assert.equal(await said(frame(header)), "answered", header.kind);
  for (
    const header of [
      { ...DRIVER, id, protocol: -1 },
      { kind: "worker.hello", id, protocol: 1, spawn: "x", pid: -1, python: "", socket: "" },
      { kind: "template.hello", id, protocol: 1, key: "x", pid: 1, python: "", executable: "" },
      { kind: "fork", id, spawn: "", socket: "", env: {}, cwd: "", out: "", err: "", exec: true },
      { kind: "node.join", id, node: {} },
      { kind: "object.create", id, object_id: "", owner: "", owner_node: "", size: -1 },
      { kind: "object.create", id, object_id: "", owner: "", owner_node: "", size: 2 ** 53 - 1 },
      { kind: "package.put", id, name: "../../x", offset: -1, size: 2 ** 53 - 1 },
      { kind: "package.has", id, name: "/etc/passwd" },
      { kind: "process.listen", id, process: "", socket: "/etc/passwd" },
    ]
  ) {
    // Refused in words, or by the end of this connection.
    assert.match(await said(frame(header), ping), /answered|ended/, header.kind);
  }
  // What is no request is let be.
  for (
    const header of [
      { kind: "object.free", objects: [null, 7, {}, { name: 1, node: [] }] },
      { kind: "object.seal", name: "n" },
      { kind: "worker.failed", cause: "", message: "" },
      { kind: "worker.lend", state: "x" },
      { kind: "exited", pid: 1, status: 0 },
      { kind: "task.events", count: -1, dropped: 2 ** 53 - 1 },
      { kind: "metrics.report" },
      { kind: "reply", id: 77 },
    ]
  ) {
    assert.match(await said(frame(header, new Uint8Array(5)), ping), /answered|ended/, header.kind);
  }
  const { fields } = await honest.request({ kind: "daemon.info" });
  assert.equal(fields.connected, true);
  assert.equal(one.head.joins.length, 1, "the node kept its link");
});

/** Lists in each other. */
function nested(deep: number): unknown[] {
  return deep === 0 ? [] : [nested(deep - 1)];
}

/**
 * A node that is let in and lies: what it says of others is refused in words, and the others go on.
 * Each test has an honest node with an actor that runs, and one that lies about it.
 */
import assert from "assert";
import type { Log } from "../runtime/log.ts";
import { RequestFailed } from "../wire/errors.ts";
import { encodeHead, FrameDecoder } from "../wire/frames.ts";
import { Link } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { pipe } from "../wire/_pipe.ts";
import {
  actorCreate,
  dialHead,
  FakeClock,
  FakeNode,
  Folder,
  groupCreate,
  startHead,
} from "./_fakes.ts";
import type { Head } from "./head.ts";

interface Scene {
  head: Head;
  honest: FakeNode;
  liar: FakeNode;
  job_id: string;
  /** The honest node's, with incarnation 1. */
  actor_id: string;
  /** The head's log. */
  lines: string[];
}

async function scene(run: (scene: Scene) => Promise<void>, clock?: FakeClock): Promise<void> {
  using folder = new Folder();
  const lines: string[] = [];
  const log = {
    write: (level: string, text: string) => lines.push(`${level} ${text}`),
  } as unknown as Log;
  await using head = await startHead(folder, { log, ...clock && { clock } });
  await using honest = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  const job_id = await honest.startJob();
  const create = actorCreate(job_id, { place: { CPU: 10_000, "node:10.0.0.1": 1 } });
  await honest.ask(create, { job_id });
  await honest.run(create.actor_id);
  await honest.settled();
  await using liar = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  await run({ head, honest, liar, job_id, actor_id: create.actor_id, lines });
  await honest.settled();
  assert.ok(head.state.nodes.get(honest.node_id), "the honest node is out");
  assert.equal(head.state.brain.job(job_id)?.state, "running");
  const actor = head.state.brain.actor(create.actor_id)!;
  assert.deepEqual([actor.step, actor.node_id, actor.incarnation], ["running", honest.node_id, 1]);
  assert.deepEqual(lines.filter((line) => line.startsWith("error")), []);
}

const refusedAs = (code: string) => (error: unknown) =>
  error instanceof RequestFailed && error.code === code;
const CHANGED = "the word was believed";

Deno.test("what becomes of another node's worker is not taken from a node", () =>
  scene(async ({ head, liar, actor_id, lines }) => {
    const before = JSON.stringify(head.state.brain.actor(actor_id));
    const worker = { actor_id, incarnation: 1 };
    const address = { socket: "/s/mine", worker_id: "f".repeat(56) };
    const report = { kind: "exit", message: "It exited." };
    for (const event of ["ready", "initialized", "blocked", "unblocked", "returned"] as const) {
      liar.tell(event, worker, { pid: 7, address });
    }
    for (const kind of ["init", "start", "exit"]) {
      liar.tell("died", worker, { report: { ...report, kind } }, new Uint8Array(3));
    }
    liar.tell("died", { actor_id, incarnation: 2 }, { report });
    await liar.settled();
    assert.equal(JSON.stringify(head.state.brain.actor(actor_id)), before, CHANGED);
    assert.equal(head.state.initErrors.get(actor_id).length, 0, CHANGED);
    assert.equal(head.state.workers.get("f".repeat(56)), undefined, CHANGED);
    assert.match(lines.join("\n"), /tells `died` of \w+\/1, which the books do not have there/);
  }));

Deno.test("that a worker which is told to end is gone, only its own node may say", () =>
  scene(async ({ head, honest, liar, job_id }) => {
    const create = actorCreate(job_id, {
      place: { CPU: 10_000, "node:10.0.0.1": 1 },
      run: { CPU: 10_000 },
    });
    const { actor_id } = create;
    await honest.ask(create, { job_id });
    await honest.run(actor_id);
    await honest.ask({ kind: "actor.kill", actor_id, no_restart: true }, { job_id });
    const report = { kind: "killed", message: "It was killed." };
    for (const kind of ["killed", "start"]) {
      liar.tell("died", { actor_id, incarnation: 1 }, { report: { ...report, kind } });
    }
    await liar.settled();
    assert.equal(head.state.brain.actor(actor_id)?.leaving.length, 1, CHANGED);
    honest.tell("died", { actor_id, incarnation: 1 }, { report });
    await honest.settled();
    assert.equal(head.state.brain.actor(actor_id)?.leaving.length, 0);
  }));

Deno.test("a driver or worker of another node cannot be spoken for", () =>
  scene(async ({ liar, job_id, actor_id, head, lines }) => {
    liar.link.send({ kind: "client.gone", client: "driver", job_id, reason: "I say so" });
    await assert.rejects(liar.ask({ kind: "driver.end" }, { job_id }), refusedAs("not_yours"));
    await assert.rejects(liar.ask(actorCreate(job_id), { job_id }), refusedAs("not_yours"));
    await assert.rejects(liar.ask(groupCreate(job_id), { job_id }), refusedAs("not_yours"));
    await assert.rejects(
      liar.ask(actorCreate(job_id), { job_id, actor_id }),
      refusedAs("not_yours"),
    );
    assert.equal(head.state.brain.books.groups.size, 0);
    assert.match(
      lines.join("\n"),
      /warning message client.gone of .* was refused: Cannot take the end of job/,
    );
    assert.match(
      lines.join("\n"),
      /warning message client.request .* its driver is on another node/,
    );
  }));

Deno.test("a worker cannot end the job that it works for", () =>
  scene(async ({ honest, job_id, actor_id }) => {
    await assert.rejects(
      honest.ask({ kind: "driver.end" }, { job_id, actor_id }),
      refusedAs("not_yours"),
    );
  }));

Deno.test("a driver is handed lines of its own actors, and nothing but lines", () =>
  scene(async ({ honest, liar, job_id, actor_id, lines }) => {
    const log: Message<"log"> = {
      kind: "log",
      job_id,
      actor_id,
      name: "Counter",
      pid: 1,
      ip: "10.0.0.2",
      stream: "out",
      lines: ["invented"],
    };
    const said = (message: Record<string, unknown>) =>
      liar.link.send({ kind: "log.lines", message });
    said(log);
    said({ ...log, job_id: "ffffffff" });
    said({ ...log, lines: "no list" });
    said({ kind: "actor.state", actor_id, state: "dead", incarnation: 1 });
    said({ kind: 7 });
    await liar.settled();
    await honest.settled();
    assert.deepEqual(
      honest.inbox.filter(({ message }) => "client" in message && message.client !== ""),
      [],
      CHANGED,
    );
    assert.match(lines.join("\n"), /lines of actor \w+: it runs on another node/);
    assert.match(lines.join("\n"), /Cannot hand on `actor.state` to a driver/);
  }));

/** The node of a `node.join`. */
function nodeOf(more: Record<string, unknown> = {}): Record<string, unknown> {
  const ip = "10.0.0.3";
  const total = { CPU: 10_000, GPU: 20_000, [`node:${ip}`]: 10_000 };
  return { node_id: "3".repeat(56), ip, total, gpu_ids: ["0", "1"], hostname: "three", ...more };
}

/** Joins, or is refused. */
async function joining(
  head: Head,
  node: Record<string, unknown>,
  more: { report?: Record<string, unknown>; key?: Uint8Array } = {},
): Promise<Link> {
  const opened = await dialHead(head.port, "node");
  const link = new Link(opened.stream, {
    peer: "the head",
    decoder: opened.decoder,
    onMessage() {},
  });
  try {
    await link.start(opened.early).request({ kind: "node.join", node, ...more });
    return link;
  } catch (error) {
    link.close();
    throw error;
  }
}

Deno.test("a node that says what cannot be of itself is not let in, and told why", () =>
  scene(async ({ head }) => {
    const many = (count: number, name: (at: number) => string) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), 10_000]));
    for (
      const [node, why] of [
        [{ total: { CPU: -1 } }, /CPU must be a whole number/],
        [{ total: { CPU: NaN } }, /CPU must be a whole number/],
        [{ total: { CPU: Infinity } }, /CPU must be a whole number/],
        [{ total: { CPU: 0.5 } }, /CPU must be a whole number/],
        [{ total: { CPU: 1e300 } }, /CPU must be a whole number/],
        [{ total: { memory: 2 ** 60 } }, /memory must be a whole number/],
        [{ total: { CPU: "1" } }, /CPU must be a whole number/],
        [{ gpu_ids: ["0", "0"] }, /gpu_ids have "0" twice/],
        [{ gpu_ids: ["0"] }, /one device id per GPU/],
        [{ gpu_ids: Array.from({ length: 2000 }, (_, at) => at) }, /2000 gpu_ids/],
        [{ total: many(2000, (at) => `r${at}`) }, /2000 resources/],
        [{ total: many(1, () => "r".repeat(300)) }, /more than 256 characters/],
        [{ total: { "node:10.0.0.1": 10_000 } }, /another address than its own/],
        [{ labels: { a: 1 } }, /label "a" must be a text/],
        [{ labels: { a: "x".repeat(2 ** 20) } }, /label "a" must be a text/],
        [{ labels: { "ray.io/node-id": "1".repeat(56) } }, /its label ray.io\/node-id/],
        [{ extra: { text: "x".repeat(2 ** 20) } }, /characters, at most/],
        [{ ip: "10.0.0.3\n2026-01-01 error invented" }, /is no address/],
        [{ hostname: "a\nb" }, /is no host's name/],
        [{ node_id: "x" }, /56 hex digits/],
      ] as [Record<string, unknown>, RegExp][]
    ) {
      await assert.rejects(joining(head, nodeOf(node)), (error: RequestFailed) => {
        assert.match(error.message, why);
        return true;
      });
    }
    assert.equal(head.state.brain.books.nodes.size, 2);
    (await joining(head, nodeOf())).close();
  }));

Deno.test("the id of a node is its own while it lives", () =>
  scene(async ({ head, liar, lines }) => {
    const node = nodeOf();
    const key = new Uint8Array(32).fill(1);
    const link = await joining(head, node, { key });
    for (const other of [undefined, new Uint8Array(32), new Uint8Array(0)]) {
      await assert.rejects(joining(head, node, other && { key: other }), refusedAs("node_taken"));
    }
    assert.equal(
      head.state.nodes.get("3".repeat(56))?.isClosed,
      false,
      "the link of the node is gone",
    );
    const digest =
      (head.state.brain.node("3".repeat(56))?.extra as { key_digest?: string }).key_digest;
    assert.match(digest ?? "", /^[0-9a-f]{64}$/);
    assert.match(lines.join("\n"), /another daemon has this id/);
    // With its key it may dial anew; on a link of another node it may not.
    (await joining(head, node, { key })).close();
    await link.closed;
    await assert.rejects(
      liar.link.request({ kind: "node.join", node: nodeOf({ node_id: "4".repeat(56) }) }),
      /on this link node \w+ has joined/,
    );
  }));

Deno.test("a living node is not replaced by one that says so from elsewhere, nor is the head's", () =>
  scene(async ({ head, honest }) => {
    const { hostname } = head.state.brain.node(honest.node_id)!;
    // From another machine: such a link cannot be dialed here, so it is handed to the head as it is.
    const said = async (node: Record<string, unknown>) => {
      const [near, far] = pipe();
      const { cluster } = head;
      const opened = { decoder: new FrameDecoder(), early: [], role: "node" as const, cluster };
      head.state.nodes.add(
        { ...opened, stream: far, secret: new Uint8Array(32) },
        { remote_ip: "10.9.9.9", local_ip: "10.0.0.9", peer: "10.9.9.9:1" },
      );
      const link = new Link(near, { peer: "the head", onMessage() {} }).start();
      try {
        return await link.request({ kind: "node.join", node });
      } finally {
        link.close();
      }
    };
    await said(nodeOf({ hostname, extra: { replaces: honest.node_id } }));
    await assert.rejects(
      said(nodeOf({ node_id: "5".repeat(56), is_head: true })),
      /is on another machine/,
    );
  }));

Deno.test("a report is of its own node, and of what can be", () =>
  scene(async ({ head, job_id, honest, actor_id }) => {
    const job = { node_id: "3".repeat(56), pid: 1, client: "c", namespace: "n", entrypoint: "e" };
    const report = (part: Record<string, unknown>) => ({ report: part });
    for (
      const [part, why] of [
        [{ jobs: [{ ...job, job_id: "02000000", node_id: honest.node_id }] }, /it has jobs of/],
        [{ jobs: [{ ...job, job_id: "ffffffff" }] }, /which nobody began/],
        [{ jobs: [{ ...job, job_id: "x" }] }, /which nobody began/],
        [{ actors: [{ actor_id, incarnation: 2 ** 50 }] }, /an incarnation/],
        [{ actors: [{ actor_id, incarnation: -1 }] }, /an incarnation/],
        [
          { actors: [{ actor_id, incarnation: 1, grant: { amounts: { CPU: -1 }, gpus: [] } }] },
          /grant/,
        ],
        [{ deaths: [{ actor_id, incarnation: 1, report: {} }] }, /death report/],
        [{ actors: [7] }, /`actors` must be map/],
      ] as [Record<string, unknown>, RegExp][]
    ) await assert.rejects(joining(head, nodeOf(), report(part)), why);
    // Another's actor and job, as if they were here: that worker is told to end, and that is all.
    const link = await joining(
      head,
      nodeOf(),
      report({ actors: [{ actor_id, incarnation: 1 }], jobs: [{ ...job, job_id }] }),
    );
    link.close();
    assert.equal(head.state.brain.job(job_id)?.node_id, honest.node_id);
  }));

Deno.test("answers to what was never asked, and orders from below, are nothing", () =>
  scene(async ({ head, liar, actor_id }) => {
    liar.link.passOn(
      { id: 1, message: { kind: "ping" }, body: new Uint8Array(0) },
      {},
      new Uint8Array(0),
    );
    liar.link.refuse(
      { id: 999, message: { kind: "ping" }, body: new Uint8Array(0) },
      new Error("no"),
    );
    const report = { kind: "killed", message: "I say so." };
    liar.link.send({ kind: "worker.stop", actor_id, incarnation: 1, report });
    liar.link.send({
      kind: "owner.gone",
      processes: [],
      nodes: [head.state.nodes.get(liar.node_id)!.peer],
    });
    liar.link.send({ kind: "objects.drop", names: ["n"] });
    await liar.settled();
    assert.equal(liar.link.isClosed, false);
  }));

Deno.test("lengths beyond what may be end the link of who sends them, and no other", () =>
  scene(async ({ head }) => {
    const prefix = (header: number, body: bigint) => {
      const bytes = new Uint8Array(12);
      new DataView(bytes.buffer).setUint32(0, header);
      new DataView(bytes.buffer).setBigUint64(4, body);
      return bytes;
    };
    const wide = encodeHead({ kind: "node.leave", reason: "" });
    for (const bytes of [prefix(2 ** 32 - 1, 0n), prefix(10, 2n ** 63n), wide.fill(0xc1, 12)]) {
      const { stream } = await dialHead(head.port, "node");
      await stream.write(bytes);
      const rest = new Uint8Array(64);
      while (await stream.read(rest).catch(() => null) !== null);
      stream.close();
    }
  }));

Deno.test("what a node says of its own is bounded", () =>
  scene(async ({ head, liar, honest, job_id }) => {
    const { tasks, metrics } = head.state;
    const said = (
      message: Record<string, unknown>,
      process: Record<string, unknown>,
      body?: Uint8Array,
    ) => liar.link.send({ kind: "client.said", client: "c", message, process }, body);
    const worker_id = job_id.padEnd(56, "f");
    const rows = new TextEncoder().encode("[]");
    for (const count of [1e300, NaN, -5, 2 ** 53, 0.5]) {
      said({ kind: "task.events", count, dropped: count }, { worker_id }, rows);
    }
    said({ kind: "metrics.report" }, {}, new TextEncoder().encode("no MessagePack"));
    said({ kind: "metrics.report" }, {}, new Uint8Array([0x91, 0x93, 1, 2, 3]));
    said({ kind: "driver.end" }, {});
    liar.link.send({
      kind: "node.usage",
      object_store_used: -1,
      object_store_spilled: 0,
      objects: 0,
    });
    await liar.settled();
    assert.equal(tasks.dropped, 0, CHANGED);
    assert.deepEqual(metrics.families(), []);
    assert.equal(head.state.objects.useOf(liar.node_id), undefined, CHANGED);
    const { body } = await honest.ask({ kind: "query.metrics" }, { job_id });
    assert.match(new TextDecoder().decode(body), /^beam_nodes\{state="alive"\} /m);
    await honest.ask({ kind: "query.tasks" }, { job_id });
  }));

Deno.test("names of megabytes are refused", () =>
  scene(async ({ head, honest, job_id }) => {
    const long = "x".repeat(2 ** 20);
    for (const more of [{ class_name: long }, { name: long }, { namespace: long }]) {
      await assert.rejects(
        honest.ask(actorCreate(job_id, more), { job_id }),
        /must have at most 16384 characters, got 1048576/,
      );
    }
    await assert.rejects(
      honest.ask(groupCreate(job_id, { name: long }), { job_id }),
      /must have at most 16384 characters/,
    );
    assert.equal(head.state.brain.books.groups.size, 0);
  }));

Deno.test("a node that goes on lying loses its link", () =>
  scene(async ({ head, liar, job_id, lines }) => {
    for (let times = 0; times < 100; times++) {
      liar.link.send({ kind: "client.gone", client: "driver", job_id, reason: "I say so" });
    }
    await liar.link.closed;
    while (head.state.nodes.get(liar.node_id)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.match(lines.join("\n"), /It spoke of what is not its own 100 times/);
  }));

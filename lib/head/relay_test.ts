import assert from "assert";
import { LinkClosed, type RequestFailed } from "../wire/errors.ts";
import { encodeFrame } from "../wire/frames.ts";
import { expectMessage, type Opened } from "../wire/handshake.ts";
import { writeAll } from "../wire/link.ts";
import { actorCreate, dialHead, FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";
import type { Head } from "./head.ts";

const PEER = { peer: "the head" };

async function runningActor(node: FakeNode): Promise<string> {
  const job_id = await node.startJob();
  const create = actorCreate(job_id);
  await node.ask(create, { job_id });
  await node.run(create.actor_id);
  await node.settled();
  return create.actor_id;
}

async function call(head: Head, actor_id: string, incarnation = 1): Promise<Opened> {
  const opened = await dialHead(head.port, "relay");
  await writeAll(opened.stream, encodeFrame({ kind: "splice", actor_id, incarnation }));
  return opened;
}

/** The owner's daemon: dials as it is asked to. */
async function answer(head: Head, node: FakeNode): Promise<Opened> {
  const { fields } = await node.next("relay.dial");
  const opened = await dialHead(head.port, "answer");
  await writeAll(opened.stream, encodeFrame({ kind: "answer", relay: fields.relay }));
  return opened;
}

async function readAll(opened: Opened): Promise<Uint8Array> {
  const parts: number[] = [];
  const buffer = new Uint8Array(65536);
  for (let n = await opened.stream.read(buffer); n !== null; n = await opened.stream.read(buffer)) {
    for (const byte of buffer.subarray(0, n)) parts.push(byte);
  }
  return new Uint8Array(parts);
}

const endWriting = (opened: Opened) => (opened.stream as Deno.TcpConn).closeWrite();

Deno.test("bytes go through both ways, whole, until both have ended", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const actor_id = await runningActor(node);
  const caller = await call(head, actor_id);
  const owner = await answer(head, node);
  await expectMessage(caller, "spliced", PEER);

  const forth = new Uint8Array(700_000).map((_, i) => i * 7);
  const back = new Uint8Array(300_000).map((_, i) => i * 13);
  const send = async (opened: Opened, bytes: Uint8Array) => {
    await writeAll(opened.stream, bytes);
    await endWriting(opened);
  };
  const [there, here] = await Promise.all([
    readAll(owner),
    readAll(caller),
    send(caller, forth),
    send(owner, back),
  ]);
  assert.deepEqual(there, forth);
  assert.deepEqual(here, back);
  caller.stream.close();
  owner.stream.close();
});

Deno.test("what the owner sends with its answer is not lost", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const caller = await call(head, await runningActor(node));
  const { fields } = await node.next("relay.dial");
  const owner = await dialHead(head.port, "answer");
  const frame = encodeFrame({ kind: "answer", relay: fields.relay });
  await writeAll(owner.stream, new Uint8Array([...frame, 1, 2, 3]));
  await endWriting(owner);
  await expectMessage(caller, "spliced", PEER);
  assert.deepEqual([...await readAll(caller)], [1, 2, 3]);
  caller.stream.close();
  owner.stream.close();
});

Deno.test("a worker that does not run, and a daemon that does not dial, are told", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const actor_id = await runningActor(node);
  const refused = async (opened: Opened) => await expectMessage(opened, "spliced", PEER);
  await assert.rejects(refused(await call(head, "f".repeat(32))), { code: "gone" });
  await assert.rejects(refused(await call(head, actor_id, 2)), { code: "gone" });
  const waiting = await call(head, actor_id);
  await node.next("relay.dial");
  clock.pass(5000);
  await assert.rejects(refused(waiting), {
    code: "unreachable",
    message: /its node 10\.0\.0\.1 did not dial within 5 s/,
  });
});

Deno.test("an answer that nobody waits for is closed", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const stray = await dialHead(head.port, "answer");
  await writeAll(stray.stream, encodeFrame({ kind: "answer", relay: "x" }));
  await assert.rejects(stray.stream.read(new Uint8Array(1)), LinkClosed);
  stray.stream.close();
});

Deno.test("a caller that goes away ends the owner's side, and the head ends both", async () => {
  using folder = new Folder();
  const head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const actor_id = await runningActor(node);
  const open = async () => {
    const caller = await call(head, actor_id);
    const owner = await answer(head, node);
    await expectMessage(caller, "spliced", PEER);
    return { caller, owner };
  };
  const first = await open();
  first.caller.stream.close();
  await assert.rejects(first.owner.stream.read(new Uint8Array(1)), LinkClosed);
  first.owner.stream.close();

  const second = await open();
  await head.close();
  for (const { stream } of [second.caller, second.owner]) {
    assert.equal(await stream.read(new Uint8Array(1)).catch(() => null), null);
    stream.close();
  }
});

Deno.test("a process, or a node's files, are relayed to by their node; a dead one is told of", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const { node_id } = node;
  for (const wanted of [{ process: "p1", node: node_id }, { files: true, node: node_id }]) {
    const caller = await dialHead(head.port, "relay");
    await writeAll(caller.stream, encodeFrame({ kind: "splice", ...wanted }));
    const { fields } = await node.next("relay.dial");
    assert.deepEqual([fields.process, fields.files], [wanted.process, wanted.files]);
    const owner = await dialHead(head.port, "answer");
    await writeAll(owner.stream, encodeFrame({ kind: "answer", relay: fields.relay }));
    await expectMessage(caller, "spliced", PEER);
    await writeAll(owner.stream, new Uint8Array([7]));
    await endWriting(owner);
    assert.deepEqual(await readAll(caller), new Uint8Array([7]));
    caller.stream.close();
    owner.stream.close();
  }
  await node.link.request({ kind: "node.leave", reason: "test" });
  for (
    const [wanted, code] of [[{ process: "p1" }, "process_gone"], [{ files: true }, "node_gone"]]
  ) {
    const caller = await dialHead(head.port, "relay");
    const splice = { kind: "splice" as const, node: node_id, ...wanted as object };
    await writeAll(caller.stream, encodeFrame(splice));
    await assert.rejects(
      expectMessage(caller, "spliced", PEER),
      (error: RequestFailed) => error.code === code,
    );
  }
});

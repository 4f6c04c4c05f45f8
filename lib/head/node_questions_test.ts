import assert from "assert";
import type { Received } from "../wire/link.ts";
import { FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = (body: Uint8Array) => JSON.parse(new TextDecoder().decode(body));

/** The next request of this kind that the head made of a node. */
async function asked(node: FakeNode, kind: string): Promise<Received> {
  for (;;) {
    const at = node.inbox.findIndex(({ message }) => message.kind === kind);
    const [found] = at < 0 ? [] : node.inbox.splice(at, 1);
    if (found) return found;
    await node.settled();
  }
}

Deno.test("lists of logs come from all nodes, and who is late has a fault", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  const brain = { suspect_ms: 1e9, dead_ms: 1e9 };
  await using head = await startHead(folder, { clock, brain });
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const answer = near.ask({ kind: "query.logs", match: "daemon" });
  const question = await asked(near, "node.logs");
  assert.equal((question.message as { match?: string }).match, "daemon");
  const file = { name: "daemon.log", bytes: 1, modified: 2, running: true, of: "daemon" };
  const nonsense = [null, 7, { name: 3 }, { ...file, name: "x".repeat(300) }];
  near.link.reply(question, "node.logs", { count: 1 }, encode([file, ...nonsense]));
  await asked(far, "node.logs");
  await near.settled();
  clock.pass(5000);
  const [first, second] = decode((await answer).body);
  assert.deepEqual([first.node_ip, first.files], ["10.0.0.1", [file]]);
  assert.deepEqual([second.node_id, second.files], [far.node_id, []]);
  assert.match(second.fault, /within 5 s/);
});

Deno.test("a part of a log is asked of its node, and refusals and absent nodes are told", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using near = await FakeNode.join(head.port);
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const part = { kind: "query.log", file: "daemon.log", offset: 3, most: 10, wait_ms: 0 } as const;
  const answer = near.ask({ ...part, node_id: far.node_id, lines: 7 });
  const question = await asked(far, "node.log");
  assert.equal((question.message as { lines?: number }).lines, 7);
  const bytes = new TextEncoder().encode("text");
  far.link.reply(question, "node.log", { size: 7, offset: 3, running: true }, bytes);
  const { fields, body } = await answer;
  assert.deepEqual([fields.size, fields.offset, fields.running], [7, 3, true]);
  assert.deepEqual(body, bytes);
  const cut = near.ask({ ...part, node_id: far.node_id });
  await asked(far, "node.log");
  far.link.close();
  await assert.rejects(cut, { code: "node_gone", message: /out of contact/ });
  const missing = near.ask({ ...part, node_id: "ab".repeat(28) });
  await assert.rejects(missing, { code: "node_gone" });
});

Deno.test("stacks come with what the head itself waits for", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port);
  const { last } = head.state.events;
  const waiting = node.ask({ kind: "query.events", since: last, limit: 1, wait_ms: 20_000 });
  const answer = node.ask({ kind: "query.stacks", pid: 7 });
  const question = await asked(node, "node.stacks");
  assert.equal((question.message as { pid?: number }).pid, 7);
  node.link.reply(question, "node.stacks", { count: 0 }, encode({ processes: [], daemon: {} }));
  const found = decode((await answer).body);
  assert.deepEqual(found.head.waiting, { events: 1 });
  assert.deepEqual(found.nodes[0].processes, []);
  head.state.events.add({ kind: "node.joined", severity: "info", text: "it" });
  await waiting;
});

Deno.test("a node that answers nonsense keeps nobody from seeing the others", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using near = await FakeNode.join(head.port, { ip: "10.0.0.1" });
  await using far = await FakeNode.join(head.port, { ip: "10.0.0.2" });
  const answer = near.ask({ kind: "query.logs" });
  near.link.reply(await asked(near, "node.logs"), "node.logs", { count: 0 }, encode({ a: 1 }));
  const broken = new TextEncoder().encode("{");
  far.link.reply(await asked(far, "node.logs"), "node.logs", { count: 0 }, broken);
  const [first, second] = decode((await answer).body);
  assert.deepEqual([first.files, second.files], [[], []]);
  assert.match(second.fault, /JSON/);
  const stacks = near.ask({ kind: "query.stacks" });
  for (const node of [near, far]) {
    const question = await asked(node, "node.stacks");
    node.link.reply(question, "node.stacks", { count: 0 }, encode(["what"]));
  }
  assert.deepEqual(decode((await stacks).body).nodes.length, 2);
});

import assert from "assert";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { Link } from "../wire/link.ts";
import { dialHead, FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";
import { PortError } from "./server.ts";

Deno.test("a node joins, is seen by others, and leaves", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { ip: "10.0.0.7" });
  assert.equal(node.joined.cluster, head.cluster);
  assert.equal(node.joined.epoch, 1);
  assert.equal(node.joined.node_ip, "10.0.0.7");
  assert.equal(node.joined.head_ip, "127.0.0.1");
  const [seen] = await node.query<Record<string, unknown>[]>({ kind: "query.nodes" });
  assert.equal(seen!["ip"], "10.0.0.7");
  assert.deepEqual(seen!["extra"], { port: 6380 });
  await node.link.request({ kind: "node.leave", reason: "beam down" });
  assert.equal(head.state.brain.node(node.node_id)?.state, "dead");
});

Deno.test("a node that names no address has the one it dialed from", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { ip: "" });
  assert.equal(node.joined.node_ip, "127.0.0.1");
});

Deno.test("a wrong token is refused", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await assert.rejects(dialHead(head.port, "node", "wrong"), { code: "token" });
  await assert.rejects(dialHead(head.port, "caller"), { code: "role" });
});

Deno.test("who asks after its health may ask for the status and for nothing else", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port);
  const { stream, decoder } = await dialHead(head.port, "health");
  const link = new Link(stream, { peer: "the head", decoder, onMessage() {} }).start();
  const { fields, body } = await link.request({ kind: "query.status" });
  assert.equal(fields.head_address, `127.0.0.1:${head.port}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(body));
  assert.deepEqual(nodes.map((one: { node_id: string }) => one.node_id), [node.node_id]);
  await assert.rejects(link.request({ kind: "query.nodes" }), { code: "role" });
  await assert.rejects(
    link.request({ kind: "node.join", node: { node_id: "a".repeat(56) } }),
    { code: "role" },
  );
  assert.equal(head.state.nodes.size, 1);
  clock.pass(30_000);
  assert.match((await link.closed).message, /ended the connection/);
});

Deno.test("health is refused to who cannot prove the token, and only so many ask at once", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await assert.rejects(dialHead(head.port, "health", "wrong"), { code: "token" });
  const asking = await Promise.all(Array.from({ length: 64 }, () => dialHead(head.port, "health")));
  const late = await dialHead(head.port, "health");
  await assert.rejects(late.stream.read(new Uint8Array(10)), LinkClosed);
  for (const { stream } of [...asking, late]) stream.close();
});

Deno.test("port probes, browsers and noise are closed without a line in the log", async () => {
  using folder = new Folder();
  const lines: string[] = [];
  const log = { write: (_level: string, text: string) => lines.push(text) };
  await using head = await startHead(folder, { log });
  const before = lines.length;
  for (const noise of ["", "GET / HTTP/1.1\r\n\r\n", "\0".repeat(50)]) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: head.port });
    await conn.write(new TextEncoder().encode(noise));
    await conn.closeWrite();
    const end = await conn.read(new Uint8Array(10)).catch(() => null);
    assert.equal(end, null);
    conn.close();
  }
  assert.equal(lines.length, before);
  await using _ = await FakeNode.join(head.port);
});

Deno.test("a taken port is told, and who has it", async () => {
  using folder = new Folder();
  using second = new Folder();
  await using head = await startHead(folder);
  const refusal = (port: number, who: RegExp) => (error: unknown) => {
    assert.ok(error instanceof PortError);
    assert.match(error.message, new RegExp(`port ${port} of 127.0.0.1`));
    assert.match(error.message, who);
    return true;
  };
  const again = startHead(second, { port: head.port, token: "other" });
  await assert.rejects(again, refusal(head.port, /another beam head holds it/));

  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = other.accept().then((conn) => conn.close());
  const taken = startHead(second, { port: other.addr.port });
  await assert.rejects(taken, refusal(other.addr.port, /another program holds it/));
  await closing;
});

Deno.test("a second head in the same runtime directory is refused", async () => {
  using folder = new Folder();
  await using _ = await startHead(folder);
  await assert.rejects(startHead(folder), /another head uses it/);
});

Deno.test("a node that falls silent is dead; its daemon must come back under a new id", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  const node = await FakeNode.join(head.port);
  // It says nothing: the fake's clock stands for the head's, so no byte counts as new.
  clock.pass(6000);
  assert.equal(head.state.brain.node(node.node_id)?.state, "dead");
  await node.link.closed;
  const back = FakeNode.join(head.port, { node_id: node.node_id });
  await assert.rejects(back, (error: RequestFailed) => {
    assert.equal(error.code, "declared_dead");
    assert.match(error.message, /nothing was heard from it for 5/);
    return true;
  });
  await using fresh = await FakeNode.join(head.port);
  assert.equal(head.state.brain.node(fresh.node_id)?.state, "alive");
});

Deno.test("who gives silence more time gives it to a lost connection too", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  const liveness = { suspect_ms: 10_000, dead_ms: 20_000 };
  await using head = await startHead(folder, { clock, liveness });
  const [silent, cut] = [await FakeNode.join(head.port), await FakeNode.join(head.port)];
  const states = () => [silent, cut].map(({ node_id }) => head.state.brain.node(node_id)?.state);
  clock.pass(8000);
  assert.deepEqual(states(), ["alive", "alive"]);
  cut.link.close();
  while (head.state.nodes.size > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  clock.pass(7000);
  assert.deepEqual(states(), ["suspect", "suspect"]);
  clock.pass(1500);
  assert.deepEqual(states(), ["suspect", "dead"]);
  clock.pass(3500);
  assert.deepEqual(states(), ["dead", "dead"]);
  await silent.link.closed;
});

Deno.test("any byte is life, and a cut within the grace time costs nothing", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  const node = await FakeNode.join(head.port);
  for (let second = 0; second < 12; second++) {
    clock.pass(1000);
    await node.settled();
  }
  assert.equal(head.state.brain.node(node.node_id)?.state, "alive");
  node.link.close();
  while (head.state.nodes.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(head.state.brain.node(node.node_id)?.state, "suspect");
  clock.pass(1500);
  await using back = await FakeNode.join(head.port, { node_id: node.node_id });
  clock.pass(1500);
  assert.equal(head.state.brain.node(back.node_id)?.state, "alive");
});

Deno.test("a node that dials anew replaces its old link without a loss", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const old = await FakeNode.join(head.port);
  await using anew = await FakeNode.join(head.port, { node_id: old.node_id });
  await old.link.closed;
  await anew.settled();
  assert.equal(head.state.brain.node(anew.node_id)?.state, "alive");
  assert.equal(head.state.nodes.size, 1);
});

Deno.test("a join that waited on a former connection is no news", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const { stream, decoder } = await dialHead(head.port, "node");
  const former = new Link(stream, { peer: "the head", decoder, onMessage() {} }).start();
  await using node = await FakeNode.join(head.port);
  const job_id = await node.startJob();
  const total = { CPU: 10_000 };
  const report = { actors: [], jobs: [], deaths: [] };
  const late = former.request({
    kind: "node.join",
    node: { node_id: node.node_id, total },
    report,
  });
  await assert.rejects(late, /the head ended the/);
  await node.settled();
  assert.equal(head.state.brain.job(job_id)?.state, "running");
});

Deno.test("what is no join, or a bad one, is refused in words", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const bad = FakeNode.join(head.port, { node_id: "xyz" });
  await assert.rejects(bad, { code: "bad_request", message: /must be 56 hex digits/ });
  await using node = await FakeNode.join(head.port);
  const request = { kind: "client.request" as const, client: "c", request: { kind: "nonsense" } };
  await assert.rejects(node.link.request(request), /unknown kind `nonsense`/);
  await assert.rejects(
    node.link.request({ ...request, request: { kind: "daemon.info" } }),
    { code: "unknown_request" },
  );
  await node.settled();
});

import assert from "assert";
import { LinkClosed, ProtocolError, RequestFailed } from "./errors.ts";
import { encodeFrame, PEER_LIMITS } from "./frames.ts";
import { fieldsOf, Link, type LinkOptions, type Received, writeAll } from "./link.ts";
import { pipe, type PipeEnd } from "./_pipe.ts";

interface Pair {
  a: Link;
  b: Link;
  atB: Received[];
  ends: [PipeEnd, PipeEnd];
}

function linked(
  options: { a?: Partial<LinkOptions>; b?: Partial<LinkOptions>; piece?: number } = {},
): Pair {
  const ends = pipe(options.piece === undefined ? {} : { piece: options.piece });
  const atB: Received[] = [];
  const b = new Link(ends[1], { peer: "a", onMessage: (got) => atB.push(got), ...options.b });
  const a = new Link(ends[0], { peer: "b", onMessage: () => {}, ...options.a });
  return { a: a.start(), b: b.start(), atB, ends };
}

const answering: Partial<LinkOptions> = {
  onMessage: (got, link) => {
    if (got.message.kind === "query.nodes") link.reply(got, "query.nodes", { count: 2 });
    else link.refuse(got, new RequestFailed("not_found", "There is no such thing", "Look again."));
  },
};

Deno.test("a request gets its answer, or the words of its refusal", async () => {
  await using pair = disposed(linked({ b: answering, piece: 3 }));
  const { fields } = await pair.a.request({ kind: "query.nodes" });
  assert.equal(fields.count, 2);
  await assert.rejects(pair.a.request({ kind: "query.jobs" }), {
    name: "RequestFailed",
    code: "not_found",
    message: "There is no such thing",
    mend: "Look again.",
  });
});

Deno.test("answers find their requests in whatever order they come", async () => {
  const asked: Received[] = [];
  await using pair = disposed(linked({ b: { onMessage: (got) => asked.push(got) } }));
  const answers = ["x", "y", "z"].map((pg_id) => pair.a.request({ kind: "group.wait", pg_id }));
  while (asked.length < 3) await Promise.resolve();
  for (const got of asked.reverse()) {
    const { pg_id } = fieldsOf(got, "group.wait");
    pair.b.reply(got, "group.wait", { state: `${pg_id}!` }, new TextEncoder().encode(pg_id));
  }
  const got = await Promise.all(answers);
  assert.deepEqual(got.map((one) => one.fields.state), ["x!", "y!", "z!"]);
  assert.deepEqual(got.map((one) => new TextDecoder().decode(one.body)), ["x", "y", "z"]);
});

Deno.test("messages arrive in order with their bodies, small and large", async () => {
  await using pair = disposed(linked());
  const sizes = [0, 10, 200_000, 1, 70_000];
  for (const size of sizes) {
    pair.a.send({ kind: "client.push", client: `${size}`, message: {} }, new Uint8Array(size));
  }
  await pair.a.flushed();
  while (pair.atB.length < sizes.length) await Promise.resolve();
  assert.deepEqual(pair.atB.map((got) => got.body.length), sizes);
  assert.equal(pair.a.queuedBytes, 0);
});

Deno.test("what waits to be written counts whole, headers too", async () => {
  const stuck = Promise.withResolvers<number>();
  const stream = { read: () => stuck.promise, write: () => stuck.promise, close() {} };
  const link = new Link(stream, { peer: "one that stands still", onMessage() {} }).start();
  const lines = ["x".repeat(1000)];
  link.send({ kind: "client.push", client: "c1", message: { lines } });
  await Promise.resolve();
  for (let at = 0; at < 10; at++) {
    link.send({ kind: "client.push", client: "c1", message: { lines } });
  }
  assert.ok(link.queuedBytes > 10_000, `${link.queuedBytes}`);
  link.close();
  stuck.reject(new Error("closed"));
  await link.flushed();
});

Deno.test("a ping is life and nothing else", async () => {
  let now = 100;
  await using pair = disposed(linked({ b: { now: () => now } }));
  assert.equal(pair.b.lastHeard, 100);
  now = 200;
  pair.a.send({ kind: "ping" });
  while (pair.b.lastHeard !== 200) await Promise.resolve();
  assert.deepEqual(pair.atB, []);
});

Deno.test("a request that is given up leaves the link as it was", async () => {
  const asked: Received[] = [];
  await using pair = disposed(linked({ b: { onMessage: (got) => asked.push(got) } }));
  const abort = new AbortController();
  const waiting = pair.a.request({ kind: "query.nodes" }, { signal: abort.signal });
  abort.abort(new Error("no more"));
  await assert.rejects(waiting, /no more/);
  const next = pair.a.request({ kind: "query.jobs" });
  while (asked.length < 2) await Promise.resolve();
  pair.b.reply(asked[0]!, "query.nodes", { count: 0 });
  pair.b.reply(asked[1]!, "query.jobs", { count: 7 });
  assert.equal((await next).fields.count, 7);
  assert.equal(pair.a.isClosed, false);
});

Deno.test("an answer that is too long to be taken is refused, and the link goes on", async () => {
  const asked: Received[] = [];
  await using pair = disposed(linked({ b: { onMessage: (got) => asked.push(got) } }));
  const long = pair.a.request({ kind: "query.work", node: "a" });
  const short = pair.a.request({ kind: "query.jobs" });
  while (asked.length < 2) await Promise.resolve();
  pair.b.passOn(asked[0]!, { actors: ["x".repeat(PEER_LIMITS.header)] }, new Uint8Array());
  pair.b.reply(asked[1]!, "query.jobs", { count: 7 });
  await assert.rejects(long, { code: "too_large" });
  assert.equal((await short).fields.count, 7);
});

Deno.test("an end fails what waits, tells why, and lets nothing more through", async () => {
  const pair = linked();
  const waiting = pair.a.request({ kind: "query.nodes" });
  pair.b.close();
  await assert.rejects(waiting, LinkClosed);
  assert.match((await pair.a.closed).message, /b ended the link$/);
  await assert.rejects(pair.a.request({ kind: "query.nodes" }), LinkClosed);
  pair.a.send({ kind: "ping" });
  assert.match((await pair.b.closed).message, /was closed on this side/);
});

Deno.test("an end within a message is told as one", async () => {
  const pair = linked();
  await writeAll(pair.ends[0], encodeFrame({ kind: "ping" }).subarray(0, 5));
  await pair.ends[0].closeWrite();
  assert.match((await pair.b.closed).message, /in the middle of a message/);
  pair.a.close();
});

Deno.test("a request with a field that does not do is refused, and the link goes on", async () => {
  await using pair = disposed(linked({ b: answering }));
  // deno-lint-ignore no-explicit-any
  await assert.rejects(pair.a.request({ kind: "group.wait", pg_id: 7 as any }), {
    code: "bad_request",
    message: "Cannot take `group.wait`: its field `pg_id` must be str",
  });
  const { fields } = await pair.a.request({ kind: "query.nodes" });
  assert.equal(fields.count, 2);
});

Deno.test("a request that only another build knows is refused in words, and the link goes on", async () => {
  await using pair = disposed(linked({ b: answering }));
  // deno-lint-ignore no-explicit-any
  await assert.rejects(pair.a.request({ kind: "of.tomorrow" } as any), {
    code: "unknown_request",
    message: /^Cannot answer `of.tomorrow`: beam \d\S+, which was asked, does not know it$/,
    mend: /beam up --replace/,
  });
  const { fields } = await pair.a.request({ kind: "query.nodes" });
  assert.equal(fields.count, 2);
});

Deno.test("what breaks the protocol closes the link with the fault", async () => {
  const faults: [Record<string, unknown> & { kind: string }, RegExp][] = [
    [{ kind: "no.such" }, /unknown kind `no.such`/],
    [{ kind: "group.wait" }, /`pg_id` is missing/],
    [{ kind: "group.wait", pg_id: 7 }, /`pg_id` must be str/],
    [{ kind: "ping", id: 0.5 }, /`id` must be a whole number/],
  ];
  for (const [header, words] of faults) {
    const pair = linked();
    await writeAll(pair.ends[0], encodeFrame(header));
    const reason = await pair.b.closed;
    assert.ok(reason instanceof ProtocolError);
    assert.match(reason.message, words);
    assert.match((await pair.a.closed).message, /ended the link/);
  }
});

Deno.test("an answer that is not as declared fails its request and the link", async () => {
  const pair = linked({
    b: { onMessage: (got, link) => link.passOn(got, { count: "none" }, new Uint8Array()) },
  });
  await assert.rejects(pair.a.request({ kind: "query.nodes" }), /`count` must be int/);
  assert.ok(await pair.a.closed instanceof ProtocolError);
  await pair.b.closed;
});

Deno.test("what a handler throws closes the link", async () => {
  const pair = linked({
    b: {
      onMessage: () => {
        throw new Error("oops");
      },
    },
  });
  pair.a.send({ kind: "driver.end" });
  assert.match((await pair.b.closed).message, /oops/);
  await pair.a.closed;
});

Deno.test("limits hold", async () => {
  const pair = linked({ b: { limits: { header: 100, body: 5 } } });
  pair.a.send({ kind: "client.push", client: "", message: {} }, new Uint8Array(6));
  assert.match((await pair.b.closed).message, /body of 6 bytes/);
  await pair.a.closed;
});

function disposed(pair: Pair): Pair & AsyncDisposable {
  return Object.assign(pair, {
    [Symbol.asyncDispose]: async () => {
      pair.a.close();
      await pair.b.closed;
    },
  });
}

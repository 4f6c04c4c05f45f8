import assert from "assert";
import { Encoder } from "msgpack";
import { LinkClosed, ProtocolError, RequestFailed } from "./errors.ts";
import { encodeFrame, FrameDecoder } from "./frames.ts";
import {
  accept,
  type AcceptOptions,
  dial,
  type DialOptions,
  expectMessage,
  type Identity,
  type Opened,
  refuseStream,
  type Role,
  sayFirst,
} from "./handshake.ts";
import { type ByteStream, writeAll } from "./link.ts";
import { joinToken, joinTokenText } from "./join_token.ts";
import { keyId, Keyring } from "./keyring.ts";
import { PROTOCOL_VERSION } from "./messages.ts";
import { pipe, type PipeEnd } from "./_pipe.ts";

const CLUSTER = "c".repeat(56);
const NOW = 1_000_000_000_000;
const key = (text: string) => new TextEncoder().encode(text);

function identity(token = "secret", cluster: string | undefined = CLUSTER): Identity {
  return {
    build: "0.1.0+test",
    keys: new Keyring(token),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

function listen(stream: ByteStream, options: Partial<AcceptOptions> = {}): Promise<Opened> {
  return accept(stream, {
    identity: { ...identity(), cluster: CLUSTER },
    peer: "10.0.0.2:5",
    now: NOW,
    roles: ["node", "caller"],
    ...options,
  });
}

interface Outcome {
  dialer: PromiseSettledResult<Opened>;
  listener: PromiseSettledResult<Opened>;
  ends: [PipeEnd, PipeEnd];
}

async function open(
  dialer: Partial<DialOptions> = {},
  listener: Partial<AcceptOptions> = {},
  piece?: number,
): Promise<Outcome> {
  const ends = pipe(piece === undefined ? {} : { piece });
  const [dialed, accepted] = await Promise.allSettled([
    dial(ends[0], { identity: identity(), role: "node", peer: "10.0.0.1:6379", ...dialer }),
    listen(ends[1], listener),
  ]);
  return { dialer: dialed!, listener: accepted!, ends };
}

function reasonOf(result: PromiseSettledResult<Opened>): RequestFailed {
  if (result.status !== "rejected") assert.fail("it was let in");
  assert.ok(result.reason instanceof RequestFailed, `${result.reason}`);
  return result.reason;
}

function valueOf(result: PromiseSettledResult<Opened>): Opened {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

Deno.test("what follows is sealed where there is a token, and only there", async () => {
  const openCluster = { identity: { ...identity(""), cluster: CLUSTER } };
  for (const [ours, theirs] of [[{}, {}], [{ identity: identity("") }, openCluster]] as const) {
    const { dialer, listener, ends } = await open(ours, theirs);
    const [a, b] = [valueOf(dialer), valueOf(listener)];
    const before = ends[0].written.length;
    await writeAll(a.stream, key("text"));
    const buffer = new Uint8Array(100);
    assert.equal(await b.stream.read(buffer), 4);
    const sent = ends[0].written.slice(before).reduce((sum, { length }) => sum + length, 0);
    assert.equal(sent, "identity" in ours ? 4 : 4 + 20);
    await writeAll(ends[1], new Uint8Array([0, 0, 0, 1, 7, ...new Uint8Array(16)]));
    const heard = a.stream.read(buffer);
    if ("identity" in ours) assert.equal(await heard, 21);
    else await assert.rejects(heard, ProtocolError);
  }
});

/** Both sides refuse with this code and words, and both streams are closed. */
function assertRefused(outcome: Outcome, code: string, words: RegExp): void {
  for (const side of [outcome.dialer, outcome.listener]) {
    const reason = reasonOf(side);
    assert.equal(reason.code, code);
    assert.match(reason.message, words);
  }
  assert.ok(outcome.ends.every((end) => end.closed));
}

Deno.test("two that know the token are let in, byte by byte too", async () => {
  for (const piece of [undefined, 1, 7]) {
    const outcome = await open({}, {}, piece);
    const accepted = valueOf(outcome.listener);
    assert.equal(accepted.role, "node");
    assert.equal(valueOf(outcome.dialer).cluster, CLUSTER);
    assert.ok(outcome.ends.every((end) => !end.closed));
  }
});

Deno.test("a joiner without a cluster learns it", async () => {
  const { dialer } = await open({ identity: { build: "b", keys: new Keyring("secret") } });
  assert.equal(valueOf(dialer).cluster, CLUSTER);
});

Deno.test("the token never crosses the wire", async () => {
  const token = "a-very-secret-token";
  const { ends, dialer } = await open({ identity: identity(token) }, {
    identity: { ...identity(token), cluster: CLUSTER },
  });
  valueOf(dialer);
  const sent = ends.flatMap((end) => end.written).map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(sent.length >= 4);
  assert.ok(sent.every((text) => !text.includes(token)));
});

Deno.test("with another token neither side proves anything", async () => {
  const outcome = await open({ identity: identity("other") });
  assertRefused(outcome, "token", /its token is not this cluster's/);
  const [told] = [...new FrameDecoder().feed(outcome.ends[1].written[0]!)];
  assert.equal(told!.header.kind, "refused", "no proof that a stranger could try tokens on");
  assert.equal(outcome.ends[0].written.length, 1, "only its hello");
});

Deno.test("a listener that knows the token's name only is found out, and is proven nothing", async () => {
  const [dialer, impostor] = pipe();
  const dialed = dial(dialer, { identity: identity(), role: "node", peer: "10.0.0.1:6379" });
  const buffer = new Uint8Array(4096);
  await impostor.read(buffer);
  const [nonce, proof] = [new Uint8Array(32), new Uint8Array(32)];
  const welcome = { protocol: PROTOCOL_VERSION, build: "x", cluster: CLUSTER, nonce, proof };
  await writeAll(impostor, encodeFrame({ kind: "welcome", ...welcome, secured: true }));
  await assert.rejects(dialed, /could not prove that it knows this side's token/);
  assert.equal(dialer.written.length, 1, "only its hello");
});

Deno.test("a former token is good for a while, then its holder is told when it was changed", async () => {
  const keys = new Keyring("secret");
  keys.use("newer", NOW, NOW + 1000);
  const listener = { identity: { build: "b", keys, cluster: CLUSTER } };
  const early = await open({}, { ...listener, now: NOW + 999 });
  assert.equal(valueOf(early.listener).key, keyId(key("secret")));
  const late = await open({}, { ...listener, now: NOW + 1000 });
  assertRefused(late, "token", /was changed on 2001-09-09 01:46 UTC, and it has a former one/);
  assert.match(reasonOf(late.dialer).mend ?? "", /beam token create/);
  valueOf((await open({ identity: identity("newer") }, listener)).listener);
});

Deno.test("a join token opens a node's connection where it is good, and nothing else", async () => {
  const made = joinToken(key("secret"), "0123456789abcdef");
  const dialer = { identity: identity(joinTokenText(made)) };
  const join = (id: string) => joinToken(key("secret"), id).secret;
  const good = await open(dialer, { join });
  const [one, other] = [valueOf(good.dialer), valueOf(good.listener)];
  assert.equal(other.join, made.id);
  assert.equal(other.key, undefined);
  assert.deepEqual(one.secret, other.secret);
  assertRefused(await open(dialer), "token", /a join token is good at the head only/);
  assertRefused(
    await open({ ...dialer, role: "caller" }, { join }),
    "role",
    /a join token is good for node, health only/,
  );
  const elsewhere = (id: string) => joinToken(key("other"), id).secret;
  const outcome = await open(dialer, { join: elsewhere });
  assert.equal(reasonOf(outcome.dialer).code, "token");
});

Deno.test("each connection has a secret of its own", async () => {
  const [first, second] = [await open(), await open()];
  assert.deepEqual(valueOf(first.dialer).secret, valueOf(first.listener).secret);
  assert.notDeepEqual(valueOf(first.dialer).secret, valueOf(second.dialer).secret);
});

Deno.test("an opening has 4 KiB for all of its frames", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const hello = {
    kind: "hello" as const,
    protocol: PROTOCOL_VERSION,
    build: "x".repeat(3000),
    role: "node",
    nonce: new Uint8Array(32),
    secured: true,
    key: keyId(key("secret")),
  };
  await writeAll(stranger, encodeFrame(hello));
  await writeAll(stranger, encodeFrame({ kind: "proof", proof: new Uint8Array(2000) }));
  await assert.rejects(accepted, /10\.0\.0\.2:5 sent more than 4096 bytes/);
  assert.ok(listener.closed);
});

Deno.test("a dialer that claims the token without it is refused by the listener", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const hello = {
    kind: "hello" as const,
    protocol: PROTOCOL_VERSION,
    build: "x",
    role: "node",
    nonce: new Uint8Array(32),
    secured: true,
    key: keyId(key("secret")),
  };
  await writeAll(stranger, encodeFrame(hello));
  await writeAll(stranger, encodeFrame({ kind: "proof", proof: new Uint8Array(32) }));
  await assert.rejects(accepted, { name: "RequestFailed", code: "token" });
  assert.ok(listener.closed);
});

Deno.test("a proof that was overheard opens nothing a second time", async () => {
  const { ends: [dialer], listener } = await open();
  valueOf(listener);
  const [replayed, again] = pipe();
  const accepted = listen(again);
  for (const bytes of dialer.written) await writeAll(replayed, bytes);
  await assert.rejects(accepted, { code: "token" });
});

Deno.test("a listener's proof cannot be sent back as a dialer's", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const nonce = new Uint8Array(32).fill(7);
  const named = { secured: true, key: keyId(key("secret")) };
  const hello = { protocol: PROTOCOL_VERSION, build: "x", role: "node", nonce, ...named };
  await writeAll(stranger, encodeFrame({ kind: "hello", ...hello }));
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(4096);
  const count = await stranger.read(buffer);
  const [welcome] = [...decoder.feed(buffer.subarray(0, count!))];
  await writeAll(stranger, encodeFrame({ kind: "proof", proof: welcome!.header["proof"] }));
  await assert.rejects(accepted, { code: "token" });
});

Deno.test("open and secured do not mix, and each side says so", async () => {
  const openHead = { identity: { ...identity(""), cluster: CLUSTER } };
  const first = await open({}, openHead);
  assert.equal(reasonOf(first.dialer).code, "open");
  assert.match(reasonOf(first.dialer).message, /it is open .* this side has a token/);
  const second = await open({ identity: identity("") });
  assertRefused(second, "token", /this cluster has a token, and .* has none/);
  const both = await open({ identity: identity("") }, openHead);
  valueOf(both.dialer);
  valueOf(both.listener);
});

Deno.test("another cluster is refused, naming both", async () => {
  const other = "d".repeat(56);
  const outcome = await open({ identity: identity("secret", other) });
  assertRefused(outcome, "cluster", new RegExp(`cluster ${other}, this is cluster ${CLUSTER}`));
  assert.match(reasonOf(outcome.dialer).mend ?? "", /beam down/);
});

Deno.test("a role that is not served here is refused, naming those that are", async () => {
  assertRefused(await open({ role: "relay" }), "role", /as `relay`: .*node, caller/);
  const unknown = await open({ role: "emperor" as Role });
  assertRefused(unknown, "role", /as `emperor`/);
});

Deno.test("another protocol version is refused, naming both builds", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const hello = {
    protocol: PROTOCOL_VERSION + 1,
    build: "9.9.9+future",
    role: "node",
    nonce: new Uint8Array(32),
    secured: true,
  };
  await writeAll(stranger, encodeFrame({ kind: "hello", ...hello }));
  await assert.rejects(accepted, (error: RequestFailed) => {
    assert.equal(error.code, "version");
    assert.match(error.message, /9\.9\.9\+future \(protocol 2\): this is build 0\.1\.0\+test/);
    return true;
  });
  const text = new TextDecoder().decode(listener.written[0]);
  assert.match(text, /refused.*version/);
});

Deno.test("a nonce too short to be one is refused", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const nonce = new Uint8Array(3);
  const hello = { protocol: PROTOCOL_VERSION, build: "x", role: "node", nonce, secured: true };
  await writeAll(stranger, encodeFrame({ kind: "hello", ...hello }));
  await assert.rejects(accepted, /its nonce must have 16 to 64 bytes, got 3/);
});

Deno.test("a stranger that says nothing is closed after the time it is given", async () => {
  const [, listener] = pipe();
  await assert.rejects(listen(listener, { timeout: 5 }), (error: Error) => {
    assert.ok(error instanceof LinkClosed);
    assert.match(error.message, /10\.0\.0\.2:5 did not finish the opening .* within 5 ms/);
    return true;
  });
  assert.ok(listener.closed);
});

Deno.test("a stranger that drips bytes gets no more time for it", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener, { timeout: 20 });
  const bytes = encodeFrame({ kind: "hello", nonce: new Uint8Array(2000) });
  let at = 0;
  const drip = setInterval(() => {
    stranger.write(bytes.subarray(at, ++at)).catch(() => {});
  }, 2);
  await assert.rejects(accepted, LinkClosed);
  clearInterval(drip);
});

Deno.test("HTTP, noise, an early end: an error each, the stream closed", async () => {
  const noises: [Uint8Array, { new (message: string): Error }][] = [
    [key("GET / HTTP/1.1\r\n\r\n"), ProtocolError],
    [new Uint8Array(100), ProtocolError],
    [encodeFrame({ kind: "ping" }), ProtocolError],
    [encodeFrame({ kind: "no such kind" }), ProtocolError],
    [new Uint8Array(0), LinkClosed],
    [new Encoder().encode({ kind: "hello" }).slice(0, 5), LinkClosed],
  ];
  for (const [bytes, failure] of noises) {
    const [stranger, listener] = pipe();
    const accepted = listen(listener);
    await writeAll(stranger, bytes);
    await stranger.closeWrite();
    await assert.rejects(accepted, failure);
    assert.ok(listener.closed);
    assert.deepEqual(listener.written, []);
  }
});

Deno.test("no byte past the opening is read: it belongs to the splice", async () => {
  const { dialer, listener } = await open({ role: "caller" });
  const splice = { kind: "splice", actor_id: "a", incarnation: 2 } as const;
  const { stream } = valueOf(dialer);
  await writeAll(stream, encodeFrame(splice));
  await writeAll(stream, key("raw"));
  const message = await expectMessage(valueOf(listener), "splice", { peer: "x" });
  assert.equal(message.incarnation, 2);
  const buffer = new Uint8Array(100);
  assert.equal(await valueOf(listener).stream.read(buffer), 3);
  assert.equal(new TextDecoder().decode(buffer.subarray(0, 3)), "raw");
});

Deno.test("a stream that is refused after its opening is told why", async () => {
  const { dialer, listener, ends } = await open({ role: "caller" });
  await refuseStream(valueOf(listener).stream, new RequestFailed("gone", "It is gone", "Go on."));
  const answer = expectMessage(valueOf(dialer), "spliced", { peer: "x" });
  await assert.rejects(answer, { code: "gone", message: "It is gone", mend: "Go on." });
  assert.ok(ends.every((end) => end.closed));
});

Deno.test("a stream on which the first word cannot be said is closed", async () => {
  const [ours, theirs] = pipe();
  theirs.close();
  await assert.rejects(sayFirst(ours, { kind: "answer", relay: "r" }), /the pipe is closed/);
  assert.ok(ours.closed);
});

Deno.test("what a stranger leaves empty is as if he had left it out", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const nonce = new Uint8Array(32);
  const hello = { protocol: PROTOCOL_VERSION, build: "x", role: "node", nonce, secured: true };
  const empty = { cluster: null, key: null, join: null };
  await writeAll(stranger, encodeFrame({ kind: "hello", ...hello, ...empty }));
  await assert.rejects(accepted, { code: "token", message: /its token is not this cluster's/ });
});

/** No control characters. */
function isPlain(text: string): boolean {
  return [...text].every((letter) => letter >= " " && letter !== "\u007f");
}

Deno.test("who refuses an opening has proven nothing, and is not believed what only the cluster knows", async () => {
  for (
    const [said, believed] of [["declared_dead", "refused"], ["gone", "refused"], [
      "token",
      "token",
    ]]
  ) {
    const [dialer, impostor] = pipe();
    const dialed = dial(dialer, { identity: identity(), role: "node", peer: "10.0.0.1:6379" });
    await impostor.read(new Uint8Array(4096));
    await writeAll(impostor, encodeFrame({ kind: "refused", code: said!, message: "No" }));
    await assert.rejects(dialed, { name: "RequestFailed", code: believed, message: "No" });
  }
});

Deno.test("what a stranger says of itself cannot write lines of a log, nor colour a terminal", async () => {
  const [stranger, listener] = pipe();
  const accepted = listen(listener);
  const nonce = new Uint8Array(32);
  const build = "1\n2026-01-01 ERROR all is lost \u001b[31m" + "x".repeat(500);
  const hello = { protocol: 999, build, role: "node", nonce, secured: true };
  await writeAll(stranger, encodeFrame({ kind: "hello", ...hello }));
  await assert.rejects(accepted, (error: Error) => {
    assert.ok(isPlain(error.message) && error.message.length < 300, error.message);
    return true;
  });
  const [dialer, impostor] = pipe();
  const dialed = dial(dialer, { identity: identity(), role: "node", peer: "10.0.0.1:6379" });
  await impostor.read(new Uint8Array(4096));
  const message = "no\u001b[2J\r" + "y".repeat(3000);
  await writeAll(impostor, encodeFrame({ kind: "refused", code: "x", message }));
  await assert.rejects(dialed, (error: Error) => {
    assert.ok(isPlain(error.message) && error.message.length < 1100);
    return true;
  });
});

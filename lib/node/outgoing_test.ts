import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { encodeFrame, FrameDecoder, type Header } from "../wire/frames.ts";
import { accept, expectMessage } from "../wire/handshake.ts";
import { KeyedStreams } from "../wire/keyed_streams.ts";
import { Keyring } from "../wire/keyring.ts";
import { writeAll } from "../wire/link.ts";
import { splice, type SpliceStream } from "../wire/splice.ts";
import { NodeDialer } from "./node_dialer.ts";
import { Outgoing } from "./outgoing.ts";
import { Splicer } from "./splicer.ts";

const NODE = "9".repeat(56);
const ACTOR = "a".repeat(32);
const HOST = "127.0.0.1";
const identity = (token = "secret") => ({
  build: "test",
  keys: new Keyring(token),
  cluster: "c".repeat(56),
});

/** A worker that says everything back, its node's port, and another node's socket for its processes. */
class Place {
  readonly dir = Deno.makeTempDirSync({ prefix: "beam-outgoing-" });
  readonly said: string[] = [];
  readonly heard: string[] = [];
  readonly splicer: Splicer;
  readonly outgoing: Outgoing;
  readonly ending = new AbortController();
  /** Where the port is looked for. */
  port: number;
  /** Where the head is looked for. */
  head = 1;
  #worker: Deno.UnixListener;

  /** The other node's. */
  readonly keys: Keyring;
  readonly streams: KeyedStreams;

  constructor(token?: string) {
    this.keys = identity(token).keys;
    this.streams = new KeyedStreams(this.keys);
    const path = join(this.dir, "worker.sock");
    this.#worker = Deno.listen({ transport: "unix", path });
    this.#echo();
    this.splicer = new Splicer({
      identity: () => identity(),
      socketOf: ({ actor_id }) => Promise.resolve(actor_id === ACTOR ? path : undefined),
      sources: new Map(),
      streams: new KeyedStreams(identity().keys),
      log: (text) => this.heard.push(text),
    }, { ip: HOST });
    this.port = this.splicer.port;
    const dialer = new NodeDialer({
      identity: () => ({ ...identity(), keys: this.keys }),
      locate: (node) => {
        if (node === NODE) return Promise.resolve({ host: HOST, port: this.port });
        return Promise.reject(new RequestFailed("node_gone", "That node is dead"));
      },
      head: () => ({ host: HOST, port: this.head }),
    });
    this.outgoing = new Outgoing(join(this.dir, "outgoing.sock"), {
      dialer,
      log: (text) => this.said.push(text),
      streams: this.streams,
      signal: this.ending.signal,
    });
  }

  /** A process that asks for a stream and, without waiting, says something on it. */
  async open(wanted: Partial<Header> = {}): Promise<Deno.UnixConn> {
    const stream = await Deno.connect({ transport: "unix", path: this.outgoing.path });
    const asked = { kind: "splice", actor_id: ACTOR, incarnation: 1, node: NODE, ...wanted };
    await writeAll(stream, encodeFrame(asked));
    await writeAll(stream, new TextEncoder().encode("hello"));
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort(new Error("The node is being ended"));
    await this.outgoing.close();
    await this.splicer.close();
    this.#worker.close();
    assert.throws(() => Deno.statSync(this.outgoing.path));
    Deno.removeSync(this.dir, { recursive: true });
  }

  async #echo(): Promise<void> {
    try {
      for await (const stream of this.#worker) {
        stream.readable.pipeTo(stream.writable).catch(() => {});
      }
    } catch { /* closed */ }
  }
}

/** The daemon's answer, and what follows it. */
async function answer(stream: SpliceStream): Promise<{ header: Header; rest: string }> {
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(1000);
  for (;;) {
    const count = await stream.read(buffer.subarray(0, Math.max(1, decoder.missing)));
    if (count === null) assert.fail("it ended before its answer");
    const [frame] = [...decoder.feed(buffer.subarray(0, count))];
    if (!frame) continue;
    const rest = frame.header.kind === "spliced" ? await stream.read(buffer) : 0;
    return { header: frame.header, rest: new TextDecoder().decode(buffer.subarray(0, rest ?? 0)) };
  }
}

Deno.test("a process reaches a worker of another node, and need not wait for it", async () => {
  await using place = new Place();
  assert.equal(Deno.statSync(place.outgoing.path).mode! & 0o777, 0o600);
  const stream = await place.open();
  assert.deepEqual(await answer(stream), { header: { kind: "spliced" }, rest: "hello" });
  stream.close();
});

Deno.test("what is not there is refused in the words of who knows", async () => {
  await using place = new Place();
  for (
    const [wanted, code] of [
      [{ actor_id: "b".repeat(32) }, "gone"],
      [{ process: "p", actor_id: undefined }, "process_gone"],
      [{ node: "dead" }, "node_gone"],
    ] as const
  ) {
    const stream = await place.open(wanted);
    const { header } = await answer(stream);
    assert.deepEqual([header.kind, header["code"]], ["refused", code]);
    stream.close();
  }
  assert.deepEqual(place.said, []);
});

Deno.test("where neither way can be had, it says why", async () => {
  await using place = new Place();
  place.port = 1;
  const stream = await place.open();
  const { header } = await answer(stream);
  assert.equal(header["code"], "unreachable");
  assert.match(String(header["message"]), /Cannot reach its node: .*refused/i);
  stream.close();
});

/** A head that relays to `port`. */
async function relay(listener: Deno.TcpListener, port: number): Promise<void> {
  const options = { identity: identity(), peer: "a node", now: 0, roles: ["relay"] as const };
  const opened = await accept(await listener.accept(), options);
  const { kind: _, ...wanted } = await expectMessage(opened, "splice", { peer: "a node" });
  const ways = { locate: () => Promise.resolve({ host: HOST, port }), head: () => assert.fail() };
  const dialer = new NodeDialer({ identity: () => identity(), ...ways });
  const far = await dialer.open({ ...wanted, node: NODE }, new AbortController().signal);
  await writeAll(opened.stream, encodeFrame({ kind: "spliced" }));
  await splice(opened.stream, far.opened.stream);
}

Deno.test("another cluster's port, or a closed one, is passed by through the head, which is told", async () => {
  const other = new Splicer({
    identity: () => identity("another"),
    socketOf: () => Promise.resolve(undefined),
    sources: new Map(),
    streams: new KeyedStreams(identity("another").keys),
    log: () => {},
  }, { ip: HOST });
  for (const [port, why] of [[1, /refused/i], [other.port, /token/]] as const) {
    await using place = new Place();
    const head = Deno.listen({ hostname: HOST, port: 0 });
    place.head = head.addr.port;
    place.port = port;
    const relayed = relay(head, place.splicer.port);
    const stream = await place.open();
    const { header, rest } = await answer(stream);
    assert.deepEqual([header.kind, header["port"], rest], ["spliced", port, "hello"]);
    assert.match(String(header["relayed"]), why);
    stream.close();
    await relayed;
    head.close();
  }
  await other.close();
});

/** Passes bytes on between two ports, and changes one of those that go there, past the opening. */
function meddler(port: number): Deno.TcpListener {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const serve = async () => {
    const near = await listener.accept();
    const far = await Deno.connect({ hostname: HOST, port });
    let frames = 0;
    const changing: SpliceStream = {
      read: (buffer) => near.read(buffer),
      write: (bytes) => near.write(bytes),
      closeWrite: () => near.closeWrite(),
      close: () => near.close(),
    };
    const changed: SpliceStream = {
      read: (buffer) => far.read(buffer),
      close: () => far.close(),
      closeWrite: () => far.closeWrite(),
      // Hello and proof are left alone, and `splice`: what follows is what a caller says.
      write: (bytes) => {
        if (++frames > 3) bytes[bytes.length - 1]! ^= 1;
        return far.write(bytes);
      },
    };
    await splice(changing, changed);
  };
  serve().catch(() => {});
  return listener;
}

Deno.test("a byte that is changed on the way reaches no worker, and is one line in the log", async () => {
  await using place = new Place();
  const between = meddler(place.port);
  place.port = between.addr.port;
  const stream = await place.open();
  const decoder = new FrameDecoder();
  const buffer = new Uint8Array(1000);
  const count = await stream.read(buffer.subarray(0, 1000));
  const [frame] = [...decoder.feed(buffer.subarray(0, count!))];
  assert.equal(frame!.header.kind, "spliced");
  assert.equal(await stream.read(buffer).catch(() => null), null, "nothing is said back");
  while (place.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(place.heard.length, 1);
  assert.match(place.heard[0]!, /Cannot trust what came from caller 127.*changed on the way/);
  stream.close();
  between.close();
});

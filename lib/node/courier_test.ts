import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { encodeFrame } from "../wire/frames.ts";
import { accept, expectMessage } from "../wire/handshake.ts";
import { KeyedStreams } from "../wire/keyed_streams.ts";
import { Keyring } from "../wire/keyring.ts";
import { writeAll } from "../wire/link.ts";
import { splice } from "../wire/splice.ts";
import { Courier, type CourierHost } from "./courier.ts";
import { type FileSource, serveFile } from "./file_stream.ts";
import { Splicer } from "./splicer.ts";

const identity = () => ({
  build: "test",
  keys: new Keyring("secret"),
  cluster: "c".repeat(56),
});
const NODE = "9".repeat(56);
const HERE = "1".repeat(56);

/** A folder, and a node's port that hands out what lies in it. */
function there(source?: FileSource) {
  const dir = Deno.makeTempDirSync({ prefix: "beam-courier-" });
  const asked: [name: string, node: string | undefined][] = [];
  const find: FileSource = source ?? ((name) => join(dir, name));
  const port = new Splicer({
    identity,
    socketOf: () => Promise.resolve(undefined),
    sources: new Map([["object", (name, node) => (asked.push([name, node]), find(name, node))]]),
    streams: new KeyedStreams(identity().keys),
    log: () => {},
  }, { ip: "127.0.0.1" });
  return {
    dir,
    asked,
    port: port.port,
    async [Symbol.asyncDispose]() {
      await port.close();
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

function courier(port: number, more: Partial<CourierHost> = {}, patience?: number): Courier {
  return new Courier({
    node_id: () => HERE,
    identity,
    locate: () => Promise.resolve({ host: "127.0.0.1", port }),
    head: () => ({ host: "127.0.0.1", port: 1 }),
    log: () => {},
    streams: new KeyedStreams(identity().keys),
    signal: new AbortController().signal,
    ...more,
  }, patience);
}

/** A port that lets `cut` bytes of each connection to `target` come back, and then ends it. */
function cutting(target: number, cut: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const serve = async (near: Deno.TcpConn) => {
    const far = await Deno.connect({ hostname: "127.0.0.1", port: target });
    connections++;
    let left = cut;
    const near2 = {
      read: (buffer: Uint8Array) => near.read(buffer),
      close: () => near.close(),
      async write(bytes: Uint8Array) {
        if (left <= 0) throw new Error("cut");
        const count = await near.write(bytes.subarray(0, left));
        left -= count;
        return count;
      },
    };
    await splice(near2, far);
  };
  const accepting = (async () => {
    const served: Promise<void>[] = [];
    try {
      for await (const stream of listener) served.push(serve(stream));
    } catch { /* closed */ }
    await Promise.all(served);
  })();
  return {
    port: listener.addr.port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

const PATTERN = Uint8Array.from({ length: 3_500_000 }, (_, at) => at * 31 % 251);

Deno.test("a file arrives whole, and its source hears who wants it", async () => {
  await using node = there();
  Deno.writeFileSync(join(node.dir, "big"), PATTERN);
  const path = join(node.dir, "copy");
  const size = await courier(node.port).fetch({ source: "object", name: "big", node: NODE }, path);
  assert.equal(size, PATTERN.length);
  assert.deepEqual(Deno.readFileSync(path), PATTERN);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  assert.deepEqual(node.asked, [["big", HERE]]);
});

Deno.test("a stream that breaks is taken up where it broke", async () => {
  await using node = there();
  await using proxy = cutting(node.port, 1_200_000);
  Deno.writeFileSync(join(node.dir, "big"), PATTERN);
  const path = join(node.dir, "copy");
  await courier(proxy.port).fetch({ source: "object", name: "big", node: NODE }, path);
  assert.deepEqual(Deno.readFileSync(path), PATTERN);
  assert.equal(proxy.connections, 3);
});

Deno.test("what is not there is lost, at once; an unknown source has nothing", async () => {
  await using node = there();
  const path = join(node.dir, "copy");
  for (const wanted of [{ source: "object", name: "no" }, { source: "other", name: "x" }]) {
    await assert.rejects(
      courier(node.port).fetch({ ...wanted, node: NODE }, path),
      (error: RequestFailed) => error.code === "object_lost" && /no such file/i.test(error.message),
    );
  }
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("a node that is dead, or stays out of reach, loses its files; nothing is left behind", async () => {
  await using node = there();
  const path = join(node.dir, "copy");
  const wanted = { source: "object", name: "big", node: NODE };
  const dead = () => Promise.reject(new RequestFailed("node_gone", "it is dead"));
  await assert.rejects(
    courier(node.port, { locate: dead }).fetch(wanted, path),
    (error: RequestFailed) => error.code === "object_lost" && error.message.endsWith("it is dead"),
  );
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr;
  silent.close();
  await assert.rejects(
    courier(port, {}, 100).fetch(wanted, path),
    (error: RequestFailed) => error.code === "object_lost",
  );
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("a fetch that is given up ends with the reason, and leaves nothing", async () => {
  const never = Promise.withResolvers<undefined>();
  await using node = there(() => never.promise);
  const path = join(node.dir, "copy");
  const ending = new AbortController();
  const fetched = courier(node.port).fetch({ source: "object", name: "big", node: NODE }, path, {
    signal: ending.signal,
  });
  while (node.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  ending.abort(new Error("freed"));
  await assert.rejects(fetched, /freed/);
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
  never.resolve(undefined);
});

Deno.test("where the node's port is closed, the file comes through the head, which is told once", async () => {
  await using node = there();
  Deno.writeFileSync(join(node.dir, "big"), PATTERN);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const told: string[] = [];
  const head = async () => {
    const stream = await listener.accept();
    const opened = await accept(stream, {
      identity: identity(),
      peer: "node",
      now: Date.now(),
      roles: ["relay"],
    });
    const wanted = await expectMessage(opened, "splice", { peer: "node" });
    assert.deepEqual([wanted.node, wanted.files], [NODE, true]);
    await writeAll(opened.stream, encodeFrame({ kind: "spliced" }));
    const sources = new Map([["object", (name: string) => join(node.dir, name)]]);
    await serveFile(opened, sources, { peer: "node", signal: new AbortController().signal });
  };
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  const one = courier(port, {
    head: () => ({ host: "127.0.0.1", port: listener.addr.port }),
    log: (text) => told.push(text),
  });
  for (const name of ["copy", "again"]) {
    const path = join(node.dir, name);
    const [size] = await Promise.all([
      one.fetch({ source: "object", name: "big", node: NODE }, path),
      head(),
    ]);
    assert.equal(size, PATTERN.length);
    assert.deepEqual(Deno.readFileSync(path), PATTERN);
  }
  assert.equal(told.length, 1);
  assert.match(told[0]!, /come through the head, which is slow/);
  listener.close();
});

Deno.test("a source that fails is told to who asks, at once", async () => {
  await using far = there(() => {
    throw new Error("the disk is gone");
  });
  const path = join(far.dir, "copy");
  const fetched = courier(far.port).fetch({ source: "object", name: "n", node: NODE }, path);
  await assert.rejects(fetched, { code: "object_lost", message: /the disk is gone/ });
});

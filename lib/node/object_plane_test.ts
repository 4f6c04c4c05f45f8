import assert from "assert";
import { join } from "node:path";
import { KeyedStreams } from "../wire/keyed_streams.ts";
import { Keyring } from "../wire/keyring.ts";
import type { Answer, Link, Received } from "../wire/link.ts";
import type { Message, MessageKind, RequestKind } from "../wire/messages.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { NodeFacts } from "./assignment.ts";
import { Client } from "./client.ts";
import { HeadAsks } from "./head_asks.ts";
import { openLibc } from "./libc.ts";
import { ObjectPlane, SHARED_MEMORY } from "./object_plane.ts";
import { Splicer } from "./splicer.ts";

const MIB = 2 ** 20;
const keys = new Keyring("secret");
const identity = () => ({ build: "test", keys, cluster: "c".repeat(56) });
const libc = openLibc();

/** What a head does for objects between the nodes of a test. */
class Cluster implements AsyncDisposable {
  readonly nodes: Node[] = [];
  /** While it is down, what is asked waits. */
  down: Promise<void> | undefined;
  readonly usage = new Map<string, Message<"node.usage">>();

  node(quota = 100 * MIB, shared_memory?: string): Node {
    const made = new Node(this, String(this.nodes.length + 1).repeat(56), quota, shared_memory);
    this.nodes.push(made);
    return made;
  }

  async ask(request: Record<string, unknown>, by: string): Promise<Record<string, unknown>> {
    await this.down;
    switch (request["kind"]) {
      case "node.locate": {
        const found = this.nodes.find(({ node_id }) => node_id === request["node"]);
        if (!found) throw new RequestFailed("node_gone", "it is dead");
        return { host: "127.0.0.1", port: found.splicer.port };
      }
      case "objects.free": {
        const nodes = request["nodes"] as string[];
        for (const node of this.nodes) {
          if (nodes.length > 0 && !nodes.includes(node.node_id)) continue;
          node.take({ kind: "objects.drop", names: request["names"] as string[], by });
        }
        return {};
      }
      default:
        this.tellAll(request["processes"] as string[], [], by);
        return {};
    }
  }

  tellAll(processes: string[], nodes: string[], by = ""): void {
    for (const node of this.nodes) node.take({ kind: "owner.gone", processes, nodes, by });
  }

  async lose(node: Node): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await node.close();
    this.tellAll([], [node.node_id]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node.close();
  }
}

class Node {
  readonly plane: ObjectPlane;
  readonly splicer: Splicer;
  readonly warnings: string[] = [];
  readonly dir = Deno.makeTempDirSync({ prefix: "beam-plane-" });
  #ending = new AbortController();
  #clients = 0;

  constructor(
    readonly cluster: Cluster,
    readonly node_id: string,
    quota: number,
    shared_memory = SHARED_MEMORY,
  ) {
    const asks = new HeadAsks(() => ({
      ask: async ({ request }) =>
        ({ fields: await cluster.ask(request, node_id), body: new Uint8Array(0) }) as Answer<
          "client.request"
        >,
      send: () => {},
      isJoined: true,
    }));
    this.plane = new ObjectPlane({
      facts: () => ({ node_id, node_ip: "127.0.0.1", runtime_dir: this.dir } as NodeFacts),
      via: "/s/out",
      identity,
      head: () => ({ host: "127.0.0.1", port: 1 }),
      quota,
      key: this.dir.slice(-6),
      group: undefined,
      libc,
      asks,
      tell: (message) => cluster.usage.set(node_id, message),
      warn: (_job, _code, text) => this.warnings.push(text),
      log: () => {},
      streams: new KeyedStreams(identity().keys),
      signal: this.#ending.signal,
      shared_memory,
    });
    this.splicer = new Splicer({
      identity,
      socketOf: ({ process = "" }) => this.plane.processes.socketOf(process),
      sources: this.plane.sources,
      streams: new KeyedStreams(identity().keys),
      log: () => {},
    }, { ip: "127.0.0.1" });
  }

  process(name: string): Process {
    return new Process(this, new Client(`c${++this.#clients}`), name);
  }

  take(message: Message): void {
    assert.ok(this.plane.take({ message, body: new Uint8Array(0) }));
  }

  /** Files that lie in its folders now. */
  files(): string[] {
    const { memory, disk } = this.plane.store.options;
    return [memory!, disk].flatMap(({ dir }) =>
      [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name !== "lock")
    );
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error("the node is being ended"));
    await this.splicer.close();
    await this.plane.close();
    await Deno.remove(this.dir, { recursive: true });
  }
}

interface Location {
  name: string;
  path: string;
  size: number;
  node: string;
}

/** A process at a daemon's socket. */
class Process {
  readonly id: string;
  #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #next = 0;

  constructor(readonly node: Node, readonly client: Client, name: string) {
    this.id = name.repeat(32);
    client.job_id = "01000000";
    client.link = {
      isClosed: false,
      reply: ({ id }: Received, _kind: RequestKind, fields: Record<string, unknown>) =>
        this.#waiting.get(id!)!.resolve(fields),
      refuse: ({ id }: Received, error: Error) => this.#waiting.get(id!)!.reject(error),
    } as unknown as Link;
    node.plane.processes.add(client, this.id);
  }

  send<K extends MessageKind>(message: Message<K>, id?: number): void {
    const received: Received = {
      message: message as unknown as Message,
      body: new Uint8Array(0),
      ...(id !== undefined && { id }),
    };
    assert.ok(this.node.plane.answers.handle(this.client, received));
  }

  ask<K extends RequestKind>(message: Message<K>): Promise<Record<string, unknown>> {
    const id = ++this.#next;
    const waiting = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, waiting);
    this.send(message, id);
    return waiting.promise;
  }

  /** Writes and seals a value, for itself or another owner. */
  async put(size: number, owner: Process = this): Promise<Location> {
    const { name, path } = await this.ask({
      kind: "object.create",
      object_id: "0".repeat(56),
      owner: owner.id,
      owner_node: owner.node.node_id,
      size,
    }) as unknown as Location;
    Deno.writeFileSync(path, new Uint8Array(size).fill(size % 251), { createNew: true });
    this.send({ kind: "object.seal", name });
    return { name, path, size, node: this.node.node_id };
  }

  async fetch({ name, node, size }: Location, owner: Process): Promise<string> {
    const { path } = await this.ask({
      kind: "object.fetch",
      name,
      node,
      size,
      owner: owner.id,
      owner_node: owner.node.node_id,
    });
    return path as string;
  }

  free(...objects: Location[]): void {
    const named = objects.map(({ name, node }) => ({ name, node }));
    this.send({ kind: "object.free", objects: named });
  }

  end(): void {
    (this.client.link as { isClosed: boolean }).isClosed = true;
    this.client.gone.abort();
    this.node.plane.answers.clientGone(this.client);
  }
}

async function until(found: () => boolean): Promise<void> {
  while (!found()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a value crosses once for several readers, and goes everywhere when its owner frees it", async () => {
  await using cluster = new Cluster();
  const [here, there, third] = [cluster.node(), cluster.node(), cluster.node()];
  const owner = here.process("a");
  const readers = [there.process("b"), there.process("c"), third.process("d")];
  const value = await owner.put(3 * MIB + 5);
  assert.ok(value.path.startsWith(SHARED_MEMORY));
  const paths = await Promise.all(readers.map((reader) => reader.fetch(value, owner)));
  assert.equal(paths[0], paths[1]);
  for (const path of paths) {
    assert.deepEqual(Deno.readFileSync(path), Deno.readFileSync(value.path));
  }
  owner.free(value);
  await until(() => cluster.nodes.every((node) => node.files().length === 0));
  await until(() => cluster.nodes.every((node) => node.plane.store.usage.memory === 0));
});

Deno.test("a result that lies on another node is freed there by its owner, with the head down meanwhile", async () => {
  await using cluster = new Cluster();
  const [here, there] = [cluster.node(), cluster.node()];
  const owner = here.process("a");
  const worker = there.process("b");
  const result = await worker.put(2 * MIB, owner);
  await owner.fetch(result, owner);
  const back = Promise.withResolvers<void>();
  cluster.down = back.promise;
  owner.free(result);
  await until(() => here.files().length === 0);
  assert.equal(there.files().length, 1);
  // What is here does not wait for the head.
  const local = await owner.put(MIB);
  assert.equal(await owner.fetch(local, owner), local.path);
  owner.free(local);
  cluster.down = undefined;
  back.resolve();
  await until(() => there.files().length === 0);
});

Deno.test("what a process owned, here and elsewhere, goes when it ends", async () => {
  await using cluster = new Cluster();
  const [here, there] = [cluster.node(), cluster.node()];
  const owner = here.process("a");
  const worker = there.process("b");
  const kept = await worker.put(MIB);
  const [put, result] = [await owner.put(MIB), await worker.put(MIB, owner)];
  await worker.fetch(put, owner);
  await owner.fetch(result, owner);
  assert.deepEqual([here.files().length, there.files().length], [2, 3]);
  owner.end();
  await until(() => here.files().length === 0 && there.files().length === 1);
  assert.deepEqual(there.files(), [kept.name]);
  // What is made for it afterwards goes too.
  await worker.put(MIB, owner);
  await until(() => there.files().length === 1);
  await assert.rejects(
    worker.ask({ kind: "process.locate", process: owner.id, node: here.node_id }),
    (error: RequestFailed) => error.code === "process_gone",
  );
});

Deno.test("a dead node's values are lost, copies of them serve on until their owner frees them", async () => {
  await using cluster = new Cluster();
  const [here, there, third] = [cluster.node(), cluster.node(), cluster.node()];
  const owner = here.process("a");
  const worker = there.process("b");
  const [copied, left] = [await worker.put(MIB, owner), await worker.put(MIB, owner)];
  const reader = third.process("d");
  const path = await reader.fetch(copied, owner);
  await worker.put(MIB);
  await cluster.lose(there);
  assert.equal(await reader.fetch(copied, owner), path);
  await assert.rejects(
    owner.fetch(left, owner),
    (error: RequestFailed) => error.code === "object_lost" && /node is dead/.test(error.message),
  );
  owner.free(copied);
  await until(() => third.files().length === 0);
});

Deno.test("past the quota values lie on disk, with one warning, and are read from there", async () => {
  await using cluster = new Cluster();
  const [here, there] = [cluster.node(3 * MIB), cluster.node()];
  const owner = here.process("a");
  const values = [];
  for (let i = 0; i < 4; i++) values.push(await owner.put(2 * MIB));
  const onDisk = values.filter(({ path }) => path.startsWith(join(here.dir, "spill")));
  assert.equal(onDisk.length, 3);
  assert.equal(here.warnings.length, 1);
  assert.match(here.warnings[0]!, /object store of node 127\.0\.0\.1 is full .*lie on disk/);
  const copy = await there.process("b").fetch(onDisk[0]!, owner);
  assert.deepEqual(Deno.readFileSync(copy), Deno.readFileSync(onDisk[0]!.path));
  owner.free(...values);
  await until(() => here.files().length === 0 && there.files().length === 0);
});

Deno.test("without shared memory values lie on disk, and the warning does not call the store full", async () => {
  await using cluster = new Cluster();
  const here = cluster.node(100 * MIB, "/no/such/folder");
  const owner = here.process("a");
  const value = await owner.put(2 * MIB);
  assert.ok(value.path.startsWith(join(here.dir, "spill")));
  assert.match(here.warnings[0]!, /^Node 127\.0\.0\.1 cannot use \/dev\/shm: .*`beam doctor`/);
  assert.equal(here.warnings.length, 1);
});

Deno.test("a process is found on its node by a path, elsewhere by this node's way to others", async () => {
  await using cluster = new Cluster();
  const [here, there] = [cluster.node(), cluster.node()];
  const owner = here.process("a");
  await owner.ask({ kind: "process.listen", process: owner.id, socket: "/s/a" });
  const wanted = { kind: "process.locate" as const, process: owner.id, node: here.node_id };
  const near = await here.process("b").ask(wanted);
  assert.equal(near["socket"], "/s/a");
  const far = await there.process("c").ask(wanted);
  assert.deepEqual([far["socket"], far["via"]], [undefined, "/s/out"]);
  await assert.rejects(
    here.process("d").ask({ ...wanted, process: "e".repeat(32) }),
    (error: RequestFailed) => error.code === "process_gone",
  );
  await assert.rejects(
    here.process("d").ask({ ...wanted, node: "9".repeat(56) }),
    (error: RequestFailed) => error.code === "process_gone",
  );
});

Deno.test("the head hears what the store uses, and a node's end leaves no folder", async () => {
  const cluster = new Cluster();
  const here = cluster.node();
  const owner = here.process("a");
  await owner.put(MIB);
  here.plane.joined();
  assert.deepEqual(cluster.usage.get(here.node_id), {
    kind: "node.usage",
    object_store_used: MIB,
    object_store_spilled: 0,
    objects: 1,
  });
  const { dir } = here.plane.store.options.memory!;
  assert.ok(Deno.statSync(dir).isDirectory);
  await cluster[Symbol.asyncDispose]();
  assert.throws(() => Deno.statSync(dir), Deno.errors.NotFound);
});

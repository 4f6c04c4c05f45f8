import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { Fetches } from "./fetches.ts";
import { ObjectStore } from "./object_store.ts";
import type { StoreFolder } from "./store_folder.ts";

const HERE = "1".repeat(56);
const THERE = "9".repeat(56);
const OWNER = { owner: "a".repeat(32), owner_node: THERE };

const wanted = (name: string, size = 5) => ({ name, node: THERE, size, ...OWNER });

/** What was asked of the courier, and how it is to go on. */
interface Asked {
  name: string;
  path: string;
  signal: AbortSignal;
  /** The file arrives. */
  arrive(): void;
  fail(error: Error): void;
}

async function place() {
  const dir = await Deno.makeTempDir({ prefix: "beam-fetches-" });
  const folder = (name: string): StoreFolder => {
    const path = join(dir, name);
    Deno.mkdirSync(path);
    const bytes = () => 2 ** 30;
    return { dir: path, free: bytes, size: bytes, [Symbol.dispose]: () => {} };
  };
  const store = new ObjectStore({
    memory: folder("memory"),
    disk: folder("disk"),
    quota: 2 ** 20,
  });
  const asked: Asked[] = [];
  const spilled: string[] = [];
  const fetches = new Fetches({
    node_id: () => HERE,
    store,
    spilled: (file) => spilled.push(file.name),
    courier: {
      fetch({ name }, path, { signal } = {}) {
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        signal!.addEventListener("abort", () => reject(signal!.reason));
        const arrive = () => {
          Deno.writeFileSync(path, new Uint8Array(5), { createNew: true });
          resolve(5);
        };
        asked.push({ name, path, signal: signal!, arrive, fail: reject });
        return promise;
      },
    },
  });
  return {
    fetches,
    store,
    asked,
    spilled,
    /** The courier's next order. */
    async next(): Promise<Asked> {
      for (;;) {
        const one = asked.shift();
        if (one) return one;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
    async [Symbol.asyncDispose]() {
      await store.removed();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

const isLost = (words: RegExp) => (error: RequestFailed) =>
  error.code === "object_lost" && words.test(error.message);

Deno.test("a file crosses once, however many ask, and stays", async () => {
  await using at = await place();
  const reading = [1, 2, 3].map(() => at.fetches.path(wanted("n")));
  const order = await at.next();
  order.arrive();
  const paths = new Set(await Promise.all(reading));
  assert.deepEqual([...paths], [order.path]);
  assert.equal(await at.fetches.path(wanted("n")), order.path);
  assert.equal(at.asked.length, 0);
  assert.equal(at.store.usage.files, 1);
});

Deno.test("a file that is freed on its way, or whose node dies, is lost and leaves no room taken", async () => {
  await using at = await place();
  const freed = at.fetches.path(wanted("n"));
  await at.next();
  at.fetches.drop("n");
  await assert.rejects(freed, isLost(/freed meanwhile/));
  const dead = at.fetches.path(wanted("m"));
  await at.next();
  at.fetches.nodesGone([THERE]);
  await assert.rejects(dead, isLost(/that node is dead/));
  await at.store.removed();
  assert.deepEqual(at.store.usage, { memory: 0, disk: 0, files: 0 });
  at.store.ownersGone([], [THERE], "");
  await assert.rejects(at.fetches.path(wanted("o")), isLost(/that node is dead/));
});

Deno.test("a failure is no reason not to try again", async () => {
  await using at = await place();
  const first = at.fetches.path(wanted("n"));
  (await at.next()).fail(new RequestFailed("object_lost", "the stream broke"));
  await assert.rejects(first, isLost(/the stream broke/));
  const second = at.fetches.path(wanted("n"));
  (await at.next()).arrive();
  assert.ok(Deno.statSync(await second).isFile);
});

Deno.test("where shared memory is full after all, the copy is made on disk", async () => {
  await using at = await place();
  const full = () => Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  const path = at.fetches.path(wanted("n"));
  (await at.next()).fail(full());
  const again = await at.next();
  assert.match(again.path, /\/disk\//);
  again.arrive();
  assert.equal(await path, again.path);
  assert.deepEqual(at.spilled, ["n"]);
  const lost = at.fetches.path(wanted("m"));
  (await at.next()).fail(full());
  (await at.next()).fail(full());
  await assert.rejects(lost, (error: RequestFailed) => error.code === "no_space");
});

Deno.test("not more than eight cross at a time", async () => {
  await using at = await place();
  const paths = Array.from({ length: 10 }, (_, i) => at.fetches.path(wanted(`n${i}`)));
  const first = await at.next();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(at.asked.length, 7);
  first.arrive();
  await paths[0];
  for (let i = 0; i < 9; i++) (await at.next()).arrive();
  assert.equal(new Set(await Promise.all(paths)).size, 10);
});

Deno.test("a file of this node is there once its maker has sealed it, and a stranger's size is noticed", async () => {
  await using at = await place();
  const maker = {};
  const file = await at.store.create({ size: 5, ...OWNER }, maker);
  const own = { ...wanted(file.name), node: HERE };
  const reading = at.fetches.path(own);
  at.store.seal(file.name, maker);
  assert.equal(await reading, file.path);
  at.store.drop(file.name);
  await assert.rejects(at.fetches.path(own), isLost(/no such file/));
  const other = at.fetches.path(wanted("n", 7));
  (await at.next()).arrive();
  await assert.rejects(other, isLost(/it has 5 bytes there, not 7/));
});

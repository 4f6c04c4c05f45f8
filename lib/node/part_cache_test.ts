import assert from "node:assert/strict";
import { join } from "node:path";
import { PartCache } from "./part_cache.ts";

const NEVER = new AbortController().signal;

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await test(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Fills a folder with one file of `size` bytes. */
function filled(size: number, count: { of: number } = { of: 0 }) {
  return async (dir: string) => {
    count.of++;
    await Deno.mkdir(dir);
    await Deno.writeFile(join(dir, "file"), new Uint8Array(size));
  };
}

const names = (dir: string) => [...Deno.readDirSync(dir)].map((each) => each.name).sort();

Deno.test("however many ask, it is built once", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const count = { of: 0 };
    const parts = await Promise.all(
      [1, 2, 3].map(() => cache.hold("a", filled(1, count), NEVER)),
    );
    assert.equal(count.of, 1);
    assert.deepEqual(parts.map((part) => part.dir), Array(3).fill(join(dir, "a")));
  }));

Deno.test("past the bound the idle one used longest ago goes; a held one stays", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 20);
    const held = await cache.hold("held", filled(15), NEVER);
    for (const key of ["a", "b"]) (await cache.hold(key, filled(4), NEVER)).release();
    await cache.close();
    assert.deepEqual(names(dir), ["b", "held"]);
    held.release();
    held.release(); // a second time does nothing
    (await cache.hold("c", filled(19), NEVER)).release();
    await cache.close();
    assert.deepEqual(names(dir), ["c"]);
  }));

Deno.test("what failed leaves nothing and is built anew for the next", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const failing = async (place: string) => {
      await Deno.mkdir(place);
      throw new Error("no such package");
    };
    await assert.rejects(cache.hold("a", failing, NEVER), /no such package/);
    const part = await cache.hold("a", filled(1), NEVER);
    assert.deepEqual(names(part.dir), ["file"]);
  }));

Deno.test("a building goes on while anybody waits for it, and is given up with the last", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const { promise: given_up, resolve } = Promise.withResolvers<void>();
    const endless = (place: string, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        Deno.mkdirSync(place);
        signal.addEventListener("abort", () => (resolve(), reject(signal.reason)));
      });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = cache.hold("a", endless, one.signal);
    const second = cache.hold("a", endless, two.signal);
    one.abort(new Error("its driver ended"));
    await assert.rejects(first, /its driver ended/);
    assert.deepEqual(names(dir), ["a"]);
    two.abort(new Error("so did this one"));
    await assert.rejects(second, /so did this one/);
    await given_up;
    await cache.close();
    assert.deepEqual(names(dir), []);
  }));

Deno.test("who comes while one that was given up still ends gets one of his own", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const ended = Promise.withResolvers<void>();
    const slowToEnd = async (_: string, signal: AbortSignal) => {
      await ended.promise;
      signal.throwIfAborted();
    };
    const cancel = new AbortController();
    const first = cache.hold("a", slowToEnd, cancel.signal);
    cancel.abort(new Error("its driver ended"));
    await assert.rejects(first, /its driver ended/);
    const second = cache.hold("a", filled(1), NEVER);
    ended.resolve();
    assert.deepEqual(names((await second).dir), ["file"]);
  }));

Deno.test("one that is whole just as it is given up is there for the next", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const cancel = new AbortController();
    const count = { of: 0 };
    const build = async (place: string) => {
      await filled(1, count)(place);
      cancel.abort(new Error("its driver ended"));
    };
    await assert.rejects(cache.hold("a", build, cancel.signal), /its driver ended/);
    assert.deepEqual(names((await cache.hold("a", build, NEVER)).dir), ["file"]);
    assert.equal(count.of, 1);
  }));

Deno.test("who waits for one that does not end may give up", () =>
  inFolder(async (dir) => {
    const cache = new PartCache(dir, 100);
    const stuck = Promise.withResolvers<void>();
    for (const who of ["first", "second"]) {
      const cancel = new AbortController();
      const held = cache.hold("a", () => stuck.promise, cancel.signal);
      cancel.abort(new Error(`the ${who} gave up`));
      await assert.rejects(held, { message: `the ${who} gave up` });
    }
    stuck.reject(new Error("it ended"));
    await cache.close();
  }));

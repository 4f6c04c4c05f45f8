import assert from "assert";
import { connections } from "./connections.ts";

Deno.test("a failure between two connections ends nothing; a closed listener ends it", async () => {
  const coming: (number | Error)[] = [
    1,
    new Deno.errors.ConnectionAborted("gone"),
    new Error("Too many open files"),
    2,
    new Deno.errors.BadResource("closed"),
    3,
  ];
  const taken: number[] = [];
  const accept = () => {
    const next = coming.shift()!;
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  for await (const one of connections({ accept })) taken.push(one);
  assert.deepEqual(taken, [1, 2]);
});

Deno.test("a real listener's loop ends when it is closed", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taking = (async () => {
    let count = 0;
    for await (const conn of connections(listener)) {
      conn.close();
      count++;
    }
    return count;
  })();
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  assert.equal(await conn.read(new Uint8Array(1)), null);
  conn.close();
  listener.close();
  assert.equal(await taking, 1);
});

Deno.test("who comes when no file is left is turned away at once, and others are taken later", async () => {
  const full = Object.assign(new Error("Too many open files"), { code: "EMFILE" });
  const closed = new Deno.errors.BadResource("closed");
  const coming: (number | Error)[] = [1, full, 2, 3, closed];
  const openSync = Deno.openSync;
  // The file that is kept can be opened at the start, not when it was needed, and then again.
  const mayOpen = [true, false, true];
  const kept = { close: () => {} } as Deno.FsFile;
  Deno.openSync = () => {
    if (mayOpen.shift()) return kept;
    throw full;
  };
  const taken: number[] = [];
  const turned: number[] = [];
  const accept = () => {
    const next = coming.shift()!;
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  const turnAway = (one: number) => Promise.resolve(void turned.push(one));
  try {
    for await (const one of connections({ accept }, turnAway)) taken.push(one);
  } finally {
    Deno.openSync = openSync;
  }
  assert.deepEqual([taken, turned, mayOpen], [[1, 3], [2], []]);
});

Deno.test("a file that another takes first ends nothing", async () => {
  const full = () => Object.assign(new Error("Too many open files"), { code: "EMFILE" });
  const coming: (number | Error)[] = [full(), full(), 1, new Deno.errors.BadResource("closed")];
  const accept = () => {
    const next = coming.shift()!;
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  const taken: number[] = [];
  const turnAway = (_: number) => Promise.resolve();
  for await (const one of connections({ accept }, turnAway)) taken.push(one);
  assert.deepEqual(taken, [1]);
});

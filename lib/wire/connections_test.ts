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

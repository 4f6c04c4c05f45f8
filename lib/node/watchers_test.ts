import assert from "assert";
import { Client } from "./client.ts";
import { Deaths } from "./deaths.ts";
import { Watchers } from "./watchers.ts";

Deno.test("clients hear of what they located until they or it are gone", () => {
  const watchers = new Watchers();
  const [a, b] = [new Client("a"), new Client("b")];
  watchers.watch("x", a);
  watchers.watch("x", b);
  watchers.watch("y", a);
  watchers.forget(a);
  assert.deepEqual([...watchers.of("x")], [b]);
  assert.deepEqual([...watchers.of("y")], []);
  watchers.end("x");
  assert.deepEqual([...watchers.of("x")], []);
});

Deno.test("a wait is woken until it is taken back, also from within", () => {
  const watchers = new Watchers();
  let woken = 0;
  const unwait = watchers.wait("x", () => {
    woken++;
    unwait();
  });
  watchers.wake("y");
  watchers.wake("x");
  watchers.wake("x");
  assert.equal(woken, 1);
});

Deno.test("a death is unnoted until it is noted, and remembered beyond that", () => {
  const deaths = new Deaths();
  const death = (actor_id: string, incarnation: number) => ({
    actor_id,
    incarnation,
    report: { kind: "exit" as const, message: "" },
    body: new Uint8Array(0),
    intended: false,
    final: true,
  });
  deaths.add(death("x", 1));
  deaths.add(death("x", 2));
  deaths.noted("x", 1);
  assert.deepEqual(deaths.unnoted.map(({ incarnation }) => incarnation), [2]);
  deaths.noted("x", 2);
  assert.equal(deaths.of("x")?.incarnation, 2);
  for (let n = 0; n < 1000; n++) deaths.add(death(`y${n}`, 1));
  assert.equal(deaths.of("x"), undefined);
});

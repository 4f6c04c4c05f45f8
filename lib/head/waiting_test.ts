import assert from "assert";
import { FakeClock } from "./_fakes.ts";
import { Waiting } from "./waiting.ts";

function setting() {
  const clock = new FakeClock();
  const waiting = new Waiting(clock);
  const said: string[] = [];
  const facts = new Set<string>();
  const owner = {};
  const ask = (name: string, late?: number, asker: object = owner) =>
    waiting.ask({
      subject: "it",
      owner: asker,
      check: () => facts.has(name) && (said.push(name), true),
      ...(late !== undefined && { late: { ms: late, answer: () => said.push(`${name} late`) } }),
    });
  return { clock, waiting, said, facts, owner, ask };
}

Deno.test("what is known is answered at once, the rest when it is, each once", () => {
  const { waiting, said, facts, ask } = setting();
  facts.add("a");
  ask("a");
  ask("b");
  assert.deepEqual(said, ["a"]);
  waiting.look("it");
  facts.add("b");
  waiting.look("something else");
  assert.deepEqual(said, ["a"]);
  waiting.look("it");
  waiting.look("it");
  assert.deepEqual(said, ["a", "b"]);
  assert.equal(waiting.size, 0);
});

Deno.test("late is late once, and not at all after an answer", () => {
  const { clock, waiting, said, facts, ask } = setting();
  ask("a", 100);
  ask("b", 100);
  facts.add("b");
  waiting.look("it");
  clock.pass(99);
  assert.deepEqual(said, ["b"]);
  clock.pass(1000);
  assert.deepEqual(said, ["b", "a late"]);
  assert.equal(waiting.size, 0);
});

Deno.test("who is gone gets no answer", () => {
  const { clock, waiting, said, facts, owner, ask } = setting();
  ask("a", 100);
  ask("b", 100, {});
  waiting.drop(owner);
  facts.add("a").add("b");
  waiting.look("it");
  clock.pass(1000);
  assert.deepEqual(said, ["b"]);
  ask("c", 100);
  waiting.drop();
  clock.pass(1000);
  assert.deepEqual(said, ["b"]);
});

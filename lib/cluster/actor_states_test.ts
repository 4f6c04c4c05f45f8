import assert from "assert";
import { ACTOR_TABLE, actorDiagram, nextStep, stateOf } from "./actor_states.ts";

Deno.test("nothing leaves the last step, and everything else can end", () => {
  assert.deepEqual(ACTOR_TABLE.ended, {});
  for (const step of ["waiting", "starting", "ready", "running"] as const) {
    assert.equal(nextStep(step, "end"), "ended");
  }
});

Deno.test("only what has a worker can be started again", () => {
  assert.equal(nextStep("waiting", "again"), undefined);
  assert.equal(nextStep("running", "again"), "waiting");
  assert.equal(nextStep("running", "ready"), undefined);
});

Deno.test("Ray's words depend on the incarnation", () => {
  assert.equal(stateOf("starting", 1), "PENDING_CREATION");
  assert.equal(stateOf("ready", 2), "RESTARTING");
  assert.equal(stateOf("running", 2), "ALIVE");
  assert.equal(stateOf("ended", 1), "DEAD");
});

Deno.test("the diagram has a line for every move", () => {
  const moves = Object.values(ACTOR_TABLE).flatMap((row) => Object.keys(row)).length;
  assert.equal(actorDiagram().split("\n").filter((line) => line.includes(": ")).length, moves);
});

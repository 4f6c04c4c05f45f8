/**
 * The brain under thousands of random histories. `SEED=n` replays one; `SEEDS=n` sets how many.
 */
import assert from "assert";
import { checkAgreement, checkAtRest, checkInvariants, lentWorkers } from "./invariants.ts";
import { Prng } from "./prng.ts";
import { World } from "./world.ts";

const SEEDS = 2000;
const HAPPENINGS = 80;

function fromEnv(name: string): number | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  const text = granted ? Deno.env.get(name) : undefined;
  return text === undefined || text === "" ? undefined : Number(text);
}

function run(seed: number): World {
  const world = new World(new Prng(seed));
  try {
    // Not all of it starts from nothing: most machines are there, and somebody wants something.
    for (const daemon of world.daemons) if (world.prng.chance(0.8)) world.tell(daemon.join());
    world.startDriver();
    for (let count = 0; count < HAPPENINGS; count++) {
      world.happen();
      checkInvariants(world);
    }
    world.calmDown();
    checkInvariants(world);
    checkAgreement(world);
    world.lent = lentWorkers(world);
    world.endEverything();
    checkInvariants(world);
    checkAtRest(world);
  } catch (cause) {
    const told = world.story.slice(-40);
    const story = told.map(([at, event]) => `${at} ${JSON.stringify(event)}`).join("\n");
    throw new Error(`Seed ${seed} breaks the brain (SEED=${seed} replays it):\n${story}`, {
      cause,
    });
  }
  return world;
}

Deno.test("no history of joins, cuts, crashes and restarts breaks the brain's promises", () => {
  const only = fromEnv("SEED");
  if (only !== undefined) {
    run(only);
    return;
  }
  const seen = {
    actors: 0,
    created: 0,
    dead_nodes: 0,
    restarts: 0,
    warnings: 0,
    epochs: 0,
    wanted: 0,
    lent: 0,
  };
  for (let seed = 1; seed <= (fromEnv("SEEDS") ?? SEEDS); seed++) {
    const { brain, warnings, wanted, lent } = run(seed);
    seen.actors += brain.books.actors.size;
    for (const group of brain.books.groups.values()) {
      if (group.created_at !== undefined) seen.created += 1;
    }
    for (const node of brain.books.nodes.values()) if (node.state === "dead") seen.dead_nodes += 1;
    for (const actor of brain.books.actors.values()) seen.restarts += actor.restarts;
    seen.warnings += warnings;
    seen.wanted += wanted;
    seen.lent += lent;
    seen.epochs += brain.epoch - 1;
  }
  // A simulation in which nothing happens proves nothing.
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, `no ${what} were seen`);
});

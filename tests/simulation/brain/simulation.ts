/** The simulation of the brain: its happenings, and what is checked after each of them. */
import type { History } from "../history.ts";
import type { Counts, Say, Simulation } from "../simulate.ts";
import { checkAgreement, checkAtRest, checkInvariants, lentWorkers } from "./invariants.ts";
import { WEIGHTS, World } from "./world.ts";

export const BRAIN: Simulation = {
  file: "tests/simulation/brain/brain_test.ts",
  weights: WEIGHTS,
  length: 80,
  run,
};

function run({ seed, happenings }: History, say: Say): Counts {
  const world = new World(seed, say);
  world.begin();
  for (const happening of happenings) {
    world.happen(happening);
    checkInvariants(world);
  }
  world.calmDown();
  checkInvariants(world);
  checkAgreement(world);
  const lent = lentWorkers(world);
  world.endEverything();
  checkInvariants(world);
  checkAtRest(world);
  return { ...counts(world), lent };
}

function counts({ brain: { books }, seen }: World): Counts {
  const found: Counts = { actors: books.actors.size, created: 0, "dead nodes": 0, restarts: 0 };
  const add = (what: string, count: number) => found[what] = (found[what] ?? 0) + count;
  for (const group of books.groups.values()) if (group.created_at !== undefined) add("created", 1);
  for (const node of books.nodes.values()) if (node.state === "dead") add("dead nodes", 1);
  for (const actor of books.actors.values()) add("restarts", actor.restarts);
  return { ...EXPECTED, ...seen, ...found };
}

/** What must have been seen, in some seed. */
const EXPECTED: Counts = {
  warn: 0,
  epochs: 0,
  "lease.wanted": 0,
  "node.rejected": 0,
  "second link": 0,
  "declared dead": 0,
  "transactions lost": 0,
  "ended on purpose": 0,
};

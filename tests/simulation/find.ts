/**
 * Runs seeds until one fails, and prints which: `find.ts brain|links SEEDS`. What `bugs_test.ts` starts
 * in a copy of the tree with a bug in it.
 */
import { BRAIN } from "./brain/simulation.ts";
import { linkSimulation } from "./links/simulation.ts";
import { isFound, runSeeds } from "./simulate.ts";

const [which, count] = Deno.args;
const folder = Deno.makeTempDirSync({ prefix: "beam-find-" });
try {
  const simulation = which === "brain" ? BRAIN : linkSimulation(folder);
  const found = await runSeeds(simulation, { first: 1, count: Number(count) }, "first");
  console.log(JSON.stringify(isFound(found) ? found : {}));
} finally {
  Deno.removeSync(folder, { recursive: true });
}

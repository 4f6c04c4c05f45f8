/** Real links under thousands of random histories; `../simulate.ts` says how to replay one. */
import { testSimulation } from "../simulate.ts";
import { linkSimulation } from "./simulation.ts";

const SEEDS = 1500;

Deno.test("no history of cuts, partitions, stalls and restarts breaks the links' promises", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "beam-links-" });
  try {
    await testSimulation(linkSimulation(folder), SEEDS);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

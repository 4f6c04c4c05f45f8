/** The brain under thousands of random histories; `../simulate.ts` says how to replay one. */
import { testSimulation } from "../simulate.ts";
import { BRAIN } from "./simulation.ts";

const SEEDS = 10_000;

Deno.test("no history of joins, cuts, crashes and restarts breaks the brain's promises", () =>
  testSimulation(BRAIN, SEEDS));

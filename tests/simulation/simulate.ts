/**
 * Runs a simulation over many seeds. A seed that breaks something is made as short as it can be, and
 * told as a story with the line that replays it.
 *
 * Read from the environment: `SEED=n` runs one seed and tells its story; `ONLY=3,9` with it leaves
 * only those of its happenings; `SEEDS=n` sets how many seeds are run, `FIRST=n` the first of them.
 */
import assert from "assert";
import { drawHistory, type History, only, type Weights } from "./history.ts";
import { minimise } from "./minimise.ts";

/** What a run has seen: how often what came up. */
export type Counts = Record<string, number>;

/** A line of a story, made only when somebody reads it. */
export type Say = (line: () => string) => void;

/** Something that can be run under a seed. */
export interface Simulation {
  /** Its test, relative to the checkout. */
  file: string;
  weights: Weights;
  /** How many happenings a history has. */
  length: number;
  /** Throws what the history breaks. */
  run(history: History, say: Say): Counts | Promise<Counts>;
}

/** What a simulation found. */
export interface Found {
  seed: number;
  /** How many seeds were run, this one included. */
  after: number;
  /** What is broken, the story and the replay. */
  text: string;
}

/**
 * Runs the seeds in turn.
 *
 * @param tell of a failing seed the whole story, or only what it breaks
 * @returns the first that fails, or what all of them have seen
 */
export async function runSeeds(
  simulation: Simulation,
  seeds: { first: number; count: number },
  tell: "story" | "first" = "story",
): Promise<Found | Counts> {
  const seen: Counts = {};
  for (let after = 1; after <= seeds.count; after++) {
    const seed = seeds.first + after - 1;
    const history = drawHistory(seed, simulation.weights, simulation.length);
    try {
      const counts = await simulation.run(history, () => {});
      for (const [what, count] of Object.entries(counts)) seen[what] = (seen[what] ?? 0) + count;
    } catch (error) {
      if (tell === "first") return { seed, after, text: (error as Error).message };
      return { seed, after, text: await explain(simulation, history, error as Error) };
    }
  }
  return seen;
}

/** What a test of a simulation does. */
export async function testSimulation(simulation: Simulation, count: number): Promise<void> {
  const seed = fromEnv("SEED");
  if (seed !== undefined) return await replay(simulation, Number(seed), fromEnv("ONLY"));
  const first = Number(fromEnv("FIRST") ?? 1);
  const seeds = fromEnv("SEEDS");
  const found = await runSeeds(simulation, { first, count: Number(seeds ?? count) });
  if (isFound(found)) throw new Error(found.text);
  if (seeds !== undefined) return;
  // A simulation in which nothing happens proves nothing.
  const never = Object.entries(found).filter(([, times]) => times === 0).map(([what]) => what);
  assert.deepEqual(never, [], "this was never seen");
}

/** True for a failing seed. */
export function isFound(found: Found | Counts): found is Found {
  return typeof found["text"] === "string";
}

async function replay(simulation: Simulation, seed: number, numbers?: string): Promise<void> {
  const whole = drawHistory(seed, simulation.weights, simulation.length);
  const history = numbers === undefined
    ? whole
    : only(whole, new Set(numbers.split(",").map(Number)));
  try {
    await simulation.run(history, (line) => console.log(line()));
  } catch (error) {
    if (numbers !== undefined) throw error;
    throw new Error(await explain(simulation, history, error as Error));
  }
}

/** The shortest history that breaks the same, as a story. */
async function explain(simulation: Simulation, history: History, error: Error): Promise<string> {
  const kind = kindOf(error);
  const breaks = async (happenings: History["happenings"]) => {
    try {
      await simulation.run({ ...history, happenings }, () => {});
      return false;
    } catch (again) {
      return kindOf(again as Error) === kind;
    }
  };
  const happenings = await minimise(history.happenings, breaks);
  const story: string[] = [];
  let last = error;
  try {
    await simulation.run({ ...history, happenings }, (line) => story.push(line()));
  } catch (again) {
    last = again as Error;
  }
  const numbers = happenings.map(({ number }) => number).join(",");
  return [
    `Seed ${history.seed} breaks a promise: ${last.message}`,
    "",
    ...story,
    "",
    `${happenings.length} of its ${history.happenings.length} happenings do it. To replay them:`,
    `  SEED=${history.seed} ONLY=${numbers} deno test -A ${simulation.file}`,
    String(last.stack),
  ].join("\n");
}

/** Equal for failures of the same kind: the first line without what differs from run to run. */
function kindOf(error: Error): string {
  return error.message.split("\n")[0]!.replace(/[0-9a-f]{6,}|\d+(\.\d+)?/g, "#");
}

function fromEnv(name: string): string | undefined {
  const granted = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  return (granted ? Deno.env.get(name) : undefined) || undefined;
}

/** The corpus again, and some thousands of new inputs for each target. Longer: `scripts/soak fuzz`. */
import assert from "assert";
import { encodeFrame } from "../../lib/wire/frames.ts";
import { Finding, Fuzzer, type Target } from "./fuzzer.ts";
import { corpusOf, Laboratory } from "./laboratory.ts";
import { mutatedFrames } from "./targets/framed.ts";
import { cut } from "./targets/stream.ts";

/** New inputs in one run of the tests: seconds for each target. */
const RUNS: Readonly<Record<string, number>> = {
  frames: 4000,
  agreement: 1500,
  stranger: 1500,
  between: 1500,
  sealed: 1500,
  node: 2000,
  http: 1500,
  head: 10_000,
};

const laboratory = new Laboratory();
const targets = await laboratory.targets();
const { feedback, words } = laboratory.sources;

for (const target of targets) {
  Deno.test({
    name: `${target.name}: what is known and what is new breaks no property`,
    // Python is one process for the whole file.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      feedback.forget();
      const fuzzer = new Fuzzer(target, feedback, words);
      const corpus = corpusOf(target.name);
      assert.ok(corpus.length > 0, "its corpus is not there");
      await fuzzer.replay(corpus.map(({ input }) => input));
      await fuzzer.fuzz({ runs: RUNS[target.name]!, seed: 1 });
    },
  });
}

type Planted = typeof import("./planted.ts");
// Words of sources that grow elsewhere would make the right one ever rarer.
const small = new Laboratory([
  "lib/wire/frames.ts",
  "lib/wire/header_bounds.ts",
  "tests/fuzz/planted.ts",
]);
const { planted } = await small.load<Planted>("tests/fuzz/planted.ts");

/** A target with a fault that chance does not find. */
const withFault: Target = {
  name: "planted",
  seeds: [cut(0, encodeFrame({ kind: "x", amount: 1 }, new Uint8Array(1)))],
  most: 100,
  mutation: mutatedFrames,
  steps: () => Infinity,
  room: () => Infinity,
  run(input) {
    try {
      planted(input.subarray(1));
    } catch (error) {
      if ((error as Error).name !== "ProtocolError") throw error;
    }
  },
};

/** Looks for the planted fault. @returns how many runs it took; Infinity where it is not found */
async function search(guided: boolean, runs: number, seed: number): Promise<number> {
  const { feedback, words } = small.sources;
  feedback.forget();
  const fuzzer = new Fuzzer(withFault, feedback, words);
  await fuzzer.replay([]);
  try {
    await fuzzer.fuzz({ runs, seed, guided });
    return Infinity;
  } catch (error) {
    assert.ok(error instanceof Finding, String(error));
    assert.match(error.message, /the planted fault/);
    return fuzzer.runs;
  }
}

Deno.test("a planted fault behind four conditions is found by its branches, and not without them", async () => {
  // Which inputs lead there depends on every counted source; that one of three searches does, does not.
  const runs = [];
  for (const seed of [1, 2, 3]) {
    runs.push(await search(true, 400_000, seed));
    if (runs.at(-1) !== Infinity) break;
  }
  assert.notEqual(runs.at(-1), Infinity, "the guidance does not lead there");
  for (const seed of runs.keys()) {
    assert.equal(await search(false, 400_000, seed + 1), Infinity, "chance finds it, too");
  }
});

Deno.test("a counted source that takes too many steps or too much room is a finding", async () => {
  const { FrameDecoder } = await laboratory.load<typeof import("../../lib/wire/frames.ts")>(
    "lib/wire/frames.ts",
  );
  const greedy: Target = {
    ...withFault,
    name: "greedy",
    run: () => {
      for (let times = 0; times < 100; times++) [...new FrameDecoder().feed(new Uint8Array(0))];
    },
  };
  const told = async (target: Target) => {
    const fuzzer = new Fuzzer(target, feedback, words);
    await assert.rejects(fuzzer.replay([]), Finding);
  };
  await told({ ...greedy, steps: () => 50 });
  await told({ ...greedy, room: () => 100 });
});

addEventListener("unload", () => {
  for (const one of [laboratory, small]) one[Symbol.dispose]();
});

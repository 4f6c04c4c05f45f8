/**
 * Fuzzes for long: `deno run -A tests/fuzz/main.ts [--minutes N | --count N] [--seed N] [--keep] [TARGET…]`.
 * `--count` is the number of new inputs for each target. `scripts/soak fuzz` runs it, too.
 * With `--keep` inputs that found something new are written to the corpus, the smallest set that covers
 * all that was covered; without it nothing is written but a finding. A finding ends it with code 1.
 */
import { parseArgs } from "node:util";
import { Finding, Fuzzer } from "./fuzzer.ts";
import { corpusOf, keep, keepFinding, Laboratory } from "./laboratory.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "1" },
    count: { type: "string" },
    seed: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
using laboratory = new Laboratory();
const { feedback, words } = laboratory.sources;
const targets = (await laboratory.targets())
  .filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const ms = Number(values.minutes) * 60_000 / targets.length;
let failed = false;
const told: string[] = [];
for (const target of targets) {
  feedback.forget();
  const fuzzer = new Fuzzer(target, feedback, words);
  try {
    await fuzzer.replay(corpusOf(target.name).map(({ input }) => input));
    await fuzzer.fuzz(
      values.count === undefined ? { ms, seed } : { runs: Number(values.count), seed },
    );
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    failed = true;
    console.error(`${error.message}\nIt is kept as ${keepFinding(error)}`);
  }
  if (values.keep) keep(target.name, await fuzzer.least(corpusOf(target.name)));
  told.push(`${target.name} ${fuzzer.runs} runs, ${feedback.covered} branches`);
  console.error(`${told.at(-1)}, ${fuzzer.found.length} inputs found, seed ${seed}`);
}
console.log(`${told.join("; ")}: ${failed ? "FAILED" : "no finding"}`);
Deno.exitCode = failed ? 1 : 0;

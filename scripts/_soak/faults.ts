/**
 * Each kind of process killed, stopped and frozen at each step of an actor's life.
 *
 * After each: the right error or none, nothing left behind, a fresh driver works. `--count N` takes the first N.
 */
import { allCells, type Cell } from "../../tests/faults/harness/cells.ts";
import { CellRun } from "../../tests/faults/harness/cell_run.ts";
import { Place } from "../../tests/e2e/harness/place.ts";
import { countOf } from "./_flags.ts";

const wanted = Deno.env.get("CELLS"); // such as `template/SIGKILL`
const cells = allCells().filter((cell) => wanted === undefined || textOf(cell).startsWith(wanted))
  .slice(0, countOf(Infinity));
const failures: string[] = [];
let place = new Place();
let run = new CellRun(place);
await run.start();
for (const cell of cells) {
  const began = performance.now();
  let word = "ok";
  try {
    await run.run(cell);
  } catch (error) {
    word = `FAILED: ${(error as Error).message}`;
    failures.push(textOf(cell));
    // The next begins with a cluster that nothing has happened to.
    await place.close().catch((error) => word += `\n${error.message}`);
    place = new Place();
    run = new CellRun(place);
    await run.start();
  }
  console.error(`${textOf(cell)} ${word} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}
await place.close();
console.log(
  `${cells.length - failures.length} of ${cells.length} faults came out as they must` +
    (failures.length > 0 ? `; not: ${failures.join(", ")}` : ""),
);
if (failures.length > 0) Deno.exit(1);

function textOf({ victim, fault, step }: Cell): string {
  return `${victim}/${fault}/${step}`;
}

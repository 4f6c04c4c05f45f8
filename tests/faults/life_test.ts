/** A sample of the matrix of `scripts/soak faults`: processes hit at steps of an actor's life. */
import { theme } from "../e2e/harness/scenario.ts";
import { type Cell, STEPS } from "./harness/cells.ts";
import { CellRun } from "./harness/cell_run.ts";

let run: CellRun;
const { test } = theme("life", async (place) => {
  run = new CellRun(place);
  await run.start();
});

const SAMPLE: Cell[] = [
  ...STEPS.filter((step) => step !== "placing")
    .map((step): Cell => ({ victim: "worker", fault: "SIGKILL", step })),
  { victim: "worker", fault: "SIGSTOP", step: "init" },
  { victim: "template", fault: "SIGKILL", step: "placing" },
  { victim: "template", fault: "SIGKILL", step: "starting" },
  { victim: "template", fault: "SIGSTOP", step: "restarting" },
  { victim: "driver", fault: "SIGKILL", step: "starting" },
  { victim: "driver", fault: "SIGKILL", step: "killed" },
  { victim: "driver", fault: "SIGKILL", step: "restarting" },
  { victim: "supervisor", fault: "SIGKILL", step: "call" },
  { victim: "head", fault: "SIGKILL", step: "init" },
  { victim: "head", fault: "SIGKILL", step: "streaming" },
  { victim: "head", fault: "SIGSTOP", step: "call" },
  { victim: "daemon", fault: "SIGKILL", step: "restarting" },
  { victim: "daemon", fault: "SIGSTOP", step: "streaming" },
  { victim: "daemon", fault: "frozen", step: "call" },
  { victim: "home daemon", fault: "SIGKILL", step: "idle" },
  { victim: "block", fault: "SIGKILL", step: "call" },
];

for (const cell of SAMPLE) {
  const { victim, fault, step } = cell;
  const acts = fault === "frozen" ? "is frozen" : `gets ${fault}`;
  test(`the ${victim} ${acts} at the step ${step}`, () => run.run(cell));
}

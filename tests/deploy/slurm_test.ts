/** The batch script for Slurm, with a pretended srun whose tasks are processes of this machine. */
import assert from "assert";
import { join } from "node:path";
import { freePort } from "../e2e/harness/ports.ts";
import { theme } from "../e2e/harness/scenario.ts";

const HERE = import.meta.dirname!;
const SCRIPT = join(HERE, "..", "..", "deploy", "slurm", "beam.sbatch");
const PROGRAM = join(HERE, "programs", "spread.py");

const { place, test } = theme("slurm");

function batch(...args: string[]) {
  const env = {
    PATH: `${join(HERE, "slurm")}:${Deno.env.get("PATH")}`,
    BEAM: place.beam,
    PORT: `${freePort()}`,
    SLURM_JOB_ID: "4711",
    SLURM_JOB_NODELIST: "n[1-2]",
    SLURM_NNODES: "2",
    SLURM_SUBMIT_DIR: place.dir,
    BEAM_NUM_CPUS: "2",
    BEAM_NUM_GPUS: "0",
    BEAM_RUNTIME_DIR: undefined,
    BEAM_DASHBOARD_PORT: undefined,
  };
  return place.run(["bash", SCRIPT, ...args], { env }).end();
}

test("its command runs on a cluster of all nodes, and both end with it", async () => {
  const { code, stdout, stderr } = await batch("--", place.python, PROGRAM);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^nodes: 127\.0\.0\.1 127\.0\.0\.2 token: False$/m);
});

test("the command's exit code is the job's", async () => {
  const { code, stdout } = await batch("--", place.python, PROGRAM, "7");
  assert.match(stdout, /nodes: /);
  assert.equal(code, 7);
});

test("nothing to run is wrong usage", async () => {
  const { code, stderr } = await batch("--");
  assert.equal(code, 2);
  assert.match(stderr, /say what to run/);
});

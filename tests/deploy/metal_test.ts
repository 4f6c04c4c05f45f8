/** vllm-metal's shape: `mlx` as a custom resource, on machines that pretend to have it. */
import assert from "assert";
import { join } from "node:path";
import { theme } from "../e2e/harness/scenario.ts";

const PROGRAM = join(import.meta.dirname!, "programs", "metal.py");

const { place, test } = theme("metal");

test("each machine's `mlx` is given to one worker, whose hook ran first", async () => {
  const flags = ["--resources", '{"mlx": 1}'];
  const head = await place.head({ flags });
  const other = await place.join(head, { flags });
  const ending = await place.run([place.python, PROGRAM], { env: head.programEnv() }).end();
  assert.equal(ending.code, 0, ending.stderr);
  const told = JSON.parse(ending.stdout);
  assert.equal(told.total, 2);
  assert.equal(told.free, 0);
  assert.deepEqual(told.workers.map(([hook]: [string]) => hook), ["1", "1"]);
  await other.down();
  await head.down();
});

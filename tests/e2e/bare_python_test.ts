/** A Python with nothing installed imports `ray` from the shim's path and runs an actor. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { allPythons, python } from "./harness/pythons.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("bare Python", async (place) => {
  head = await place.head();
});

/** A virtual environment of the oldest Python here, without pip or any other package. */
async function bare(): Promise<string> {
  const [oldest] = allPythons().values();
  const venv = join(place.dir, "venv");
  await place.run([oldest ?? python(), "-m", "venv", "--without-pip", venv]).ok();
  return join(venv, "bin", "python");
}

test("an interpreter with nothing installed runs an actor and sees ray's version", async () => {
  const python = await bare();
  const driver = head.driver("one_actor.py", [], { python });
  const { version, own } = await driver.said();
  assert.deepEqual(version, own);
  await driver.ok();
  const code = "import ray, importlib.metadata as m; print(m.version('ray') == ray.__version__)";
  const ending = await place.run([python, "-c", code], { env: head.programEnv() }).ok();
  assert.equal(ending.stdout, "True\n");
});

test("a driver without any cluster starts one for itself, and leaves nothing", async () => {
  const python = await bare();
  const program = join(import.meta.dirname!, "programs", "one_actor.py");
  const env = { PYTHONPATH: head.record.shim_path, RAY_ADDRESS: "local" };
  const driver = place.run([python, "-u", program], { env });
  assert.ok((await driver.said()).version);
  await driver.ok();
});

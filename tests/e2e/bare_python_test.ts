/** A Python with nothing installed imports `ray` from the shim's path and runs an actor. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { allPythons } from "./harness/pythons.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("bare Python", async (place) => {
  head = await place.head();
});

/** A virtual environment of that Python, without pip or any other package. */
async function bare(minor: string, base: string): Promise<string> {
  const venv = join(place.dir, `venv-${minor}`);
  await place.run([base, "-m", "venv", "--without-pip", venv]).ok();
  const program = join(venv, "bin", "python");
  const { code } = await place.run([program, "-c", "import cloudpickle, msgpack"]).end();
  assert.notEqual(code, 0, "an environment with packages tests nothing here");
  return program;
}

test("every Python from 3.9 to 3.13 with nothing installed runs an actor, in its own version", async () => {
  const pythons = allPythons();
  assert.notEqual(pythons.size, 0, "there must be a Python");
  for (const [minor, base] of pythons) {
    const python = await bare(minor, base);
    const driver = head.driver("one_actor.py", [], { python });
    const { version, own, error } = await driver.said();
    assert.equal(error, undefined, JSON.stringify(error));
    assert.deepEqual([version.join("."), own.join(".")], [minor, minor]);
    await driver.ok();
    const code = "import ray, importlib.metadata as m; print(m.version('ray') == ray.__version__)";
    const ending = await place.run([python, "-c", code], { env: head.programEnv() }).ok();
    assert.equal(ending.stdout, "True\n");
  }
});

test("a driver without any cluster starts one for itself, and leaves nothing", async () => {
  const [oldest] = allPythons();
  assert.ok(oldest, "there must be a Python");
  const python = await bare(...oldest);
  const program = join(import.meta.dirname!, "programs", "one_actor.py");
  const env = { PYTHONPATH: head.record.shim_path, RAY_ADDRESS: "local" };
  const driver = place.run([python, "-u", program], { env });
  assert.ok((await driver.said()).version);
  await driver.ok();
});

/** The wheel, installed as users do. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { RAY_VERSION } from "../../lib/runtime/ray_version.ts";
import { ARCH, must, place, PYTHON, released, run } from "./_release.ts";

const NAME = `beam_ray-${VERSION}-py3-none-manylinux_2_27_${ARCH}.whl`;

Deno.test("the wheel works in a fresh environment, and goes without a trace", async (t) => {
  using user = await place();
  const { dir, env } = user;
  const venv = `${dir}/venv`;
  await must([PYTHON, "-m", "venv", venv], { env });
  const before = await must(["find", venv, "-name", "*.py"], { env });
  const pip = (...args: string[]) => run([`${venv}/bin/python`, "-m", "pip", ...args], { env });
  const installed = await pip("install", "--quiet", "--no-index", released(NAME)!);
  assert.equal(installed.code, 0, installed.stderr);

  await t.step("the commands are beam and ray", async () => {
    assert.match(
      await must([`${venv}/bin/beam`, "version"], { env }),
      new RegExp(`^beam ${VERSION} `),
    );
    const said = await must([`${venv}/bin/ray`, "--version"], { env });
    assert.equal(said, `ray, version ${RAY_VERSION}\n`);
  });

  await t.step("a program starts a cluster of its own, with this executable", async () => {
    const program = `
import importlib.metadata, ray
ray.init(num_cpus=1, include_dashboard=False)
@ray.remote
def answer(): return 42
assert ray.get(answer.remote()) == 42
print(importlib.metadata.version("ray"), importlib.metadata.version("beam-ray"))
from ray._core.launch import beam_command
import os
print(os.path.realpath(beam_command()))
`;
    const said = await must([`${venv}/bin/python`, "-c", program], { env });
    assert.equal(said, `${RAY_VERSION} ${VERSION}\n${await Deno.realPath(venv)}/bin/beam\n`);
  });

  await t.step("ray start, ray status and ray stop", async () => {
    const path = { ...env, PATH: `${venv}/bin:/usr/bin:/bin` };
    const start = "ray start --head --port=0 --node-ip-address=127.0.0.1 --include-dashboard=false";
    await must(["sh", "-c", `${start} 2>&1`], { env: path });
    try {
      assert.match(
        await must(["sh", "-c", "ray status"], { env: path }),
        /^ 1 node_[0-9a-f]{56}$/m,
      );
    } finally {
      await must(["sh", "-c", "ray stop"], { env: path });
    }
  });

  await t.step("installers find nothing to say", async () => {
    assert.match((await pip("check")).stdout, /No broken requirements/);
    const ray = await pip("install", "--no-index", "ray>=2");
    assert.match(ray.stdout, /already satisfied: ray/, ray.stderr);
  });

  await t.step("the record of ray alone cannot be removed", async () => {
    const ending = await pip("uninstall", "-y", "ray");
    assert.equal(ending.code, 1);
    assert.match(ending.stderr, /beam-ray/);
  });

  await t.step("among genuine Ray's files it refuses, and what it says to do helps", async () => {
    const find = `import ray, os; print(os.path.dirname(os.path.dirname(ray.__file__)))`;
    const folder = (await must([`${venv}/bin/python`, "-c", find], { env })).trim();
    // As pip leaves it where genuine Ray was there before.
    const record = `${folder}/ray-2.60.0.dist-info`;
    await Deno.mkdir(record);
    await Deno.writeTextFile(
      `${record}/METADATA`,
      "Metadata-Version: 2.1\nName: ray\nVersion: 2.60.0\n",
    );
    await Deno.writeTextFile(
      `${record}/RECORD`,
      "ray/_raylet.so,,\nray/__init__.py,,\nray/actor.py,,\n" +
        ["METADATA", "RECORD"].map((name) => `ray-2.60.0.dist-info/${name},,\n`).join(""),
    );
    await Deno.writeTextFile(`${folder}/ray/_raylet.so`, "");
    // Ray's own files that would be imported, and fail.
    await Deno.writeTextFile(`${folder}/ray/dag/__init__.py`, "raise RuntimeError('a riddle')\n");
    const ending = await run([`${venv}/bin/python`, "-c", "import ray"], { env });
    assert.equal(ending.code, 1);
    assert.match(ending.stderr, /ImportError: .* holds both beam's package and genuine Ray/);
    const [mend] = ending.stderr.match(/pip uninstall .*$/m) ?? assert.fail(ending.stderr);
    await must(["sh", "-c", mend], { env: { ...env, PATH: `${venv}/bin:/usr/bin:/bin` } });
  });

  await t.step("nothing stays behind", async () => {
    assert.equal(await must(["find", venv, "-name", "*.py"], { env }), before);
    assert.deepEqual(
      [...Deno.readDirSync(`${venv}/bin`)].filter(({ name }) => /beam|ray/.test(name)),
      [],
    );
  });
});

Deno.test("an index would take it", async () => {
  const packages = Deno.env.get("BEAM_RELEASE_PACKAGES")!;
  const env = { PYTHONPATH: packages, NO_COLOR: "1" };
  const ending = await run([PYTHON, "-m", "twine", "check", "--strict", released(NAME)!], { env });
  assert.match(ending.stdout, /PASSED/, ending.stderr);
});

/** The tarball for bind mounts: three ways to the executable, and none. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { RAY_VERSION } from "../../lib/runtime/ray_version.ts";
import { ARCH, must, place, PYTHON, released, run } from "./_release.ts";

Deno.test("the mount: the package finds the executable", async (t) => {
  using user = await place();
  const { dir } = user;
  await must(["tar", "-xzf", released(`beam-${VERSION}-mount-linux-${ARCH}.tar.gz`)!, "-C", dir]);
  const env = { ...user.env, PYTHONPATH: `${dir}/beam/python` };
  const ray = (env: Record<string, string>) =>
    run([PYTHON, "-m", "ray", "--version"], { env: { ...env, PATH: env.PATH ?? "/usr/bin:/bin" } });
  const expected = `ray, version ${RAY_VERSION}\n`;
  const python = await must(["sh", "-c", `command -v ${PYTHON}`]);
  const [real] = python.split("\n");
  assert.ok(real);

  await t.step("beside it, wherever the folder lies", async () => {
    assert.equal((await ray(env)).stdout, expected);
    await Deno.rename(`${dir}/beam`, `${dir}/moved`);
    assert.equal((await ray({ ...env, PYTHONPATH: `${dir}/moved/python` })).stdout, expected);
    await Deno.symlink(`${dir}/moved/bin/ray`, `${dir}/ray`);
    assert.equal(await must([`${dir}/ray`, "--version"], { env }), expected);
    await Deno.rename(`${dir}/moved`, `${dir}/beam`);
  });

  await t.step("a program works with it, from a folder that nobody may write", async () => {
    await must(["chmod", "-R", "a-w", `${dir}/beam`]);
    const program =
      "import ray; ray.init(num_cpus=1, include_dashboard=False); print(ray.is_initialized())";
    assert.equal(await must([PYTHON, "-c", program], { env }), "True\n");
    await must(["chmod", "-R", "u+w", `${dir}/beam`]);
  });

  await Deno.rename(`${dir}/beam/bin`, `${dir}/elsewhere`);
  await t.step("by BEAM_BIN", async () => {
    assert.equal((await ray({ ...env, BEAM_BIN: `${dir}/elsewhere/beam` })).stdout, expected);
    const wrong = await ray({ ...env, BEAM_BIN: `${dir}/nowhere` });
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stderr,
      /^ray: Cannot run: BEAM_BIN is .*\/nowhere, which is no executable file\.$/m,
    );
  });

  await t.step("on PATH", async () => {
    assert.equal((await ray({ ...env, PATH: `${dir}/elsewhere:/usr/bin:/bin` })).stdout, expected);
  });

  await t.step("nowhere: two lines say so", async () => {
    const none = await ray(env);
    assert.equal(none.code, 1);
    assert.equal(
      none.stderr,
      `ray: Cannot run: beam's executable is neither beside the package (${dir}/beam/python/ray), ` +
        "nor named by BEAM_BIN, nor on PATH.\nray: Set BEAM_BIN to its path, or put it on PATH.\n",
    );
  });
});

Deno.test("the tarball has what a machine needs, and every licence", async () => {
  using user = await place();
  const { dir, env } = user;
  await must(["tar", "-xzf", released(`beam-${VERSION}-linux-${ARCH}.tar.gz`)!, "-C", dir]);
  const top = `${dir}/beam-${VERSION}-linux-${ARCH}`;
  const beam = `${top}/bin/beam`;
  for (const shell of ["bash", "zsh", "fish"]) {
    const place = {
      bash: "share/bash-completion/completions/beam",
      zsh: "share/zsh/site-functions/_beam",
      fish: "share/fish/vendor_completions.d/beam.fish",
    }[shell]!;
    const printed = await must([beam, "completions", shell], { env });
    assert.equal(Deno.readTextFileSync(`${top}/${place}`), printed);
  }
  const manual = Deno.readTextFileSync(`${top}/share/man/man1/beam.1`);
  assert.equal(manual, await must([beam, "man"], { env }));
  for (const unit of ["beam-head.service", "beam-node.service"]) {
    assert.match(Deno.readTextFileSync(`${top}/lib/systemd/system/${unit}`), /^ExecStart=.*beam /m);
  }
  const names = [...Deno.readDirSync(`${top}/share/doc/beam/licenses`)].map(({ name }) => name);
  const carried = await must([beam, "version", "--licenses"], { env });
  const titles = [...carried.matchAll(/^={80}\n(.+)\n={80}$/gm)].map(([, title]) => `${title}.txt`);
  assert.deepEqual(names.sort(), titles.sort());
});

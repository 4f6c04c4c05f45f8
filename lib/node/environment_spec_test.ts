import assert from "node:assert/strict";
import {
  environmentSpec,
  mergedEnvironment,
  nsightCommand,
  SETUP_TIMEOUT,
} from "./environment_spec.ts";

Deno.test("variables, a hook and settings alone need nothing set up", () => {
  for (const env of [{}, { env_vars: { A: "1" }, worker_process_setup_hook: "a.b", config: {} }]) {
    assert.equal(environmentSpec(env), undefined);
  }
});

Deno.test("an installer is read from a list or a map", () => {
  const one = environmentSpec({ pip: ["a", "b==1"] })!;
  assert.deepEqual(one.install, { installer: "pip", packages: ["a", "b==1"] });
  assert.equal(one.timeout, SETUP_TIMEOUT);
  const two = environmentSpec({
    uv: { packages: ["a"], uv_check: true, uv_version: "==1", uv_pip_install_options: ["-q"] },
    config: { setup_timeout_seconds: -1, eager_install: false, log_files: ["x.log", "../y"] },
  })!;
  assert.deepEqual(two.install, {
    installer: "uv",
    packages: ["a"],
    version: "==1",
    options: ["-q"],
    check: true,
  });
  assert.deepEqual([two.timeout, two.eager, two.log_files], [undefined, false, ["x.log"]]);
  const month = environmentSpec({ pip: ["a"], config: { setup_timeout_seconds: 30 * 86_400 } })!;
  assert.equal(month.timeout, 2 ** 31 - 1, "a longer timer is over at once");
});

Deno.test("an actor's fields take the place of the job's, and its installer that of another", () => {
  const job = {
    env_vars: { A: "job", B: "job" },
    pip: { packages: ["a"] },
    working_dir: "gcs://a",
  };
  const actor = { env_vars: { B: "actor" }, uv: { packages: ["b"] } };
  assert.deepEqual(mergedEnvironment(job, actor), {
    env_vars: { A: "job", B: "actor" },
    uv: { packages: ["b"] },
    working_dir: "gcs://a",
  });
});

Deno.test("the profiler's options become its command, its report goes to the logs", () => {
  assert.deepEqual(nsightCommand({ t: "cuda", o: "'here'", "stop-on-exit": "true" }, "/logs"), [
    ...["nsys", "profile", "-t", "cuda", "--stop-on-exit=true", "-o", "/logs/here"],
  ]);
  assert.equal(nsightCommand("default", "/logs").at(-1), "/logs/worker_process_%p");
  assert.equal(environmentSpec({ _nsight: "default" })!.nsight, "default");
});

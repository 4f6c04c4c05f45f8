import assert from "node:assert/strict";
import { LaunchPlan, type Places } from "./launch_plan.ts";
import { orderOf } from "./order.ts";

const SHIM = "/shim";
const plan = new LaunchPlan({
  env: { PATH: "/bin", PYTHONPATH: "/old" },
  network: {},
  shim: SHIM,
  worker_cmd: undefined,
  vendor: null,
  runtime: "/runtime",
  cwd: "/",
});

const NOWHERE: Places = {
  cwd: undefined,
  paths: [],
  virtual_env: undefined,
  executable: undefined,
  prefix: [],
};

function order(env_vars: Record<string, string> = {}) {
  return orderOf({
    actor_id: "a",
    incarnation: 1,
    actor: { runtime_env: { env_vars } },
    job: { job_id: "01000000" },
    grant: {},
    devices: [],
  }, new Uint8Array(0));
}

Deno.test("without an environment workers are forked from the driver's interpreter", () => {
  const { env, exec, keep } = plan.envFor(order({ A: "1" }));
  assert.deepEqual([env["A"], env["PYTHONPATH"], exec, keep], ["1", "/shim:/old", false, false]);
  assert.equal(plan.envFor(order({ PYTHONPATH: "/mine" })).exec, true);
});

Deno.test("unpacked folders come first, and a template that has them can fork", () => {
  const places = { ...NOWHERE, paths: ["/module", "/work"], cwd: "/work" };
  const template = plan.templateIn(places, "/usr/bin/python3", {});
  assert.deepEqual(template.command, ["/usr/bin/python3", "-m", "ray._worker"]);
  const prepared = { places, templateEnv: template.env! };
  const { env, exec } = plan.envFor(order(), prepared);
  assert.equal(env["PYTHONPATH"], "/shim:/module:/work:/old");
  assert.equal(exec, false);
  assert.equal(plan.envFor(order({ LANG: "C" }), prepared).exec, true);
});

Deno.test("a virtual environment's interpreter is the template's", () => {
  const places = { ...NOWHERE, virtual_env: "/built/virtualenv" };
  const { command, env } = plan.templateIn(places, "/usr/bin/python3", {});
  assert.deepEqual(command, ["/built/virtualenv/bin/python", "-m", "ray._worker"]);
  assert.equal(env!["PATH"], "/built/virtualenv/bin:/bin");
  assert.equal(env!["VIRTUAL_ENV"], "/built/virtualenv");
});

Deno.test("a command of the user's gets a script, its variables, and keeps what it sets", () => {
  const places = { ...NOWHERE, executable: "uv run --with x", cwd: "/work" };
  const { command, env, cwd } = plan.templateIn(places, undefined, { UV_X: "1" });
  assert.deepEqual(command.slice(0, 2), ["sh", "-c"]);
  assert.equal(command[2], "exec uv run --with x /shim/ray/_worker/start.py");
  const named = new LaunchPlan({ ...plan.parts, shim: "/home/o'brien/shim" });
  const words = named.templateIn({ ...places, executable: "echo" }, undefined, {}).command;
  const { stdout } = new Deno.Command(words[0]!, { args: words.slice(1) }).outputSync();
  assert.equal(new TextDecoder().decode(stdout), "/home/o'brien/shim/ray/_worker/start.py\n");
  assert.deepEqual([env!["UV_X"], cwd], ["1", "/work"]);
  const prepared = { places, templateEnv: env! };
  const made = plan.envFor(order({ UV_X: "1", MORE: "2" }), prepared);
  assert.deepEqual(made, { env: { MORE: "2" }, exec: false, keep: true });
});

Deno.test("under a profiler each worker is an interpreter of its own", () => {
  const places = { ...NOWHERE, prefix: ["/bin/nsys", "profile"] };
  const prepared = { places, templateEnv: plan.templateEnv };
  assert.equal(plan.envFor(order(), prepared).exec, true);
});

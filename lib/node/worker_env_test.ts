import assert from "assert";
import { needsExec, nodeEnv, templateEnv, workerEnv, type WorkerEnvParts } from "./worker_env.ts";

function made(parts: Partial<WorkerEnvParts> = {}) {
  return workerEnv({
    node: { PATH: "/bin" },
    shim: "/shim",
    jobVars: {},
    actorVars: {},
    vendor: "nvidia",
    devices: [],
    ...parts,
  });
}

Deno.test("no secret and no template's order goes into any process of the node", () => {
  const daemon = {
    BEAM_TOKEN: "s",
    BEAM_TOKEN_FILE: "/f",
    RAY_AUTH_TOKEN: "s",
    RAY_AUTH_TOKEN_PATH: "/f",
    BEAM_TEMPLATE: "{}",
    RAY_AUTH_MODE: "token",
    BEAM_RUNTIME_DIR: "/r",
  };
  assert.deepEqual(nodeEnv(daemon, {}), { RAY_AUTH_MODE: "token", BEAM_RUNTIME_DIR: "/r" });
  assert.equal(made({ actorVars: { BEAM_TOKEN: "s" } })["BEAM_TOKEN"], undefined);
});

Deno.test("network variables fill in what nobody set; an empty value is a value", () => {
  const network = { VLLM_HOST_IP: "10.0.0.1", GLOO_SOCKET_IFNAME: "eth0" };
  const env = nodeEnv({ GLOO_SOCKET_IFNAME: "" }, network);
  assert.deepEqual(env, { VLLM_HOST_IP: "10.0.0.1", GLOO_SOCKET_IFNAME: "" });
  assert.equal(
    made({ node: env, jobVars: { VLLM_HOST_IP: "1.1.1.1" } })["VLLM_HOST_IP"],
    "1.1.1.1",
  );
});

Deno.test("the package is first in PYTHONPATH, once, whoever sets it", () => {
  assert.equal(templateEnv({}, "/shim")["PYTHONPATH"], "/shim");
  assert.equal(templateEnv({ PYTHONPATH: "/a:/shim::/b" }, "/shim")["PYTHONPATH"], "/shim:/a:/b");
  assert.equal(made({ actorVars: { PYTHONPATH: "/mine" } })["PYTHONPATH"], "/shim:/mine");
  assert.equal(
    made({ node: { PYTHONPATH: "/a" }, actorVars: { PYTHONPATH: "/b:${PYTHONPATH}" } })[
      "PYTHONPATH"
    ],
    "/shim:/b:/a",
  );
});

Deno.test("env_vars: the actor's win over the job's, and are expanded once, as Ray does", () => {
  const env = made({
    node: { PATH: "/bin", HOME: "/h" },
    jobVars: { PATH: "${PATH}:/job", ONLY: "job" },
    actorVars: {
      PATH: "${PATH}:/actor",
      X: "$HOME/x",
      Y: "a${MISSING}b$MISSING$constructor",
      Z: "${PATH}",
    },
  });
  assert.equal(env["PATH"], "/bin:/actor");
  assert.equal(env["ONLY"], "job");
  assert.equal(env["X"], "/h/x");
  assert.equal(env["Y"], "ab$MISSING$constructor");
  assert.equal(env["Z"], "/bin:/actor");
});

Deno.test("NVIDIA: the granted devices, over what the environment or env_vars say", () => {
  const env = made({
    node: { CUDA_VISIBLE_DEVICES: "0,1,2,3" },
    actorVars: { CUDA_VISIBLE_DEVICES: "0,1,2,3" },
    devices: ["2", "3"],
  });
  assert.equal(env["CUDA_VISIBLE_DEVICES"], "2,3");
  assert.equal(made({ devices: ["GPU-1"] })["CUDA_VISIBLE_DEVICES"], "GPU-1");
  assert.equal(made({ vendor: null, devices: ["0"] })["CUDA_VISIBLE_DEVICES"], "0");
});

Deno.test("NVIDIA: Ray's switch leaves the variable as it is, from the node or from env_vars", () => {
  const noset = { RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "1" };
  assert.equal(made({ actorVars: noset, devices: ["1"] })["CUDA_VISIBLE_DEVICES"], undefined);
  const node = { CUDA_VISIBLE_DEVICES: "4,5", ...noset };
  assert.equal(made({ node, devices: ["4"] })["CUDA_VISIBLE_DEVICES"], "4,5");
  const off = { RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "0" };
  assert.equal(made({ actorVars: off, devices: ["1"] })["CUDA_VISIBLE_DEVICES"], "1");
});

Deno.test("AMD: both variables with one list, never ROCR_VISIBLE_DEVICES", () => {
  const env = made({ vendor: "amd", node: { ROCR_VISIBLE_DEVICES: "4,5" }, devices: ["0", "1"] });
  assert.equal(env["HIP_VISIBLE_DEVICES"], "0,1");
  assert.equal(env["CUDA_VISIBLE_DEVICES"], "0,1");
  assert.equal(env["ROCR_VISIBLE_DEVICES"], "4,5");
});

Deno.test("AMD: Ray's switches for HIP and ROCR hold for both variables, CUDA's for its own", () => {
  for (const name of ["HIP", "ROCR"]) {
    const actorVars = { [`RAY_EXPERIMENTAL_NOSET_${name}_VISIBLE_DEVICES`]: "1" };
    const env = made({ vendor: "amd", actorVars, devices: ["1"] });
    assert.equal(env["HIP_VISIBLE_DEVICES"] ?? env["CUDA_VISIBLE_DEVICES"], undefined, name);
  }
  const actorVars = { RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "true" };
  const env = made({ vendor: "amd", actorVars, devices: ["1"] });
  assert.deepEqual([env["HIP_VISIBLE_DEVICES"], env["CUDA_VISIBLE_DEVICES"]], ["1", undefined]);
});

Deno.test("no GPU asked for: untouched, unless Ray's old way is asked for", () => {
  const node = { CUDA_VISIBLE_DEVICES: "0,1" };
  assert.equal(made({ node })["CUDA_VISIBLE_DEVICES"], "0,1");
  assert.equal(made()["CUDA_VISIBLE_DEVICES"], undefined);
  const old = { RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO: "1" };
  assert.equal(made({ node, actorVars: old })["CUDA_VISIBLE_DEVICES"], "");
  const amd = made({ vendor: "amd", actorVars: old });
  assert.deepEqual([amd["HIP_VISIBLE_DEVICES"], amd["CUDA_VISIBLE_DEVICES"]], ["", ""]);
  const both = { ...old, RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "1" };
  assert.equal(made({ node, actorVars: both })["CUDA_VISIBLE_DEVICES"], "0,1");
});

Deno.test("a fresh interpreter where only exec applies a variable, a fork otherwise", () => {
  const base = templateEnv({ PATH: "/bin" }, "/shim");
  assert.equal(needsExec(base, { ...base, CUDA_VISIBLE_DEVICES: "1", VLLM_X: "1" }), false);
  for (
    const name of [
      "PYTHONPATH",
      "PYTHONHASHSEED",
      "LD_PRELOAD",
      "LD_LIBRARY_PATH",
      "MALLOC_ARENA_MAX",
      "MALLOC_CONF",
      "TCMALLOC_RELEASE_RATE",
      "GLIBC_TUNABLES",
      "LC_ALL",
      "TZ",
    ]
  ) {
    assert.equal(needsExec(base, { ...base, [name]: "x" }), true, name);
  }
  assert.equal(needsExec({ ...base, LD_PRELOAD: "x" }, base), true);
});

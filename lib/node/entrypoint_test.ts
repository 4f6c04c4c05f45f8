import assert from "assert";
import { entrypointEnv, entrypointOf, stopManner } from "./entrypoint.ts";

const body = {
  submission_id: "mine",
  entrypoint: "true",
  metadata: { job_name: "named" },
  runtime_env: { env_vars: { A: "1" } },
};

Deno.test("a driver inside finds its cluster and what it was submitted with", () => {
  const entrypoint = entrypointOf(new TextEncoder().encode(JSON.stringify(body)));
  const env = entrypointEnv({ PATH: "/bin", A: "1" }, entrypoint, "10.0.0.1:6379");
  assert.deepEqual(JSON.parse(env["RAY_JOB_CONFIG_JSON_ENV_VAR"]!), {
    runtime_env: body.runtime_env,
    metadata: { job_submission_id: "mine", job_name: "named" },
  });
  const { RAY_JOB_CONFIG_JSON_ENV_VAR: _, ...rest } = env;
  assert.deepEqual(rest, {
    PATH: "/bin",
    A: "1",
    RAY_ADDRESS: "10.0.0.1:6379",
    PYTHONUNBUFFERED: "1",
  });
});

Deno.test("Ray's variables say how a job is stopped", () => {
  assert.deepEqual(stopManner({}), { signal: "SIGTERM", patience: 3000 });
  assert.deepEqual(stopManner({ RAY_JOB_STOP_SIGNAL: "SIGINT", RAY_JOB_STOP_WAIT_TIME_S: "0.5" }), {
    signal: "SIGINT",
    patience: 500,
  });
  const nonsense = { RAY_JOB_STOP_SIGNAL: "SIGKILL", RAY_JOB_STOP_WAIT_TIME_S: "soon" };
  assert.deepEqual(stopManner(nonsense), { signal: "SIGTERM", patience: 3000 });
});

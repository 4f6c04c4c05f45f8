import assert from "assert";
import { HttpFailure } from "./http_failure.ts";
import { jobRequestOf } from "./job_request.ts";

Deno.test("what is given is taken, what is null is not", () => {
  assert.deepEqual(
    jobRequestOf({
      entrypoint: "python3 train.py",
      submission_id: null,
      job_id: "mine",
      runtime_env: { env_vars: { A: "1" } },
      metadata: { who: "me" },
      entrypoint_num_cpus: 0.5,
      entrypoint_num_gpus: null,
      entrypoint_memory: 1024,
      entrypoint_resources: { spot: 1 },
      entrypoint_label_selector: { zone: "a" },
      of_a_newer_client: true,
    }),
    {
      entrypoint: "python3 train.py",
      submission_id: "mine",
      runtime_env: { env_vars: { A: "1" } },
      metadata: { who: "me" },
      entrypoint_num_cpus: 0.5,
      entrypoint_memory: 1024,
      entrypoint_resources: { spot: 1 },
      entrypoint_label_selector: { zone: "a" },
    },
  );
  assert.deepEqual(jobRequestOf({ entrypoint: "true" }), {
    entrypoint: "true",
    runtime_env: {},
    metadata: {},
  });
});

Deno.test("a field of another type is refused by its name", () => {
  const refused: [unknown, RegExp][] = [
    [[], /the body must be a JSON object, got \[\]/],
    [{}, /entrypoint must be a command line, got nothing/],
    [{ entrypoint: "  " }, /entrypoint must be a command line/],
    [{ entrypoint: "x", submission_id: "../../etc" }, /submission_id must be 1 to 200 letters/],
    [{ entrypoint: "x", submission_id: ".." }, /and more than dots, got "\.\."/], // `/api/jobs/..` is none
    [{ entrypoint: "x", runtime_env: [] }, /runtime_env must be a map/],
    [{ entrypoint: "x", metadata: { a: 1 } }, /metadata\["a"\] must be a text, got 1/],
    [{ entrypoint: "x", entrypoint_num_gpus: "1" }, /entrypoint_num_gpus must be a number/],
    [{ entrypoint: "x", entrypoint_num_cpus: -1 }, /entrypoint_num_cpus must be a number/],
    [{ entrypoint: "x", entrypoint_resources: { a: {} } }, /a must be a number/],
  ];
  for (const [body, words] of refused) {
    assert.throws(
      () => jobRequestOf(body),
      (error) => error instanceof HttpFailure && error.status === 400 && words.test(error.message),
      JSON.stringify(body),
    );
  }
});

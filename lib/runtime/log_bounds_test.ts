import assert from "assert";
import { LEAST_LOG_MAX_BYTES, LOG_MAX_BYTES, logBounds } from "./log_bounds.ts";

Deno.test("the usual bounds, and those that follow from little", () => {
  const MIB = 2 ** 20;
  assert.deepEqual(logBounds(), {
    own: 16 * MIB,
    worker: 32 * MIB,
    ended: 512 * MIB,
    job: 256 * MIB,
    jobs: 512 * MIB,
  });
  for (const max of [LEAST_LOG_MAX_BYTES, 100 * MIB, LOG_MAX_BYTES, 10 * LOG_MAX_BYTES]) {
    const { own, worker, ended, job, jobs } = logBounds(max);
    // A death's last words fit, and a daemon, ten workers and a job with what has ended.
    assert.ok(worker >= 256 * 1024);
    assert.ok(4 * own + worker + ended / 2 + job / 2 + jobs / 4 <= 1.1 * max, String(max));
  }
});

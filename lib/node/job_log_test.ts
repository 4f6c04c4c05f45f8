import assert from "assert";
import { join } from "node:path";
import { jobLogPath, pruneJobLogs } from "./job_log.ts";

Deno.test("an id cannot lead out of the log folder", () => {
  assert.equal(jobLogPath("/r", "raysubmit_1"), "/r/logs/job-driver-raysubmit_1.log");
  for (const id of ["../x", "a/b", "", "a\0b", "x".repeat(201)]) {
    assert.throws(() => jobLogPath("/r", id), /submission id/, id);
  }
});

Deno.test("old output goes when there is much of it, and nothing else", () => {
  const runtime = Deno.makeTempDirSync();
  try {
    const logs = join(runtime, "logs");
    Deno.mkdirSync(logs);
    Deno.writeTextFileSync(join(logs, "head.log"), "");
    const now = Date.now();
    for (let n = 0; n < 103; n++) {
      const path = jobLogPath(runtime, `job${n}`);
      Deno.writeTextFileSync(path, "");
      const age = n < 2 ? 30 : n === 2 ? 1 : 0; // days
      const at = new Date(now - age * 24 * 3600_000);
      Deno.utimeSync(path, at, at);
    }
    pruneJobLogs(runtime, now);
    const left = [...Deno.readDirSync(logs)].map(({ name }) => name);
    assert.equal(left.length, 102);
    assert.ok(left.includes("head.log") && left.includes("job-driver-job2.log"));
    assert.ok(!left.includes("job-driver-job0.log") && !left.includes("job-driver-job1.log"));
    // Past the bound in bytes goes what nobody has written for a day, and nothing else.
    for (const name of ["job2", "job3"]) Deno.writeTextFileSync(jobLogPath(runtime, name), "12345");
    const yesterday = new Date(now - 25 * 3600_000);
    Deno.utimeSync(jobLogPath(runtime, "job2"), yesterday, yesterday);
    pruneJobLogs(runtime, now, 4);
    const kept = [...Deno.readDirSync(logs)].map(({ name }) => name);
    assert.ok(!kept.includes("job-driver-job2.log") && kept.includes("job-driver-job3.log"));
  } finally {
    Deno.removeSync(runtime, { recursive: true });
  }
});

import assert from "assert";
import { join } from "node:path";
import { jobLogPath, pruneJobLogs, readJobLog } from "./job_log.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const question = { offset: 0, most: 100, wait_ms: 0, running: () => false };

Deno.test("an id cannot lead out of the log folder", () => {
  assert.equal(jobLogPath("/r", "raysubmit_1"), "/r/logs/job-driver-raysubmit_1.log");
  for (const id of ["../x", "a/b", "", "a\0b", "x".repeat(201)]) {
    assert.throws(() => jobLogPath("/r", id), /submission id/, id);
  }
});

Deno.test("a part begins where it was asked for, and ends at the bound or the file's end", async () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "0123456789");
    const part = await readJobLog(path, { ...question, offset: 3, most: 4 });
    assert.deepEqual(part, { size: 10, bytes: bytes("3456"), running: false });
    assert.deepEqual((await readJobLog(path, { ...question, offset: 10 })).bytes.length, 0);
    assert.deepEqual(await readJobLog(path + ".none", question), {
      size: 0,
      bytes: bytes(""),
      running: false,
    });
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("what is not there yet is waited for while the job runs", async () => {
  const path = Deno.makeTempFileSync();
  try {
    let looks = 0;
    const running = () => {
      if (++looks === 2) Deno.writeTextFileSync(path, "at last");
      return true;
    };
    const part = await readJobLog(path, { ...question, wait_ms: 60_000, running });
    assert.deepEqual([part.bytes, part.running], [bytes("at last"), true]);
    const over = { ...question, offset: 7, wait_ms: 60_000 };
    assert.equal((await readJobLog(path, over)).bytes.length, 0);
  } finally {
    Deno.removeSync(path);
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
  } finally {
    Deno.removeSync(runtime, { recursive: true });
  }
});

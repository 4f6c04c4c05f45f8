import assert from "assert";
import { endText, startDaemon } from "./background.ts";
import { Trouble } from "./errors.ts";
import { startTicks } from "./records.ts";

/** A daemon of a few lines of shell. */
async function start(script: string, lifeline = false, signal?: AbortSignal) {
  const dir = Deno.makeTempDirSync({ prefix: "bg" });
  const progress: string[] = [];
  try {
    const daemon = await startDaemon({
      config: { runtime_dir: dir, lifeline },
      onProgress: (text) => progress.push(text),
      command: ["sh", "-c", script],
      ...(signal ? { signal } : {}),
    });
    return { daemon, progress };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("a daemon is told its configuration on stdin, and told of when it is ready", async () => {
  const { daemon, progress } = await start(
    `read config; echo greeting; echo '{"progress": "waiting"}'
     echo "{\\"ready\\": {\\"pid\\": $$, \\"config\\": $config}}"; cat; exit 3`,
    true,
  );
  assert.deepEqual(progress, ["waiting"]);
  const record = daemon.record as unknown as { pid: number; config: { lifeline: boolean } };
  assert.equal(record.config.lifeline, true);
  assert.ok(startTicks(record.pid) !== undefined);
  daemon.release();
  assert.deepEqual(await daemon.ended, { code: 3, signal: null });
});

Deno.test("without a lifeline the daemon's input ends after its configuration", async () => {
  const { daemon } = await start(`read config; cat; echo '{"ready": {}}'`);
  assert.deepEqual(await daemon.ended, { code: 0, signal: null });
  daemon.leave();
});

Deno.test("a daemon's error is its own words", async () => {
  await assert.rejects(
    start(
      `echo '{"error": {"message": "Cannot listen", "mend": "Take another port."}}'; cat`,
      true,
    ),
    (error: unknown) =>
      error instanceof Trouble && error.message === "Cannot listen" &&
      error.mend === "Take another port.",
  );
});

Deno.test("a daemon that dies before it is ready is told with what it said", async () => {
  await assert.rejects(
    start(`echo "at line 1" >&2; echo "TypeError: no" >&2; echo "    at x" >&2; exit 9`),
    (error: unknown) =>
      error instanceof Trouble && /ended with code 9/.test(error.message) &&
      error.mend === "It said: TypeError: no",
  );
  await assert.rejects(
    start("kill -9 $$"),
    (error: unknown) => error instanceof Trouble && /ended by SIGKILL/.test(error.message),
  );
  assert.equal(endText({ code: 1, signal: null }), "ended with code 1");
});

Deno.test("a start that is given up kills the daemon", async () => {
  const controller = new AbortController();
  const starting = start("cat; cat; sleep 60", true, controller.signal);
  controller.abort(new Error("given up"));
  await assert.rejects(starting, /given up/);
});

Deno.test("a daemon whose process cannot be made is told in two lines", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "bg" });
  const config = { runtime_dir: dir, lifeline: false };
  await assert.rejects(
    startDaemon({ config, onProgress() {}, command: ["/no/such/beam"] }),
    (error: Trouble) => {
      assert.match(
        error.message,
        /^Cannot start the node: a process for its daemon cannot be made/,
      );
      assert.match(error.mend!, /beam's file/);
      return true;
    },
  );
  Deno.removeSync(dir, { recursive: true });
});

import assert from "assert";
import type { FactsRequest } from "../doctor/read_facts.ts";
import type { Received } from "../wire/link.ts";
import { Doctor } from "./doctor.ts";

/** Doctors that are a shell's words. */
function doctor(script: string, timeout?: number): Doctor {
  return new Doctor({
    command: ["/bin/sh", "-c", script],
    env: { PATH: "/usr/bin:/bin", SEEN: "by workers" },
    request: () => ({ runtime_dir: "/x" }) as FactsRequest,
    ...(timeout === undefined ? {} : { timeout }),
  });
}

async function answerOf(one: Doctor): Promise<string | Error> {
  let answer: string | Error = new Error("nothing was answered");
  await one.answer({} as Received, "daemon.doctor", {
    reply: (_received, _kind, _fields, body) => answer = new TextDecoder().decode(body),
    refuse: (_received, error) => answer = error as Error,
  });
  return answer;
}

Deno.test("what the process prints is the answer; it has the request and the daemon's environment", async () => {
  assert.equal(
    await answerOf(doctor('read line; echo "$line $SEEN"')),
    '{"runtime_dir":"/x"} by workers\n',
  );
});

Deno.test("who asks while one runs gets that one's answer", async () => {
  const one = doctor("read line; echo $$");
  const [first, second] = await Promise.all([answerOf(one), answerOf(one)]);
  assert.equal(first, second);
  assert.notEqual(await answerOf(one), first);
  assert.deepEqual(one.pids, []);
});

Deno.test("one that fails is told with its last words", async () => {
  const failed = await answerOf(doctor("echo a >&2; echo 'no such file' >&2; exit 3"));
  assert.match((failed as Error).message, /Cannot look at this machine: no such file/);
  const gone = new Doctor({
    command: ["/no/such/beam"],
    env: {},
    request: () => ({}) as FactsRequest,
  });
  assert.match((await answerOf(gone) as Error).message, /Cannot look at this machine/);
});

Deno.test("one that hangs is ended", async () => {
  const one = doctor("exec sleep 600", 50);
  assert.match((await answerOf(one) as Error).message, /did not end within 0\.05 s/);
  assert.deepEqual(one.pids, []);
});

Deno.test("one that runs ends with its node", async () => {
  const one = doctor("exec sleep 600");
  const answer = answerOf(one);
  while (one.pids.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  one.close();
  assert.match((await answer as Error).message, /SIGKILL/);
});

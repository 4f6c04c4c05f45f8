/** Jobs that are submitted over HTTP: as training scripts do it, and as nobody else may. */
import assert from "assert";
import { join } from "node:path";
import type { JobDetails } from "../../lib/dashboard/jobs_api.ts";
import { instancePaths } from "../../lib/runtime/paths.ts";
import { readRecord } from "../../lib/runtime/records.ts";
import type { Node } from "./harness/node.ts";
import { freePort } from "./harness/ports.ts";
import { commandOf, isRunning, marked, signal } from "./harness/processes.ts";
import type { Program } from "./harness/program.ts";
import { PROGRAMS } from "./harness/programs.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
let other: Node;
let url: string;
const { place, test } = theme("jobs", async (place) => {
  head = await place.head();
  other = await place.join(head, { flags: ["--resources", '{"spot": 1}'] });
  url = `http://${head.record.dashboard}`;
});

/** `ray job …` on the head's machine, as a program that runs. */
function job(...args: string[]): Program {
  const [verb, ...rest] = args;
  const command = [place.beam, "ray", "job", verb!, `--address=${url}`, ...rest];
  return place.run(command, { env: head.env(), cwd: PROGRAMS });
}

/** A request with the token, or with other headers. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${head.record.token}`, ...init.headers };
  return await fetch(url + path, { ...init, headers });
}

async function details(id: string): Promise<JobDetails> {
  return await (await ask(`/api/jobs/${id}`)).json();
}

function hasStatus(id: string, status: string): Promise<unknown> {
  return until(`${id} is ${status}`, async () => (await details(id)).status === status);
}

test("a training script runs as the scripts of slime and OpenRLHF launch it", async () => {
  const port = freePort();
  const open = place.node();
  const folder = join(place.dir, "home");
  Deno.copyFileSync(join(PROGRAMS, "train.py"), join(folder, "train.py"));
  const started = await open.cli([
    ...["ray", "start", "--head", "--port=0", "--node-ip-address=127.0.0.1", "--num-cpus=4"],
    ...["--num-gpus=0", "--disable-usage-stats", "--dashboard-host=0.0.0.0"],
    `--dashboard-port=${port}`,
  ]);
  assert.equal(started.code, 0, started.stderr);
  const env = (name: string) => place.env()[name];
  open.record = readRecord(instancePaths(open.dir, env).record)!;
  const submitted = await place.cli([
    ...["ray", "job", "submit", `--address=http://127.0.0.1:${port}`],
    ...['--runtime-env-json={"env_vars": {"MASTER_ADDR": "10.0.0.1"}}', "--"],
    ...[place.python, "train.py", "--lr", "1e-6", "--prompt", "it's here"],
  ], open.env());
  assert.equal(submitted.code, 0, submitted.stderr + submitted.stdout);
  assert.match(submitted.stdout, /^Job submission server address: http:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(submitted.stdout, /^Job '(raysubmit_\w{16})' submitted successfully$/m);
  assert.match(submitted.stdout, /^Job 'raysubmit_\w{16}' succeeded$/m);
  const said = JSON.parse(submitted.stdout.match(/^\{.*\}$/m)![0]);
  assert.deepEqual(said, {
    arguments: ["--lr", "1e-6", "--prompt", "it's here"],
    cwd: folder,
    own: "10.0.0.1",
    seen: [{ master: "10.0.0.1", job: said.job }, { master: "10.0.0.1", job: said.job }],
    job: said.job,
  });
  const file = Deno.statSync(join(open.dir, "dashboard_token"));
  assert.equal(file.mode! & 0o777, 0o600, "another user must not read the token");
  const stranger = await fetch(`http://127.0.0.1:${port}/api/jobs/`);
  assert.equal(stranger.status, 401, await stranger.text());
  await open.down();
});

test("a job that fails says how, in its log, its message and the exit codes", async () => {
  const ending = await job(
    "submit",
    "--submission-id=fails",
    "--",
    "sh",
    "-c",
    "echo no >&2; exit 7",
  )
    .end();
  assert.equal(ending.code, 1);
  assert.match(ending.stdout, /^no\n(.|\n)*^Job 'fails' failed$(.|\n)*failed with exit code 7/m);
  const { status, driver_exit_code, error_type, message } = await details("fails");
  assert.deepEqual([status, driver_exit_code, error_type], [
    "FAILED",
    7,
    "JOB_ENTRYPOINT_COMMAND_ERROR",
  ]);
  assert.match(message!, /exit code 7.*\nno$/);
  await job("submit", "--submission-id=killed", "--", "exec", "sh", "-c", "kill -9 $$").end();
  assert.equal((await details("killed")).driver_exit_code, -9);
});

test("a job that is stopped ends with all its processes, the deaf ones too", async () => {
  const deaf = "trap '' TERM; echo deaf; while :; do sleep 1; done";
  const script = `(setsid sh -c "${deaf}" &) ; trap 'echo asked; exit 0' TERM; echo up; ` +
    "while :; do sleep 0.1; done";
  await job("submit", "--no-wait", "--submission-id=endless", "--", "sh", "-c", script).ok();
  const follower = job("logs", "endless", "--follow");
  await follower.prints(/^deaf$/m);
  await follower.prints(/^up$/m);
  const others = marked(place.mark).filter((pid) => commandOf(pid).includes("trap"));
  assert.ok(others.length >= 2);
  const stopped = await job("stop", "endless").ok();
  assert.match(stopped.stdout, /Job 'endless' was stopped/);
  assert.match((await follower.ok()).stdout, /asked\n(.|\n)*Job 'endless' was stopped/);
  assert.deepEqual(others.filter((pid) => isRunning(pid) && commandOf(pid).includes("trap")), []);
  assert.equal(
    await (await ask("/api/jobs/endless/stop", { method: "POST" })).text(),
    '{"stopped":false}',
  );
  assert.match((await job("delete", "endless").ok()).stdout, /deleted successfully/);
  assert.equal((await ask("/api/jobs/endless")).status, 404);
});

test("a job goes on while the head is away, and its follower with it", async () => {
  const gate = join(place.dir, "home", "gate");
  const script = `echo before; while [ ! -e ${gate} ]; do sleep 0.1; done; echo after`;
  const follower = job("submit", "--submission-id=lasting", "--", "sh", "-c", script);
  await follower.prints(/^before$/m);
  const killed = head.headPid;
  signal(killed, "SIGKILL");
  await until("the head is gone", () => !isRunning(killed));
  Deno.writeTextFileSync(gate, "");
  const { stdout } = await follower.ok();
  assert.equal(stdout.match(/^before$/gm)!.length, 1);
  assert.match(stdout, /^after\n(.|\n)*Job 'lasting' succeeded/m);
  await hasStatus("lasting", "SUCCEEDED");
  assert.equal((await details("fails")).status, "FAILED", "what was before is still known");
});

test("an entrypoint waits for what it asks for, and runs where that is", async () => {
  const asked = ['--entrypoint-resources={"spot": 1}', "--no-wait"];
  await job("submit", ...asked, "--submission-id=first", "--", "sleep", "100").ok();
  await hasStatus("first", "RUNNING");
  assert.equal((await details("first")).driver_node_id, other.record.node_id);
  await job("submit", ...asked, "--submission-id=second", "--", "echo", "my", "turn").ok();
  const waiting = await details("second");
  assert.equal(waiting.status, "PENDING");
  assert.match(waiting.message!, /waiting for resources/);
  await job("stop", "first").ok();
  await hasStatus("second", "SUCCEEDED");
  const { logs } = await (await ask("/api/jobs/second/logs")).json();
  assert.match(logs, /^my turn$/m);
});

test("a folder travels with the job, packed once", async () => {
  const folder = join(place.dir, "home", "project");
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(join(folder, "main.py"), "import helper; print('it is', helper.ANSWER)");
  Deno.writeTextFileSync(join(folder, "helper.py"), "ANSWER = 42");
  for (let round = 1; round <= 2; round++) {
    const program = place.run([
      ...[place.beam, "ray", "job", "submit", `--address=${url}`, `--working-dir=${folder}`],
      ...["--", place.python, "main.py"],
    ], { env: head.env({ BEAM_PYTHON: place.python }) });
    assert.match((await program.ok()).stdout, /^it is 42$/m);
  }
});

test("the Python client submits, follows, stops, lists and deletes", async () => {
  for (const id of ["fails", "killed", "lasting", "first", "second"]) {
    await ask(`/api/jobs/${id}`, { method: "DELETE" });
  }
  for (const { submission_id } of await (await ask("/api/jobs/")).json() as JobDetails[]) {
    if (submission_id) await ask(`/api/jobs/${submission_id}`, { method: "DELETE" });
  }
  const driver = head.driver("job_client.py", [url]);
  const said = await driver.said();
  await driver.ok();
  assert.deepEqual({ ...said, listed: said.listed.includes("from-python") }, {
    id: "from-python",
    version: "4",
    followed: said.logs,
    logs: "Running entrypoint for job from-python: echo one; sleep 0.5; echo two\none\ntwo\n",
    status: "SUCCEEDED",
    metadata: { who: "me" },
    again: said.again,
    listed: true,
    stopped: [true, "STOPPED", false],
    deleted: true,
    left: said.left,
  });
  assert.match(said.again, /already exists/);
});

test("without the token, by a strange name or for a strange page nobody gets in", async () => {
  const statusOf = async (headers: Record<string, string>) => {
    const response = await fetch(`${url}/api/version`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  const authorization = `Bearer ${head.record.token}`;
  assert.equal(await statusOf({ authorization }), 200);
  assert.equal(await statusOf({}), 401);
  assert.equal(await statusOf({ authorization: "Bearer wrong" }), 403);
  assert.equal(await statusOf({ authorization: `Basic ${head.record.token}` }), 403);
  assert.equal(await statusOf({ authorization, origin: url }), 200);
  assert.equal(await statusOf({ authorization, origin: "http://evil.example" }), 403);
  assert.equal(await statusOf({ authorization, origin: "null" }), 403);
  assert.equal(await statusOf({ authorization, "sec-fetch-site": "cross-site" }), 403);
  const port = Number(new URL(url).port);
  const raw = async (host: string, path = "/api/version") => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\n\r\n`;
    await conn.write(new TextEncoder().encode(text));
    return (await new Response(conn.readable).text()).split(" ")[1];
  };
  assert.equal(await raw(`localhost:${port}`), "200");
  assert.equal(await raw(`127.0.0.1:${port}`), "200");
  assert.equal(await raw("rebound.example"), "403");
  assert.equal(await raw("rebound.example", "/healthz"), "403");
  assert.equal(await raw("192.0.2.7"), "403");
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const wrong = await place.cli(["ray", "job", "list", `--address=${url}`], {
    RAY_AUTH_TOKEN: "wrong",
    BEAM_RUNTIME_DIR: head.dir,
  });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /403: Forbidden/);
});

test("who says nothing, or too much, is not waited for", async () => {
  const large = await ask("/api/jobs/", { method: "POST", body: new Uint8Array(9 * 2 ** 20) });
  assert.equal(large.status, 413, await large.text());
  const port = Number(new URL(url).port);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nX: " + "a".repeat(100_000)));
  assert.notEqual(await new Response(conn.readable).text().catch(() => "closed"), undefined);
});

test("where the port is taken the cluster works without it, and a port that was named must be had", async () => {
  const usual = holdUsualPort();
  const node = place.node();
  const env = { BEAM_DASHBOARD_PORT: undefined };
  const flags = [
    "up",
    "--head",
    "--port",
    "0",
    "--node-ip",
    "127.0.0.1",
    "--num-cpus",
    "1",
    "--json",
  ];
  const without = await node.cli(flags, env);
  usual?.close();
  assert.equal(without.code, 0, without.stderr);
  node.record = JSON.parse(without.stdout);
  assert.equal(node.record.dashboard, undefined);
  assert.equal(
    without.stderr.match(/Cannot serve jobs and metrics on 127\.0\.0\.1:8265/g)!.length,
    1,
  );
  await node.down();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const named = await place.node().cli([...flags, `--dashboard-port=${port}`], env);
  assert.equal(named.code, 1);
  assert.match(
    named.stderr,
    new RegExp(`Cannot serve jobs and metrics on 127\\.0\\.0\\.1:${port}`),
  );
});

test("a job that runs when its node ends goes with it, whatever it started", async () => {
  const script = "(setsid sleep 1000 &) ; (trap '' TERM; sleep 1000) & sleep 1000";
  await job("submit", "--no-wait", "--submission-id=left", "--", "sh", "-c", script).ok();
  const sleepers = () => marked(place.mark).filter((pid) => /sleep 1000$/.test(commandOf(pid)));
  await until("all of it runs", () => sleepers().length >= 3);
  await other.down();
  await head.down();
  assert.deepEqual(sleepers(), []);
});

test("a job ends with its daemon also where that is killed", async () => {
  const node = await place.head();
  const submit = ["ray", "job", "submit", "--no-wait", "--", "sh", "-c", "sleep 2000 & sleep 2000"];
  const submitted = await place.cli([...submit], node.env());
  assert.equal(submitted.code, 0, submitted.stderr);
  const sleepers = () => marked(place.mark).filter((pid) => /sleep 2000$/.test(commandOf(pid)));
  await until("all of it runs", () => sleepers().length >= 2);
  await node.killDaemon();
  await until("all of it is gone", () => sleepers().length === 0);
});

/** Somebody else may hold it already, which will do as well. */
function holdUsualPort(): Deno.Listener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port: 8265 });
  } catch {
    return undefined;
  }
}

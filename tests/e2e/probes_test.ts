/** What watches a node from outside: probes, KubeRay's among them, and logs that programs read. */
import assert from "assert";
import { join } from "node:path";
import { instancePaths, nodeLogDir } from "../../lib/runtime/paths.ts";
import { readRecord } from "../../lib/runtime/records.ts";
import { freePort } from "./harness/ports.ts";
import { signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const { place, test } = theme("probes");

async function get(port: number, path: string): Promise<[status: number, text: string]> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return [answer.status, await answer.text()];
}

test("KubeRay's commands start nodes that answer its probes", async () => {
  const [http, agent, second] = [freePort(), freePort(), freePort()];
  const kuberay = (port: number) => [
    ...["--node-ip-address=127.0.0.1", `--dashboard-agent-listen-port=${port}`],
    ...["--dashboard-host=0.0.0.0", "--memory=1000000000", "--metrics-export-port=8080"],
    ...["--num-cpus=1", "--num-gpus=0"],
  ];
  const head = place.node();
  const started = await head.cli([
    ...["ray", "start", "--head", "--port=0", `--dashboard-port=${http}`],
    ...kuberay(agent),
  ]);
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stderr, /without meaning here: --metrics-export-port$/m);
  const env = (name: string) => place.env()[name];
  head.record = readRecord(instancePaths(head.dir, env).record)!;
  assert.deepEqual(await get(agent, "/api/local_raylet_healthz"), [200, "success"]);
  assert.deepEqual(await get(agent, "/api/healthz"), [200, "raylet: success\ngcs: success"]);
  assert.deepEqual(await get(http, "/api/gcs_healthz"), [200, "success"]);
  assert.deepEqual(await get(http, "/readyz"), [200, "ready\n"]);
  const address = `--address=${head.record.head_address}`;
  assert.equal((await place.cli(["ray", "health-check", address])).code, 0);
  assert.equal((await place.cli(["ray", "health-check", `--address=127.0.0.1:${second}`])).code, 1);

  const taken = place.node({ ip: "127.0.0.2" });
  const refused = await taken.cli(["ray", "start", address, ...kuberay(agent)]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Cannot answer probes on 127\.0\.0\.1:\d+: .*in use/i);
  await head.down();
});

test("a node whose head is away lives, and is not ready", async () => {
  const port = freePort();
  const head = await place.head();
  const node = await place.join(head, { flags: ["--health-port", String(port)] });
  assert.deepEqual(await get(port, "/readyz"), [200, "ready\n"]);
  signal(head.record.pid, "SIGSTOP");
  signal(head.headPid, "SIGSTOP");
  try {
    const [, why] = await until("it is not ready", async () => {
      const answer = await get(port, "/readyz");
      return answer[0] === 503 && answer;
    });
    assert.match(
      why,
      /^The head has been out of reach for \d+ s: `beam status` here says why\.\n$/,
    );
    assert.deepEqual(await get(port, "/healthz"), [200, "success"]);
    const healthz = await get(port, "/api/healthz");
    assert.deepEqual(healthz, [200, "raylet: success\ngcs: success (no local gcs)"]);
  } finally {
    signal(head.headPid, "SIGCONT");
    signal(head.record.pid, "SIGCONT");
  }
  await until("it is ready again", async () => (await get(port, "/readyz"))[0] === 200);
  await node.down();
  await head.down();
});

test("a node in front shows its logs on standard error, to the last line", async () => {
  const node = place.node();
  const flags = [
    "--head",
    "--port",
    "0",
    "--block",
    "--json",
    "--log-stderr",
    "--log-format",
    "json",
  ];
  const front = node.run([place.beam, "up", ...flags, ...node.flags], { env: node.env() });
  await front.complains(/"process":"head".*is alive/);
  await front.complains(/"process":"daemon".*is ready at 127\.0\.0\.1/);
  front.kill("SIGTERM");
  const { code, stderr } = await front.end();
  assert.equal(code, 0, stderr);
  const lines = stderr.split("\n").filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line)
  );
  assert.ok(lines.some(({ msg }) => /^The node ends: /.test(msg)), stderr);
  const background = await node.cli(["up", "--head", "--port", "0", "--log-stderr"]);
  assert.equal(background.code, 2);
  assert.match(background.stderr, /Cannot use --log-stderr without --block/);
});

test("a worker's last words outlive the bound of its output", async () => {
  const head = await place.head({ flags: ["--log-max-bytes", "16MiB"] });
  const program = [
    "import os, sys, ray",
    "@ray.remote(max_restarts=0)",
    "class Talker:",
    "    def talk(self):",
    "        for at in range(3000): os.write(2, b'x' * 1000 + b'\\n')", // 3 MB, and 512 KiB may be
    "        print('the last words', file=sys.stderr, flush=True)",
    "        os._exit(3)",
    "ray.init('auto', log_to_driver=False)",
    "try: ray.get(Talker.remote().talk.remote())",
    "except ray.exceptions.ActorDiedError as error: print(error)",
  ].join("\n");
  const file = join(place.dir, "home", "talker.py");
  Deno.writeTextFileSync(file, program);
  const ending = await place.run([place.python, file], { env: head.programEnv() }).end();
  assert.equal(ending.code, 0, ending.stderr);
  assert.match(ending.stdout, /^\s*the last words$/m);
  const folder = nodeLogDir(head.dir, head.record.node_id);
  const sizes = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.statSync(join(folder, name)).size
  );
  assert.ok(sizes.every((size) => size < 3_000_000), String(sizes));
  await head.down();
});

test("logs are JSON where asked, and a job's log is cut where it is too long", async () => {
  const head = await place.head({
    flags: ["--log-format", "json", "--log-level", "debug", "--log-max-bytes", "16MiB"],
  });
  const url = `http://${head.record.dashboard}`;
  // 4 MiB are what one job may print; it sees its own log become shorter, and says its last words.
  const program = [
    "import os, sys, time",
    "for _ in range(6): os.write(1, b'x' * 1023 * 1024 + b'\\n')",
    "while os.fstat(1).st_size > 4 * 2**20: time.sleep(0.05)",
    "print('the last words')",
  ].join("\n");
  const file = join(place.dir, "home", "talks.py");
  Deno.writeTextFileSync(file, program);
  const job = await place.cli([
    ...["ray", "job", "submit", `--address=${url}`, "--submission-id=talks", "--"],
    ...[place.python, file],
  ], head.env());
  assert.equal(job.code, 0, job.stderr);
  assert.match(job.stdout, /^the last words$/m);
  const log = Deno.readTextFileSync(join(head.dir, "logs", "job-driver-talks.log"));
  assert.match(log, /^\[beam: 4194304 bytes of output were reached; what stood here is gone\]\n/);
  assert.match(log, /the last words\n$/);
  const told = await place.cli(["ray", "job", "logs", `--address=${url}`, "talks"], head.env());
  assert.match(told.stdout, /the last words\n$/);

  const folder = nodeLogDir(head.dir, head.record.node_id);
  const paths = [join(head.dir, "logs", "head.log"), join(folder, "daemon.log")];
  const lines = paths.flatMap((path) =>
    Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line))
  );
  for (const line of lines) {
    assert.deepEqual(Object.keys(line).slice(0, 4), ["time", "level", "process", "pid"]);
    assert.equal(typeof line.msg, "string");
  }
  assert.ok(
    lines.some(({ process, node_id }) => process === "daemon" && node_id === head.record.node_id),
  );
  assert.ok(
    lines.some(({ process, node_id, msg }) =>
      process === "head" && node_id === head.record.node_id && /is alive/.test(msg)
    ),
  );
});

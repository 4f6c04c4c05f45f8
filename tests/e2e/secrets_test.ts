/** The token of a cluster is in no process's environment or command line, and in no log. */
import assert from "assert";
import { join } from "node:path";
import { commandOf, marked } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const SECRET = "a-secret-that-nobody-may-read";

const { place, test } = theme("secrets");

/** Where the secret stands in what /proc shows of a process. */
function showsIn(pid: number): string[] {
  return ["environ", "cmdline"].filter((file) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/${file}`).includes(SECRET);
    } catch {
      return false; // it has ended
    }
  });
}

function assertHidden(pids: number[]): void {
  for (const pid of pids) assert.deepEqual(showsIn(pid), [], `${pid}: ${commandOf(pid)}`);
}

/** Files under `dir` that hold the secret. */
function filesWith(dir: string, secret: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory) return filesWith(path, secret);
    return entry.isFile &&
        new TextDecoder("latin1").decode(Deno.readFileSync(path)).includes(secret)
      ? [path]
      : [];
  });
}

test("no process of a node shows the token, however it was given, and no log has it", async () => {
  for (const name of ["BEAM_TOKEN", "RAY_AUTH_TOKEN"]) {
    const head = place.node({ env: { [name]: SECRET } });
    await head.up(["--head", "--port", "0"]);
    const joiner = place.node({ ip: "127.0.0.2" });
    await joiner.up(["--join", head.record.head_address], { [name]: SECRET });
    const driver = place.node({ dir: head.dir });
    driver.record = head.record;
    const program = driver.driver("family.py", [], { input: true });
    const { families } = await program.said() as { families: { worker: number }[] };
    const pids = marked(place.mark);
    const expected = [head.record.pid, head.headPid, ...head.templatePids, joiner.record.pid]
      .concat(families.map(({ worker }) => worker));
    assert.ok(head.templatePids.length > 0 && families.length > 0);
    assert.deepEqual(expected.filter((pid) => !pids.includes(pid)), []);
    assertHidden(pids);
    await program.stop();
    await joiner.down();
    await head.down();
    assert.deepEqual([head.dir, joiner.dir].flatMap((dir) => filesWith(dir, SECRET)), []);
  }
});

test("a command that stays in front forgets what it was given", async () => {
  for (
    const command of [["up", "--head", "--port", "0"], ["ray", "start", "--head", "--port", "0"]]
  ) {
    const node = place.node();
    const flags = ["--num-cpus", "1", "--num-gpus", "0", "--include-dashboard=false", "--block"];
    const env = node.env({ BEAM_TOKEN: SECRET });
    const front = node.run([place.beam, ...command, ...flags], { env });
    await until("the node is up", () => /beam down|ray stop/.test(front.stdout));
    const pids = marked(place.mark);
    assert.ok(pids.length >= 3, "the command, the daemon, the head");
    assertHidden(pids);
    await front.stop();
    assert.deepEqual(filesWith(node.dir, SECRET), []);
  }
});

test("programs under `beam run`, submitted jobs and drivers do not have it", async () => {
  const head = place.node({ env: { BEAM_TOKEN: SECRET, RAY_AUTH_TOKEN: SECRET } });
  await head.up(["--head", "--port", "0"]);
  const show = "import os, time; print(sorted(os.environ), flush=True); time.sleep(600)";
  const running = head.run([place.beam, "run", "--", place.python, "-c", show], {
    env: head.env(),
  });
  await until("the program says what it has", () => running.stdout.includes("BEAM_E2E"));
  assert.doesNotMatch(running.stdout, /BEAM_TOKEN|RAY_AUTH_TOKEN/);
  assertHidden(marked(place.mark).filter((pid) => commandOf(pid).includes("time.sleep")));
  await running.stop();

  const submit = ["ray", "job", "submit", "--address", `http://${head.record.dashboard}`, "--"];
  const job = await head.cli([
    ...submit,
    place.python,
    "-c",
    "print(open('/proc/self/environ').read())",
  ]);
  assert.equal(job.code, 0, job.stderr);
  assert.match(job.stdout, /BEAM_E2E/);
  assert.ok(!job.stdout.includes(SECRET));

  const program = head.driver("token_in_driver.py", [], { env: { BEAM_TOKEN: SECRET } });
  assert.deepEqual(await program.said(), { driver: [], worker: [], found: true });
  await program.end();
  await head.down();
  assert.deepEqual(filesWith(head.dir, SECRET), []);
});

test("what is refused does not repeat the token", async () => {
  const head = place.node({ env: { BEAM_TOKEN: SECRET } });
  await head.up(["--head", "--port", "0"]);
  const other = "another-secret-that-is-wrong";
  const file = join(place.dir, "tmp", "token");
  Deno.writeTextFileSync(file, `${other} ${other}\n`);
  const node = place.node({ ip: "127.0.0.2" });
  const join_ = ["up", "--join", head.record.head_address, ...node.flags];
  for (
    const [args, env] of [
      [join_, { BEAM_TOKEN: other }],
      [[...join_, "--token-file", file], {}],
      [["ray", "health-check", "--address", head.record.head_address], { BEAM_TOKEN: other }],
      [["ray", "job", "list", "--address", `http://${head.record.dashboard}`], {
        BEAM_TOKEN: other,
      }],
    ] as const
  ) {
    const { code, stdout, stderr } = await node.cli([...args], env as Record<string, string>);
    assert.notEqual(code, 0);
    assert.ok(!`${stdout}${stderr}`.includes(other), stderr);
    assert.ok(!`${stdout}${stderr}`.includes(SECRET), stderr);
  }
  Deno.removeSync(file);
  await head.down();
});

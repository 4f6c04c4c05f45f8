/** What an operator sees of a cluster of two nodes, from either of them. */
import assert from "assert";
import { Ajv } from "ajv";
import { join } from "node:path";
import { unpackTar } from "modern-tar";
import { gunzipSync } from "node:zlib";
import type { ClusterEvent } from "../../lib/head/event_log.ts";
import type { Node } from "./harness/node.ts";
import type { Program } from "./harness/program.ts";
import { PROGRAMS } from "./harness/programs.ts";
import { signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";

/** Made anew for each run, so that nothing can know it. */
const PLANTED = `pl4nt-${crypto.randomUUID()}`;
let head: Node;
let far: Node;
let driver: Program;
let pids: Record<string, number>;

const { place, test } = theme("seeing", async (place) => {
  head = await place.head({ gpus: 2, env: { HF_TOKEN: PLANTED } });
  far = await place.join(head, { gpus: 1 });
  const args = [head.ip, far.ip, head.ip, "--api-key", PLANTED];
  driver = head.driver("talker.py", args, { input: true, env: { PLANTED } });
  ({ pids } = await driver.said() as { pids: Record<string, number> });
});

test("the log of an actor is read from the other node, by name, id, pid and job", async () => {
  const { actors } = await head.status();
  const actor = actors.find(({ name }) => name === "far")!;
  for (const what of ["far", actor.actor_id, actor.actor_id.slice(0, 10), String(pids["far"])]) {
    const text = await head.tell("logs", what);
    assert.match(text, /^hello$/m, what);
    assert.ok(!text.includes("==>"), what);
  }
  const job = await far.tell("logs", actor.job_id);
  assert.match(job, /==> worker-\w+-1-\w+\.out on 127\.0\.0\.2 <==/);
  assert.match(await head.tell("logs", "daemon", "--node", far.ip), /is ready at 127\.0\.0\.2/);
  assert.match(await far.tell("logs", "head"), /listens on/);
  const listed = JSON.parse(await far.tell("logs", "--json"));
  assert.ok(
    listed.some((log: { node_ip: string; of: string }) =>
      log.node_ip === head.ip && log.of === "daemon"
    ),
  );
  const none = await head.cli(["logs", "nobody"]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no actor, job, worker or file is called so/);
});

test("the stack of a method that hangs is shown, and names where", async () => {
  await driver.tell("far hang_here\n");
  let text = "";
  for (let tries = 0; !/hang_here/.test(text) && tries < 50; tries++) {
    text = await head.tell("stack", "far");
  }
  assert.match(text, /actor far \(\w{8}…\), pid \d+ on 127\.0\.0\.2/);
  assert.match(text, /talker\.py", line \d+, in hang_here/);
  assert.match(text, /Threads in the kernel:\n\s+\d+ /);
  const all = JSON.parse(await far.tell("stack", "--all", "--json"));
  assert.deepEqual(all.map(({ processes }: { processes: unknown[] }) => processes.length), [3, 1]);
  const none = await head.cli(["stack", "1"]);
  assert.equal(none.code, 1);
});

test("the stack is told of who holds the interpreter, and of who is stopped what the kernel knows", async () => {
  await driver.tell("stuck hold_interpreter\n");
  let text = "";
  for (let tries = 0; !/hold_interpreter/.test(text) && tries < 20; tries++) {
    text = await head.tell("stack", "stuck");
  }
  assert.match(text, /talker\.py", line \d+ in hold_interpreter/);
  signal(pids["stuck"]!, "SIGSTOP");
  const stopped = await head.tell("stack", "stuck");
  assert.match(stopped, /No Python stack: it has not answered/);
  assert.match(stopped, /^\s+\d+ \S+ T/m);
  signal(pids["stuck"]!, "SIGKILL"); // its next life holds nobody up
});

test("followers of an actor see its next life and its death, and events tell both", async () => {
  const logs = head.run([place.beam, "logs", "-f", "far"], { env: head.env() });
  const events = far.run([place.beam, "events", "-f", "-n", "0", "--actor", "far"], {
    env: far.env(),
  });
  await logs.prints(/hello/);
  await driver.tell("far talk first\n");
  await logs.prints(/first/);
  await driver.tell("far leave\n");
  await logs.complains(/died: .*code 3.* It is started again \(life 2\)/);
  await logs.prints(/life begins/);
  await driver.tell("far talk second\n");
  await logs.prints(/second/);
  await driver.tell("far leave\n");
  await logs.complains(/is dead: .*code 3/);
  assert.equal((await logs.end()).code, 0);
  await events.prints(/actor\.restarting .*code 3.*life 2/);
  await events.prints(/actor\.alive/);
  await events.prints(/actor\.died .*code 3/);
  events.kill("SIGINT");
  const told = JSON.parse(await head.tell("events", "--kind", "actor.died", "--json"));
  assert.equal(told.length, 1);
  assert.equal(told[0].node_id, far.record.node_id);
});

test("status and top are pictures on a terminal that end with a key and leave it as it was", async () => {
  for (
    const [command, waits, end] of [
      [["status", "--watch", "--interval", "0.2"], ["Cluster at", "Cluster at"], "key q"],
      [["status", "-w", "--interval", "0.2"], ["Cluster at"], "key \x03"],
      [["status", "-w", "--interval", "0.2"], ["Cluster at"], "signal SIGTERM"],
      [["top", "--interval", "0.2"], ["HELD BY", "HELD BY"], "key q"],
    ] as const
  ) {
    const terminal = head.run(
      [place.python, join(PROGRAMS, "terminal.py"), place.beam, ...command],
      {
        env: head.env({ NO_COLOR: undefined }),
        input: true,
      },
    );
    await terminal.tell([...waits.map((text) => `wait ${text}`), end, ""].join("\n"));
    await terminal.endInput();
    const { code, stdout, stderr } = await terminal.end();
    assert.equal(code, 0, stderr);
    const left = JSON.parse(stdout);
    assert.deepEqual([left.code, left.restored], [0, true], command.join(" "));
    assert.ok(left.output.includes("\x1b[?1049h"), "the alternate screen");
    assert.ok(left.output.trimEnd().endsWith("\x1b[?25h\x1b[?1049l"), "and back");
  }
});

test("without a terminal a watch prints anew what has changed, as JSON a line each", async () => {
  const watch = head.run([place.beam, "status", "--watch", "--json", "--interval", "0.1"], {
    env: head.env(),
  });
  const [first] = await watch.prints(/^\{.*\}$/m);
  assert.equal(JSON.parse(first).nodes.length, 2);
  assert.equal((await far.cli(["drain", far.ip])).code, 0);
  const [next] = await watch.prints(/^\{.*"state":"draining".*\}$/m);
  assert.ok(JSON.parse(next));
  assert.equal((await far.cli(["drain", "--undo", far.ip])).code, 0);
  watch.kill("SIGINT");
});

test("top tells once where nobody looks at a screen, and who holds which GPU", async () => {
  assert.match(await far.tell("top"), /^127\.0\.0\.1 .*alive/m);
  const nodes = JSON.parse(await far.tell("top", "--json", "--sort", "cpu"));
  assert.deepEqual(nodes.map(({ gpus }: { gpus: unknown[] }) => gpus.length).sort(), [1, 2]);
  assert.ok(
    nodes.every(({ readings }: { readings: { memory_total: number } }) =>
      readings.memory_total > 0
    ),
  );
});

test("a follower ends with its reader, also where nothing is written any more", async () => {
  for (const words of ["logs -f daemon", "events -f", "status --watch"]) {
    const piped = `set -o pipefail; ${place.beam} ${words} | head -n 1`;
    const { code, stderr } = await head.run(["bash", "-c", piped], { env: head.env() }).end();
    assert.equal(code, 0, `${words}: ${stderr}`);
  }
});

test("a bundle that does not fit is told of", async () => {
  const { code, stderr } = await head.cli(["debug", "-n", "1", "-o", "/dev/full"]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write \/dev\/full \(\d+ KiB\): .*[Nn]o space.*\n.*Make room/);
});

test("followers wait for a head that is away, and go on", async () => {
  const events = far.run([place.beam, "events", "-f", "-n", "1"], { env: far.env() });
  const logs = far.run([place.beam, "logs", "-f", "near"], { env: far.env() });
  await events.prints(/\n/);
  await logs.prints(/hello/);
  signal(head.headPid, "SIGKILL");
  await events.prints(/head\.started +the head started again \(start 2\)/);
  await driver.tell("near talk after_the_head\n");
  await logs.prints(/after_the_head/);
  await driver.said();
  const told = JSON.parse(await head.tell("events", "--json", "-n", "1000")) as ClusterEvent[];
  assert.equal(told[0]?.kind, "head.started"); // from before the restart
  assert.equal(told.filter(({ kind }) => kind === "head.started").length, 2);
  assert.equal(new Set(told.map(({ seq }) => seq)).size, told.length);
  for (const program of [events, logs]) program.kill("SIGINT");
});

test("what each command prints with --json is as its schema says", async () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  const docs = join(import.meta.dirname!, "..", "..", "docs", "json");
  const commands: Record<string, string[]> = {
    status: ["status"],
    nodes: ["nodes", "--all"],
    actors: ["actors", "--all"],
    deaths: ["actors", "--dead"],
    pgs: ["pgs", "--all"],
    jobs: ["jobs", "--all"],
    events: ["events"],
    logs: ["logs"],
    top: ["top"],
    stack: ["stack", "--all"],
    wait: ["wait"],
  };
  for (const [name, args] of Object.entries(commands)) {
    const schema = JSON.parse(Deno.readTextFileSync(join(docs, `${name}.schema.json`)));
    const told = JSON.parse(await far.tell(...args, "--json"));
    assert.ok(ajv.validate(schema, told), `${name}: ${ajv.errorsText()}`);
    assert.ok(!Array.isArray(told) || told.length > 0, `${name} is empty`);
  }
});

test("a program reads logs and events by ray.util.state", async () => {
  const { actors } = await head.status();
  const { actor_id } = actors.find(({ name }) => name === "far")!;
  const seen = await head.driver("state_logs.py", [far.ip, actor_id]).said();
  assert.deepEqual(seen.groups, ["raylet", "worker_out"]);
  assert.equal(seen.workers.worker_out.length, 2); // one of each life
  assert.match(seen.actor, /^life begins.*\nsecond\n$/s);
  assert.equal(seen.last, "second\n");
  assert.equal(seen.followed, seen.actor);
  assert.equal(new TextDecoder().decode(Uint8Array.fromHex(seen.bytes)), seen.actor);
  assert.match(seen.daemon, /is ready at/);
  assert.ok(
    seen.events.some(([severity, message]: string[]) =>
      severity === "ERROR" && /actor far .*died/.test(message!)
    ),
  );
  for (const error of [seen.missing, seen.outside]) assert.match(error, /Cannot find a log of/);
});

test("a bundle has logs, stacks, events and settings of the cluster, and none of its secrets", async () => {
  await driver.tell(`near talk token-${head.record.token}\n`);
  await driver.tell(`near talk api_key=${PLANTED}\n`);
  await driver.tell(`near talk ${PLANTED}\n`);
  await driver.said();
  await driver.said();
  await driver.said();
  const path = join(place.dir, "bundle.tar.gz");
  // From a shell that does not name the node's directory: its tokens are secrets all the same.
  const ending = await place.cli(["debug", "-o", path, "--json"], {
    AWS_SECRET_ACCESS_KEY: PLANTED,
  });
  assert.equal(ending.code, 0, ending.stderr);
  const entries = await unpackTar(gunzipSync(Deno.readFileSync(path)));
  const texts = new Map(
    entries.map(({ header, data }) =>
      [header.name.replace(/^[^/]+\//, ""), new TextDecoder().decode(data)] as const
    ),
  );
  const names = [...texts.keys()];
  for (
    const name of [
      "README.txt",
      "about.json",
      "settings.json",
      "status.json",
      "events.json",
      "deaths.json",
      "stacks.json",
      "doctor.json",
    ]
  ) assert.ok(names.includes(name), `${name} of ${names.join(" ")}`);
  assert.ok(names.some((name) => /^logs\/127\.0\.0\.2-\w+\/worker-.*\.out$/.test(name)));
  const near = names.filter((name) => /^logs\/127\.0\.0\.1-\w+\/worker-.*\.out$/.test(name))
    .map((name) => texts.get(name)!).join("");
  assert.match(near, /^hello$/m);
  assert.match(near, /api_key=\[removed\]/);
  for (const [name, text] of texts) {
    assert.ok(!text.includes(PLANTED), `${name} holds the planted secret`);
    assert.ok(!text.includes(head.record.token!), `${name} holds the cluster's token`);
  }
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
});

test("a follower says that the node is gone, and waits for the actor's next life", async () => {
  const lonely = head.driver("talker.py", [far.ip], { input: true, env: { PLANTED } });
  await lonely.said();
  const { actors } = await head.status();
  const { actor_id } = actors.find(({ node_ip, state }) =>
    node_ip === far.ip && state === "ALIVE"
  )!;
  const logs = head.run([place.beam, "logs", "-f", actor_id], { env: head.env() });
  await logs.prints(/hello/);
  await far.killDaemon();
  await logs.complains(/Node 127\.0\.0\.2 is gone: its logs end here/);
  await logs.complains(/near .* died: .* It is started again \(life 2\)/);
  await lonely.endInput();
  await logs.complains(/near .* is dead/);
  assert.equal((await logs.end()).code, 0);
  const told = JSON.parse(await head.tell("events", "--kind", "node.dead", "--json"));
  assert.match(told[0].text, /^The node 127\.0\.0\.2 .* was lost/);
});

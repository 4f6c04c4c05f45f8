/** The units of deploy/systemd under a real systemd, in namespaces of its own. */
import assert from "assert";
import { join } from "node:path";
import { until } from "../e2e/harness/until.ts";
import { Booted } from "./booted.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const HARDENED = join(ROOT, "deploy", "systemd", "hardened.conf");

const UNITS = ["head", "node"].map((name) => `/etc/systemd/system/beam-${name}.service`);

const PROGRAM = `
import json, os, ray
ray.init(address="auto", logging_level="ERROR")

@ray.remote
def look():
    return os.getuid(), sorted(name for name in os.environ if name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"))

print(json.dumps(ray.get(look.remote())))
`;

const beam = Deno.env.get("BEAM_BIN")!;
const booted = await Booted.boot(beam);
if (typeof booted === "string") console.log(`not tried: units under systemd: it takes ${booted}`);
else tests(booted);

function tests(system: Booted): void {
  const options = { sanitizeOps: false, sanitizeResources: false };
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `systemd: ${name}`, fn, ...options });
  Deno.test.afterAll(() => system[Symbol.asyncDispose]());

  test("the units are right, and the hardened one is exposed to little", async () => {
    await system.tell("systemd-sysusers");
    const verified = await system.run(
      "systemd-analyze",
      "verify",
      "--man=no",
      ...UNITS,
    );
    assert.equal(verified.err + verified.out, "");
    const exposure = async () => {
      const said = await system.run("systemd-analyze", "security", "--no-pager", "beam-head");
      return Number(/exposure level for beam-head.service: ([\d.]+)/.exec(said.out)![1]);
    };
    await system.write(
      "/etc/systemd/system/beam-head.service.d/hardened.conf",
      await Deno.readTextFile(HARDENED),
    );
    await system.tell("systemctl", "daemon-reload");
    const hardened = await exposure();
    assert.ok(hardened < 3, `of 10: ${hardened}`);
  });

  test("hardened, the head is ready when systemd says so, and a member's program runs", async () => {
    await system.tell("systemctl", "start", "beam-head");
    const shown = await system.show("beam-head");
    assert.equal(shown.get("SubState"), "running");
    assert.equal(shown.get("StatusText"), "Head 127.0.0.1 of the cluster at 127.0.0.1:6379");
    await system.tell("useradd", "-m", "-G", "beam", "alice");
    await system.tell("useradd", "-m", "mallory");
    await system.write("/home/alice/program.py", PROGRAM);
    const run = "PYTHONPATH=$(beam shim-path) /usr/bin/python3 program.py";
    const { code, out, err } = await system.as("alice", run);
    assert.equal(code, 0, err);
    const uid = Number((await system.tell("id", "-u", "beam")).trim());
    assert.deepEqual(JSON.parse(out), [uid, []]);
    assert.equal((await system.as("alice", "beam wait --nodes 1 --timeout 5")).code, 0);
    assert.match((await system.as("mallory", "beam status")).err, /Cannot find a node/);
    const log = await system.tell("journalctl", "-u", "beam-head", "--no-pager");
    assert.match(log, /BEAM_TOKEN=… beam up --join/);
    const token = (await system.tell("cat", "/var/lib/beam/token")).trim();
    assert.ok(!log.includes(token), "the token is in the journal");
  });

  test("a node waits for its head and says so, and takes its token as a credential", async () => {
    // In the head's place: the two units exclude each other, and there is one machine here.
    const head = await system.run(
      ...[
        "env",
        "BEAM_RUNTIME_DIR=/root/other",
        "beam",
        "up",
        "--head",
        "--json",
        "--port",
        "6500",
      ],
      ...["--node-ip", "127.0.0.1", "--dashboard-port", "0", "--num-gpus", "0"],
    );
    assert.equal(head.code, 0, head.err);
    const { token } = JSON.parse(head.out);
    await system.tell("env", "BEAM_RUNTIME_DIR=/root/other", "beam", "down");
    await system.write("/etc/beam/node.env", "BEAM_HEAD=127.0.0.1:6500\n");
    await system.write("/etc/beam/token", token);
    await system.tell("chmod", "600", "/etc/beam/token");
    await system.tell("systemctl", "start", "--no-block", "beam-node");
    await until("it says what it waits for", async () => {
      const shown = await system.show("beam-node");
      return shown.get("SubState") === "start" &&
        /127\.0\.0\.1:6500/.test(shown.get("StatusText")!);
    });
    await system.tell(
      ...["env", "BEAM_RUNTIME_DIR=/root/other", "beam", "up", "--head", "--port", "6500"],
      ...["--node-ip", "127.0.0.1", "--dashboard-port", "0", "--num-gpus", "0"],
    );
    await until("the node has joined", async () => {
      const shown = await system.show("beam-node");
      return shown.get("SubState") === "running" && /^Node /.test(shown.get("StatusText")!);
    });
    assert.equal((await system.show("beam-head")).get("SubState"), "dead");
    await system.tell("systemctl", "stop", "beam-node");
    await system.tell("env", "BEAM_RUNTIME_DIR=/root/other", "beam", "down");
  });

  test("a daemon that is killed, or stuck, is started again; stopping leaves nothing", async () => {
    await system.write(
      "/etc/systemd/system/beam-head.service.d/hasty.conf",
      "[Service]\nWatchdogSec=2\nTimeoutAbortSec=2\nRestartSec=100ms\n",
    );
    await system.tell("systemctl", "daemon-reload");
    await system.tell("systemctl", "start", "beam-head");
    for (const [round, signal] of ["KILL", "STOP"].entries()) {
      const daemon = await daemonOf(system);
      await system.tell("kill", `-${signal}`, daemon);
      await until(`it is started again after SIG${signal}`, async () => {
        const shown = await system.show("beam-head");
        return shown.get("NRestarts") === `${round + 1}` && shown.get("SubState") === "running";
      });
      assert.notEqual(await daemonOf(system), daemon);
    }
    await system.tell("systemctl", "stop", "beam-head");
    const shown = await system.show("beam-head");
    assert.equal(shown.get("Result"), "success");
    assert.equal((await system.run("pgrep", "-x", "beam")).out, "");
    assert.equal((await system.run("ls", "/dev/shm")).out, "");
    assert.notEqual((await system.run("ls", "/run/beam")).code, 0);
  });
}

/** The pid of the daemon in the service, as inside. */
async function daemonOf(system: Booted): Promise<string> {
  const main = (await system.show("beam-head")).get("MainPID")!;
  return (await system.tell("pgrep", "-P", main)).trim();
}

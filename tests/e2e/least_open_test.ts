/** Which doors a cluster has, and that nobody else can stand in one of them. */
import assert from "assert";
import { join } from "node:path";
import { primaryAddress, readNetwork } from "../../lib/probe/network.ts";
import { isLoopback } from "../../lib/runtime/loopback.ts";
import { freePort } from "./harness/ports.ts";
import { marked } from "./harness/processes.ts";
import { listeningSockets, unixListeners } from "./harness/sockets.ts";
import { theme } from "./harness/scenario.ts";

const OWN = primaryAddress(readNetwork());
/** A user who is nobody's friend. */
const STRANGER = 65534;
const isRoot = Deno.uid() === 0;

const { place, test } = theme("least open");

/** Runs a command as another user; it must succeed. */
async function asStranger(...command: string[]): Promise<void> {
  const ids = ["--reuid", `${STRANGER}`, "--regid", `${STRANGER}`, "--clear-groups"];
  const { code, stderr } = await new Deno.Command("setpriv", { args: [...ids, ...command] })
    .output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** A place for sockets where everybody may write, as in /tmp. */
function sharedPlace(name: string): string {
  const dir = `/tmp/b${Deno.pid}${name}`; // short enough for sockets
  Deno.mkdirSync(dir);
  Deno.chmodSync(dir, 0o1777);
  return dir;
}

test("a cluster at work listens where it says, and nowhere else", async () => {
  const ip = isLoopback(OWN) ? "127.0.0.1" : OWN;
  const ports = [freePort(), freePort()];
  const head = place.node({ ip, flags: ["--node-port", `${ports[0]}`] });
  await head.up(["--head", "--port", "0"]);
  const joiner = await place.join(head, {
    ip: "127.0.0.2",
    flags: ["--node-port", `${ports[1]}`],
  });
  const program = head.driver("family.py", [], { input: true });
  await program.said();
  const port = head.record.head_address.split(":").at(-1);
  const expected = [
    ...new Set([`${ip}:${port}`, `127.0.0.1:${port}`]),
    head.record.dashboard!,
    `${ip}:${ports[0]}`,
    `127.0.0.2:${ports[1]}`,
  ];
  assert.match(head.record.dashboard!, /^127\.0\.0\.1:/);
  const pids = marked(place.mark);
  assert.deepEqual(listeningSockets(pids).toSorted(), expected.toSorted());

  const run = join(place.dir, "run", "beam");
  const sockets = unixListeners(pids);
  assert.ok(sockets.length >= 4, "daemons, workers, the driver");
  assert.deepEqual(sockets.filter((path) => !path.startsWith(run + "/")), []);
  for (const path of sockets) {
    for (let dir = join(path, ".."); dir.length >= run.length; dir = join(dir, "..")) {
      assert.equal(Deno.lstatSync(dir).mode! & 0o7777, 0o700, dir);
    }
  }
  for (const name of ["token", "dashboard_token", "head.db", "head.db-wal"]) {
    assert.equal(Deno.lstatSync(join(head.dir, name)).mode! & 0o7777, 0o600, name);
  }
  assert.equal(Deno.lstatSync(head.dir).mode! & 0o7777, 0o700);
  await program.stop();
  await joiner.down();
  await head.down();
});

if (isRoot) {
  test("what a stranger put in the place of our directory is told, and never used", async () => {
    const shared = sharedPlace("a");
    const dir = join(shared, "beam");
    const elsewhere = join(shared, "elsewhere");
    await asStranger("mkdir", "-m", "700", elsewhere);
    try {
      for (
        const [put, words] of [
          [["mkdir", "-m", "777", dir], /it must belong to user 0, and belongs to user 65534/],
          [["ln", "-s", elsewhere, dir], /it must be a directory, and is a link/],
          [["touch", dir], /it must be a directory, and is a file/],
        ] as const
      ) {
        await asStranger(...put);
        const node = place.node({ env: { XDG_RUNTIME_DIR: shared } });
        const up = await node.cli(["up", "--head", "--port", "0", ...node.flags]);
        assert.equal(up.code, 1);
        assert.match(up.stderr, words);
        assert.match(up.stderr, /set XDG_RUNTIME_DIR to a directory of your own/);
        assert.match((await node.cli(["status"])).stderr, words);
        Deno.removeSync(dir, { recursive: true });
      }
    } finally {
      Deno.removeSync(shared, { recursive: true });
    }
  });

  test("a stranger's socket is not talked to, though BEAM_SOCK names it", async () => {
    const shared = sharedPlace("c");
    const socket = join(shared, "daemon.sock");
    const listener = Deno.listen({ transport: "unix", path: socket });
    Deno.chownSync(socket, STRANGER, STRANGER);
    try {
      const { code, stderr } = await place.cli(["status"], { BEAM_SOCK: socket });
      assert.equal(code, 1);
      assert.match(stderr, /it is user 65534's, not user 0's/);
    } finally {
      listener.close();
      Deno.removeSync(shared, { recursive: true });
    }
  });

  test("in a shared directory a cluster works, and nobody else gets at its socket", async () => {
    const shared = sharedPlace("b");
    try {
      const head = place.node({ env: { XDG_RUNTIME_DIR: shared } });
      await head.up(["--head", "--port", "0"]);
      const { socket } = head.record;
      assert.ok(socket.startsWith(join(shared, "beam") + "/"));
      for (
        const attempt of [
          ["ls", join(shared, "beam")],
          ["rm", "-f", socket],
          ["mv", join(shared, "beam"), join(shared, "gone")],
          ["test", "-e", socket],
        ]
      ) {
        await assert.rejects(asStranger(...attempt), attempt.join(" "));
      }
      assert.equal((await head.status()).nodes.length, 1);
      await head.down();
    } finally {
      Deno.removeSync(shared, { recursive: true });
    }
  });

  test("a runtime directory that others may enter is refused, and says how to close it", async () => {
    const node = place.node();
    Deno.mkdirSync(node.dir, { mode: 0o755 });
    Deno.chmodSync(node.dir, 0o755);
    const open = await node.cli(["up", "--head", "--port", "0", ...node.flags]);
    assert.equal(open.code, 1);
    assert.match(open.stderr, /its mode must be 700, and is 755/);
    assert.ok(open.stderr.includes(`chmod 700 ${node.dir}`), open.stderr);
    Deno.chmodSync(node.dir, 0o700);
    Deno.chownSync(node.dir, STRANGER, STRANGER);
    const foreign = await node.cli(["up", "--head", "--port", "0", ...node.flags]);
    assert.match(foreign.stderr, /it must belong to user 0, and belongs to user 65534/);
  });
}

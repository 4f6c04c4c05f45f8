/** One daemon for several users of a machine: who gets in by the group, and who does not. */
import assert from "assert";
import { join } from "node:path";
import { theme } from "../e2e/harness/scenario.ts";
import type { Program } from "../e2e/harness/program.ts";
import { PYTHON, Users } from "./users.ts";

const GROUP = 64110;
const OTHER_GROUP = 64111;
const BIG = 3 * 1024 * 1024;

const lacks = Deno.uid() !== 0
  ? "root, to be several users"
  : !exists(PYTHON)
  ? `${PYTHON}, which every user can run`
  : undefined;

if (lacks !== undefined) console.log(`not tried: a daemon for several users: it takes ${lacks}`);
else tests();

function tests(): void {
  const { place, test } = theme("shared machine");
  Deno.test.afterAll(() => users?.[Symbol.dispose]());
  let users: Users;
  let daemon: Program;
  let socket: string;

  /** The service's user, which is a member: else it could not give anything to the group. */
  const start = async (flags: string[] = []) => {
    users ??= new Users(place);
    // As systemd makes it for `RuntimeDirectory=beam`.
    Deno.chownSync(users.shared, 64101, 64101);
    Deno.chmodSync(users.shared, 0o755);
    const service = users.user(64101, GROUP);
    Deno.chmodSync(service.home, 0o711);
    daemon = service.run(
      [
        users.beam,
        ...["up", "--head", "--block", "--json", "--port", "0", "--node-ip", "127.0.0.1"],
        ...["--num-gpus", "0", "--num-cpus", "4", ...flags],
      ],
      { XDG_RUNTIME_DIR: users.shared, BEAM_RUNTIME_DIR: join(service.home, "state") },
    );
    ({ socket } = await ready(daemon));
  };

  test("members' programs run on the service's daemon, values and all", async () => {
    // Less than one of the values: that one lies on disk.
    await start(["--socket-group", `${GROUP}`, "--object-store-memory", `${3 * BIG}`]);
    const alice = users.user(64102, GROUP, OTHER_GROUP);
    const status = await alice.beam(["status", "--json"]);
    assert.equal(status.code, 0, status.stderr);
    const ending = await alice.python("shared.py");
    assert.equal(ending.code, 0, ending.stderr);
    assert.deepEqual(JSON.parse(ending.stdout), {
      driver: 64102,
      worker: 64101,
      sent: [1, BIG, 4 * BIG],
      made: BIG,
      kept: BIG,
    });
    assert.doesNotMatch(ending.stderr, /Traceback|Permission/);
  });

  test("a user with a strict umask is no worse off, and the daemon is found by BEAM_SOCK too", async () => {
    const bob = users.user(64103, GROUP);
    const { stdout } = await bob.beam(["shim-path"]);
    const program = join(users.dir, "programs", "shared.py");
    const strict = ["sh", "-c", 'umask 077; exec "$@"', "sh", PYTHON, "-u", program];
    const env = { PYTHONPATH: stdout.trim(), BEAM_SOCK: socket, BEAM_SHARED_DIR: "/nowhere" };
    const ending = await bob.run(strict, env).end();
    assert.equal(ending.code, 0, ending.stderr);
    assert.equal(JSON.parse(ending.stdout).kept, BIG);
  });

  test("a member ends nothing that is the service's", async () => {
    const carol = users.user(64104, GROUP);
    for (const args of [["down", "--all"], ["ray", "stop", "--force"]]) {
      assert.equal((await carol.beam(args)).code, 0);
    }
    const { code, stderr } = await carol.beam(["nodes"]);
    assert.equal(code, 0, stderr);
  });

  test("who is no member finds no daemon, and gets at nothing of it", async () => {
    const mallory = users.user(64105, OTHER_GROUP);
    const found = await mallory.beam(["status"]);
    assert.equal(found.code, 1);
    assert.match(found.stderr, /Cannot find a node on this machine that is yours: .* group 64110/);
    const named = await mallory.beam(["status"], { BEAM_SOCK: socket });
    assert.equal(named.code, 1);
    assert.match(named.stderr, /Permission denied/);
    const program = await mallory.python("shared.py", { BEAM_SOCK: socket });
    assert.notEqual(program.code, 0);
    assert.match(program.stderr, /nothing answers at/);
    const stores = [...Deno.readDirSync("/dev/shm")].map(({ name }) => name)
      .filter((name) => name.startsWith("beam-64101-"));
    assert.ok(stores.length > 0);
    const home = join(users.dir, "u64101");
    for (
      const dir of [...stores.map((name) => `/dev/shm/${name}`), join(users.shared, "beam"), home]
    ) {
      const { code } = await mallory.run(["ls", dir]).end();
      assert.notEqual(code, 0, dir);
    }
    const alice = users.user(64106, GROUP);
    for (const name of ["token", "head.db", "dashboard_token"]) {
      const { code } = await alice.run(["cat", join(home, "state", name)]).end();
      assert.notEqual(code, 0, `a member reads ${name}`);
    }
  });

  test("a daemon of a stranger who shares with everybody, or with a group of their own, is none", async () => {
    const mallory = users.user(64107, OTHER_GROUP);
    const alice = users.user(64108, GROUP);
    const shared = join(mallory.home, "run");
    Deno.chmodSync(mallory.home, 0o755);
    const state = { XDG_RUNTIME_DIR: shared, BEAM_RUNTIME_DIR: join(mallory.home, "state") };
    const flags = ["--head", "--block", "--json", "--port", "0", "--node-ip", "127.0.0.1"];
    await mallory.run(["mkdir", "-m", "755", shared]).end();
    const own = mallory.run(
      [users.beam, "up", ...flags, "--socket-group", `${OTHER_GROUP}`, "--num-gpus", "0"],
      state,
    );
    const { socket: strange } = await ready(own);
    const look = () => alice.beam(["status"], { BEAM_SHARED_DIR: shared, BEAM_SOCK: undefined });
    assert.match((await look()).stderr, /Cannot find a node on this machine/);
    // Open to everybody, and so reachable: refused all the same.
    for (const dir of [join(shared, "beam"), join(strange, "..")]) Deno.chmodSync(dir, 0o755);
    Deno.chmodSync(strange, 0o666);
    assert.match((await look()).stderr, /Cannot find a node on this machine/);
    const named = await alice.beam(["status"], { BEAM_SOCK: strange });
    assert.match(named.stderr, /it is user 64107's, not user 64108's/);
    const program = await alice.python("shared.py", { BEAM_SOCK: strange });
    assert.match(program.stderr, /nothing answers at/);
    await own.stop();
  });

  test("a group that the service's user is not in, or that is none, is told", async () => {
    const eve = users.user(64109);
    const flags = ["up", "--head", "--port", "0", "--num-gpus", "0", "--socket-group"];
    const state = { XDG_RUNTIME_DIR: eve.home, BEAM_RUNTIME_DIR: join(eve.home, "state") };
    const hidden = await eve.beam([...flags, `${eve.uid}`], state);
    assert.match(hidden.stderr, /its members cannot enter .*u64109\.\n.*BEAM_RUNTIME_DIR/);
    Deno.chmodSync(eve.home, 0o711);
    const foreign = await eve.beam([...flags, `${GROUP}`], state);
    assert.equal(foreign.code, 1);
    assert.match(foreign.stderr, new RegExp(`Cannot give .* to group ${GROUP}`));
    assert.match(foreign.stderr, /must be a member of the group/);
    const none = await eve.beam([...flags, "no-such-group"], state);
    assert.match(none.stderr, /this machine has none of that name/);
  });

  test("started again without a group, it is its user's alone", async () => {
    await daemon.stop();
    const service = join(users.dir, "u64101");
    assert.equal(Deno.statSync(join(service, "state")).mode! & 0o777, 0o710);
    Deno.removeSync(join(service), { recursive: true });
    await start();
    const dave = users.user(64112, GROUP);
    assert.match((await dave.beam(["status"])).stderr, /Cannot find a node on this machine/);
    assert.equal(Deno.statSync(join(socket, "..")).mode! & 0o777, 0o700);
    await daemon.stop();
  });
}

/** What `beam up --json` prints when the node is ready. */
async function ready(program: Program): Promise<{ socket: string }> {
  const [text] = await program.prints(/^\{[^]*^\}$/m);
  return JSON.parse(text);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The executable itself: installed from a release on loopback, run, and taken off again. */
import assert from "assert";
import { join } from "node:path";
import { releaseFiles, serveRelease } from "./release_server.ts";

const SCRIPT = join(import.meta.dirname!, "..", "..", "scripts", "install.sh");
const BINARY = Deno.env.get("BEAM_BIN");
const isCompiled = BINARY !== undefined && Deno.readFileSync(BINARY)[0] === 0x7f;
if (!isCompiled) console.log("not tried: uninstalling: BEAM_BIN names no executable");

const DIR = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "bu-" }));
Deno.test.afterAll(() => Deno.removeSync(DIR, { recursive: true }));
const RUNTIME = join(DIR, "rt");

async function said(command: string, ...args: string[]) {
  Deno.mkdirSync(join(DIR, "run"), { recursive: true, mode: 0o700 });
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    clearEnv: true,
    stdin: "null",
    env: {
      PATH: "/usr/bin:/bin",
      HOME: DIR,
      XDG_RUNTIME_DIR: join(DIR, "run"),
      BEAM_RUNTIME_DIR: RUNTIME,
      BEAM_DASHBOARD_PORT: "0",
      BEAM_TEST_RUN: Deno.env.get("BEAM_TEST_RUN") ?? "",
      ...(command === "sh" ? { BEAM_BASE_URL: base, BEAM_INSTALL_DIR: BIN } : {}),
    },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const BIN = join(DIR, "own", "bin");
const BEAM = join(BIN, "beam");
let base = "";

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test({
  name: "what was installed is removed, but for the node that runs and what it left",
  ignore: !isCompiled,
  async fn() {
    const { text } = await said(BINARY!, "version");
    const version = text.split(" ")[1]!;
    await using server = serveRelease(
      releaseFiles([version], () => Deno.readFileSync(BINARY!), [Deno.build.arch]),
    );
    base = server.base;
    const installed = await said("sh", SCRIPT);
    assert.equal(installed.code, 0, installed.text);
    assert.match(installed.text, /Installed beam/);
    const up = await said(BEAM, "up", "--head", "--port", "0", "--node-ip", "127.0.0.1");
    assert.equal(up.code, 0, up.text);
    try {
      const refused = await said(BEAM, "uninstall");
      assert.equal(refused.code, 1);
      assert.match(
        refused.text,
        /Cannot uninstall while a node runs here: 127\.0\.0\.1 \(pid \d+\)/,
      );
      assert.match((await said(BEAM, "uninstall", "--purge")).text, /runtime directory unasked/);
      assert.ok(await isThere(BEAM));
      Deno.writeTextFileSync(join(RUNTIME, "mine.txt"), "");
      const page = join(DIR, "own", "share", "man", "man1", "beam.1");
      const foreign = join(DIR, "own", "share", "zsh", "site-functions", "_beam");
      assert.ok(await isThere(page));
      Deno.writeTextFileSync(foreign, "# somebody's own\n");
      const done = await said(BEAM, "uninstall", "--force", "--purge", "--yes");
      assert.equal(done.code, 0, done.text);
      assert.match(done.text, /rt\/token: the cluster's token/, "said before it is removed");
      assert.match(done.text, /Ended the node 127\.0\.0\.1/);
      assert.match(done.text, new RegExp(`Removed ${BEAM}: the executable`));
      assert.ok(!await isThere(BEAM) && !await isThere(page));
      assert.ok(await isThere(foreign), "what is not ours stays");
      assert.deepEqual([...Deno.readDirSync(RUNTIME)].map(({ name }) => name), ["mine.txt"]);
    } finally {
      await said(BINARY!, "down", "--force");
    }
  },
});

Deno.test({
  name: "without --purge the runtime directory stays, and so does a node of another executable",
  ignore: !isCompiled,
  async fn() {
    Deno.mkdirSync(BIN, { recursive: true });
    Deno.copyFileSync(BINARY!, BEAM);
    // A node by another executable is not this one's.
    const up = await said(BINARY!, "up", "--head", "--port", "0", "--node-ip", "127.0.0.1");
    assert.equal(up.code, 0, up.text);
    try {
      const done = await said(BEAM, "uninstall", "--json");
      assert.deepEqual(JSON.parse(done.text), {
        removed: [{ path: BEAM, what: "the executable" }],
      });
      assert.ok(await isThere(join(RUNTIME, "token")));
      assert.match((await said(BINARY!, "status")).text, /1 node/);
      Deno.copyFileSync(BINARY!, BEAM);
      const told = await said(BEAM, "uninstall");
      assert.match(
        told.text,
        /^Left .*\/rt \(.*the cluster's token.*\); `rm -r` takes it away\.$/m,
      );
    } finally {
      await said(BINARY!, "down", "--force");
    }
  },
});

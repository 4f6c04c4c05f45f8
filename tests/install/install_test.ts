/** `scripts/install.sh` against a release on loopback, with several shells and sets of tools. */
import assert from "assert";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { type Faults, releaseFiles, serveRelease, standIn } from "./release_server.ts";
import { type Toolset, toolsets } from "./toolset.ts";

const SCRIPT = join(import.meta.dirname!, "..", "..", "scripts", "install.sh");
const NAME = `beam-linux-${Deno.build.arch}`;

/** The file of a release that is fetched with these tools. */
const fetched = (tools: Toolset, version: string) =>
  tools.unpacks
    ? `/v${version}/beam-${version}-linux-${Deno.build.arch}.tar.gz`
    : `/v${version}/${NAME}`;
const isRoot = Deno.uid() === 0;

const DIR = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "beam-install-" }));
Deno.test.afterAll(() => Deno.removeSync(DIR, { recursive: true }));

const { sets, lacks } = toolsets(join(DIR, "tools"), Deno.env.get("BEAM_SHELLS") || undefined);
for (const what of lacks) console.log(`not tried: installing with ${what}`);
if (!isRoot) console.log("not tried: installing on full and noexec disks: it takes root");

/** Names on standard error what an installation left. */
const LEFT = 'find "$BEAM_INSTALL_DIR" -mindepth 1 >&2 2>/dev/null';

interface Outcome {
  code: number;
  out: string;
  err: string;
}

interface Run {
  env?: Record<string, string>;
  args?: readonly string[];
  /** The shell reads the script from its standard input, as behind curl. */
  piped?: boolean;
  /** Another script. */
  script?: string;
  /** Run by `sh` in a mount namespace of its own before the script; what is left then is an error's line. */
  mounts?: string;
}

async function install(tools: Toolset, run: Run): Promise<Outcome> {
  const { env = {}, args = [], script = SCRIPT, mounts, piped = false } = run;
  const own = piped ? [...tools.shell] : [...tools.shell, script, ...args];
  const inside = `${mounts}\n"$@"\ncode=$?\n${LEFT}\nexit $code`;
  const command = mounts === undefined
    ? own
    : ["/usr/bin/unshare", "-m", "/bin/sh", "-c", inside, "sh", ...own];
  const PATH = mounts ? `${tools.path}:/usr/bin:/bin` : tools.path;
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    clearEnv: true,
    cwd: DIR,
    stdin: piped ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
    env: { PATH, HOME: join(DIR, "home"), ...env },
  }).spawn();
  if (piped) await new Blob([Deno.readFileSync(script)]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Everything below a folder, by path; absent: the folder is not there. */
function below(dir: string): string[] | undefined {
  try {
    return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
      isDirectory ? below(join(dir, name))!.map((path) => join(name, path)) : [name]
    ).sort();
  } catch {
    return undefined;
  }
}

/** An error is one line that says what happened, and perhaps one that says what to do. */
function assertTold({ code, out, err }: Outcome, what: RegExp): void {
  assert.equal(code, 1, out + err);
  assert.match(err, what);
  const lines = err.trimEnd().split("\n");
  assert.ok(lines.length <= 2 && lines.every((line) => line.startsWith("install: ")), err);
}

let count = 0;
const fresh = () => join(DIR, `place-${count++}`, "bin");

for (const tools of sets) {
  Deno.test(`install with ${tools.name}: the newest, a named one, again, an upgrade`, async () => {
    await using server = serveRelease(releaseFiles(["0.9.0", "1.0.0"], standIn));
    const bin = fresh();
    const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin };
    const first = await install(tools, { env: { ...env, BEAM_VERSION: "v0.9.0" }, piped: true });
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /Installed beam 0\.9\.0: /);
    assert.match(first.out, /is not in PATH/);
    assert.match(first.out, /To undo this: `.*\/bin\/beam uninstall`/);
    assert.equal(Deno.statSync(join(bin, "beam")).mode! & 0o777, 0o755);
    // A named version asks for no newest, and only one of tarball and executable is fetched.
    assert.deepEqual(server.asked, ["/v0.9.0/SHA256SUMS", fetched(tools, "0.9.0")]);
    assert.deepEqual(below(join(bin, "..", "share")), [
      "bash-completion/completions/beam",
      "fish/vendor_completions.d/beam.fish",
      "man/man1/beam.1",
      "zsh/site-functions/_beam",
    ]);
    // What runs keeps its file: the new one has another inode.
    const former = Deno.statSync(join(bin, "beam")).ino;
    const upgrade = await install(tools, { env: { ...env, SHELL: "/usr/bin/fish" } });
    assert.equal(upgrade.code, 0, upgrade.err);
    assert.match(upgrade.out, /Upgraded beam from 0\.9\.0 to 1\.0\.0/);
    assert.match(upgrade.out, /beam up --replace/);
    assert.match(upgrade.out, /fish_add_path/);
    assert.notEqual(Deno.statSync(join(bin, "beam")).ino, former);
    const again = await install(tools, { env: { ...env, PATH: `${tools.path}:${bin}` } });
    assert.match(again.out, /beam 1\.0\.0 is installed already/);
    assert.doesNotMatch(again.out, /PATH/);
    assert.deepEqual(below(bin), ["beam"], "nothing is left beside it");
  });

  Deno.test(`install with ${tools.name}: into the home folder, without extras`, async () => {
    if (isRoot) return; // root installs into /usr/local/bin, which is not a test's
    await using server = serveRelease(releaseFiles(["1.0.0"], standIn));
    const home = join(fresh(), "home");
    const env = { BEAM_BASE_URL: server.base, HOME: home, BEAM_COMPLETIONS: "no" };
    assert.equal((await install(tools, { env })).code, 0);
    assert.deepEqual(below(home), [".local/bin/beam"]);
  });

  Deno.test(`install with ${tools.name}: from a folder, as from a disk in a closed network`, async () => {
    const folder = join(DIR, `folder-${count++}`);
    for (const [path, bytes] of releaseFiles(["1.0.0"], standIn)) {
      Deno.mkdirSync(dirname(join(folder, path)), { recursive: true });
      Deno.writeFileSync(join(folder, path), bytes);
    }
    const bin = fresh();
    const env = { BEAM_BASE_URL: folder, BEAM_INSTALL_DIR: bin };
    assert.match((await install(tools, { env })).out, /Installed beam 1\.0\.0/);
    const none = {
      BEAM_BASE_URL: `file://${folder}`,
      BEAM_INSTALL_DIR: fresh(),
      BEAM_VERSION: "2",
    };
    assertTold(
      await install(tools, { env: none }),
      /v2\/SHA256SUMS cannot be fetched \(there is no/,
    );
  });

  const release = releaseFiles(["1.0.0"], standIn);
  const one = fetched(tools, "1.0.0");
  const refused: [what: string, faults: Faults, env: Record<string, string>, told: RegExp][] = [
    ["a cut file", { cut: [one] }, {}, /cannot be fetched whole|not what its checksum says/],
    [
      "no such release",
      {},
      { BEAM_VERSION: "7.0.0" },
      /v7\.0\.0\/SHA256SUMS cannot be fetched \(.*404/,
    ],
    [
      "no release at all",
      { missing: ["/latest/VERSION"] },
      {},
      /latest\/VERSION cannot be fetched \(.*404/,
    ],
    ["an executable that is missing", { missing: [one] }, {}, /cannot be fetched whole \(.*404/],
    ["a version that is none", {}, { BEAM_VERSION: "../../etc" }, /is no version/],
    ["an address that is none", {}, { BEAM_BASE_URL: "ftp://x" }, /must begin with https/],
    ["no address", {}, { BEAM_BASE_URL: "" }, /no release address yet: set BEAM_BASE_URL/],
    [
      "nobody there",
      {},
      { BEAM_BASE_URL: "http://127.0.0.1:9" },
      /cannot be fetched \(.*(refused|connect)/i,
    ],
    [
      "no such host",
      {},
      { BEAM_BASE_URL: "http://beam.invalid" },
      /cannot be fetched \(.*(resolve|address)/i,
    ],
  ];
  for (const [what, faults, env, told] of refused) {
    Deno.test(`install with ${tools.name}: ${what} is told, and nothing is left`, async () => {
      await using server = serveRelease(release, () => faults);
      const bin = fresh();
      const outcome = await install(tools, {
        env: { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin, ...env },
      });
      assertTold(outcome, told);
      assert.equal(below(join(bin, "..")), undefined, "folders that were made are gone");
    });
  }

  Deno.test(`install with ${tools.name}: what is not what its checksum says takes no place`, async () => {
    const files = releaseFiles(["0.9.0", "1.0.0"], standIn);
    files.set(one, releaseFiles(["1.0.1"], standIn).get(fetched(tools, "1.0.1"))!);
    await using server = serveRelease(files);
    const bin = fresh();
    const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin };
    assert.equal((await install(tools, { env: { ...env, BEAM_VERSION: "0.9.0" } })).code, 0);
    assertTold(
      await install(tools, { env }),
      /not what its checksum says: SHA-256 must be [0-9a-f]{64}, and is/,
    );
    assert.deepEqual(below(bin), ["beam"]);
    const kept = Deno.readFileSync(join(bin, "beam"));
    assert.deepEqual(kept, files.get(`/v0.9.0/${NAME}`), "the former one stays");
  });

  Deno.test(`install with ${tools.name}: a tarball that is none, or has another executable, takes no place`, async () => {
    if (!tools.unpacks) return;
    for (
      const [bytes, told] of [
        [new TextEncoder().encode("no tarball"), /tar\.gz cannot be unpacked \(.+\)/],
        [
          releaseFiles(["1.0.0"], () => standIn("6.6.6")).get(one)!,
          /beam-linux-.* is not what its checksum says/,
        ],
      ] as const
    ) {
      const files = releaseFiles(["1.0.0"], standIn);
      const sums = new TextDecoder().decode(files.get("/v1.0.0/SHA256SUMS"));
      const digest = createHash("sha256").update(bytes).digest("hex");
      const name = one.split("/").at(-1)!;
      files.set(one, bytes);
      files.set(
        "/v1.0.0/SHA256SUMS",
        new TextEncoder().encode(sums.replace(new RegExp(`.*  ${name}`), `${digest}  ${name}`)),
      );
      await using server = serveRelease(files);
      const bin = fresh();
      const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin };
      assertTold(await install(tools, { env }), told);
      assert.equal(below(join(bin, "..")), undefined);
    }
  });

  Deno.test(`install with ${tools.name}: another program called beam is not overwritten`, async () => {
    await using server = serveRelease(release);
    const bin = fresh();
    Deno.mkdirSync(bin, { recursive: true });
    Deno.writeTextFileSync(join(bin, "beam"), "#!/bin/sh\necho I am another\n", { mode: 0o755 });
    const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin };
    assertTold(await install(tools, { env }), /bin\/beam is another program/);
    assert.deepEqual(below(bin), ["beam"]);
  });

  Deno.test(`install with ${tools.name}: what does not run here takes no place`, async () => {
    const old = "#!/bin/sh\necho \"beam: version 'GLIBC_2.99' not found\" >&2\nexit 1\n";
    await using server = serveRelease(releaseFiles(["1.0.0"], () => new TextEncoder().encode(old)));
    const bin = fresh();
    const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin };
    assertTold(await install(tools, { env }), /C library is too old for it \(.*GLIBC_2\.99/);
    assert.equal(below(join(bin, "..")), undefined);
  });

  const machines: [what: string, programs: Record<string, string>, told: RegExp][] = [
    [
      "macOS",
      { uname: '[ "$1" = -s ] && echo Darwin || echo arm64' },
      /for Linux, and this is macOS/,
    ],
    ["another system", { uname: "echo FreeBSD" }, /for Linux, and this is FreeBSD/],
    [
      "another processor",
      { uname: '[ "$1" = -s ] && echo Linux || echo riscv64' },
      /this machine is riscv64/,
    ],
    ["32 bits", { getconf: '[ "$1" = LONG_BIT ] && echo 32' }, /64-bit system/],
    [
      "musl",
      { getconf: "exit 1", ldd: "echo 'musl libc (x86_64)' >&2; exit 1" },
      /this system has musl/,
    ],
    [
      "an old glibc",
      { getconf: '[ "$1" = LONG_BIT ] && echo 64 || echo glibc 2.17' },
      /this system has 2\.17/,
    ],
    [
      "an old glibc, without getconf",
      { getconf: "exit 1", ldd: "echo 'ldd (Ubuntu GLIBC 2.9-0ubuntu1) 2.9'" },
      /this system has 2\.9/,
    ],
  ];
  Deno.test(`install with ${tools.name}: a machine without a release for it is told, and touched nowhere`, async () => {
    await using server = serveRelease(release);
    for (const [what, programs, told] of machines) {
      // Its shell takes its own uname, whatever PATH says.
      if (tools.name === "busybox" && "uname" in programs) continue;
      const fake = join(DIR, `machine-${count++}`);
      Deno.mkdirSync(fake);
      for (const [name, body] of Object.entries(programs)) {
        Deno.writeTextFileSync(join(fake, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      }
      const bin = fresh();
      const outcome = await install(tools, {
        env: { PATH: `${fake}:${tools.path}`, BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin },
      });
      assertTold(outcome, told);
      assert.equal(below(join(bin, "..")), undefined, what);
    }
    assert.deepEqual(server.asked, []);
  });

  Deno.test(`install with ${tools.name}: a script that was cut anywhere runs nothing`, async () => {
    await using server = serveRelease(release);
    const whole = Deno.readTextFileSync(SCRIPT);
    const end = whole.lastIndexOf('install_beam "$@"');
    // Within the call itself: its beginning is another word.
    const cuts = [
      ...Array.from({ length: 24 }, (_, at) => Math.floor(end * (at + 1) / 25)),
      end,
      end + 8,
    ];
    const bin = fresh();
    for (const cut of cuts) {
      const script = join(DIR, "cut.sh");
      Deno.writeTextFileSync(script, whole.slice(0, cut));
      await install(tools, { script, env: { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: bin } });
      assert.equal(below(join(bin, "..")), undefined, `cut after ${cut} letters`);
    }
    assert.deepEqual(server.asked, []);
  });

  Deno.test({
    name:
      `install with ${tools.name}: a full disk and one without programs are told, and nothing is left`,
    ignore: !isRoot,
    async fn() {
      await using server = serveRelease(release);
      const place = join(DIR, `disk-${count++}`);
      Deno.mkdirSync(place);
      const env = { BEAM_BASE_URL: server.base, BEAM_INSTALL_DIR: join(place, "bin") };
      const mount = (options: string) => `mount -t tmpfs -o ${options} tmpfs ${place} || exit 99`;
      assertTold(
        await install(tools, { env, mounts: mount("size=256k") }),
        /there is no room left in/,
      );
      assertTold(await install(tools, { env, mounts: mount("noexec") }), /mounted noexec/);
    },
  });
}

Deno.test("the script explains itself, and takes no arguments", async () => {
  const [tools] = sets;
  const help = await install(tools!, { args: ["--help"] });
  assert.equal(help.code, 0);
  for (const name of ["BEAM_VERSION", "BEAM_INSTALL_DIR", "BEAM_BASE_URL"]) {
    assert.match(help.out, new RegExp(name));
  }
  assert.equal((await install(tools!, { args: ["--purge"] })).code, 2);
});

/** `scripts/release` with small stand-ins for the executables: everything but what these do. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { ARCHES } from "../../scripts/_denort.ts";
import { BUDGET } from "../../scripts/_release/names.ts";
import { must, ROOT, run } from "./_release.ts";

/** A whole ELF image for each architecture that names a version of glibc. */
function writeStandIns(dir: string, size = 0x1000): void {
  for (const [arch, machine] of [["x86_64", 0x3e], ["aarch64", 0xb7]] as const) {
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    view.setUint16(0x12, machine, true);
    view.setBigUint64(0x28, 0x200n, true);
    view.setUint16(0x3a, 0x40, true);
    view.setUint16(0x3c, 2, true);
    bytes.set(new TextEncoder().encode("\0GLIBC_2.9\0GLIBC_2.27\0GLIBC_2.3.4\0"), 0x100);
    Deno.writeFileSync(`${dir}/beam-${VERSION}-linux-${arch}`, bytes);
  }
}

function release(dir: string, name: string, flags: string[], env: Record<string, string> = {}) {
  const command = ["scripts/release", "--executables", dir, "--out", `${dir}/${name}`, ...flags];
  const kept = ["HOME", "DENO_DIR", "DENO", "BEAM_VENDOR"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return run(["sh", "-c", 'umask "$UMASK" && exec "$@"', "sh", ...command], {
    cwd: ROOT,
    env: { UMASK: "022", ...Object.fromEntries(kept), ...env },
  });
}

Deno.test("two releases of the same sources have the same bytes, whoever makes them", async () => {
  const dir = await Deno.makeTempDir();
  try {
    writeStandIns(dir);
    const only = "executable,tarball,mount,wheel,bom,installer";
    const flags = ["--only", only, "--base-url", "https://beam.invalid/r"];
    const one = await release(dir, "one", flags, { TZ: "UTC", LANG: "C" });
    assert.equal(one.code, 0, one.stderr);
    const other = await release(dir, "other", flags, { TZ: "Asia/Tokyo", UMASK: "077" });
    assert.equal(other.code, 0, other.stderr);
    const sums = (name: string) => Deno.readTextFileSync(`${dir}/${name}/v${VERSION}/SHA256SUMS`);
    assert.equal(sums("other"), sums("one"));
    await must(["sha256sum", "--check", "--strict", "SHA256SUMS"], {
      cwd: `${dir}/one/v${VERSION}`,
    });
    assert.equal(Deno.readTextFileSync(`${dir}/one/latest/VERSION`), `${VERSION}\n`);
    const installer = Deno.readTextFileSync(`${dir}/one/install.sh`);
    assert.match(installer, /^ *release_base='https:\/\/beam\.invalid\/r'$/m);
    await must(["sh", "-n", `${dir}/one/install.sh`]);
    for (const arch of ARCHES) {
      assert.match(sums("one"), new RegExp(`^[0-9a-f]{64}  beam-linux-${arch}$`, "m"));
      assert.match(sums("one"), new RegExp(`py3-none-manylinux_2_27_${arch}\\.whl$`, "m"));
    }

    const later = await release(dir, "later", flags, { SOURCE_DATE_EPOCH: "1700000000" });
    assert.equal(later.code, 0, later.stderr);
    assert.notEqual(sums("later"), sums("one"), "the time is in the files");
    const listed = await must(
      [
        "tar",
        "--utc",
        "-tvzf",
        `${dir}/later/v${VERSION}/beam-${VERSION}-mount-linux-x86_64.tar.gz`,
      ],
    );
    for (const line of listed.trimEnd().split("\n")) {
      assert.match(line, /^[-d]rw.{7} root\/root +\d+ 2023-11-14 22:13 beam\//);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a file above its budget fails the release, with its name and size", async () => {
  const dir = await Deno.makeTempDir();
  try {
    writeStandIns(dir, BUDGET.executable * 1e6 + 1);
    const ending = await release(dir, "out", ["--only", "executable", "--arch", "x86_64"]);
    assert.equal(ending.code, 1);
    assert.match(ending.stdout, /^beam-linux-x86_64 +\d+\.0 MB +of +\d+$/m);
    assert.match(ending.stderr, /^release: beam-linux-x86_64 is too large: it may have \d+ MB/m);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("an executable of another architecture is not released under this name", async () => {
  const dir = await Deno.makeTempDir();
  try {
    writeStandIns(dir);
    const name = (arch: string) => `${dir}/beam-${VERSION}-linux-${arch}`;
    Deno.copyFileSync(name("x86_64"), name("aarch64"));
    const ending = await release(dir, "out", ["--only", "executable"]);
    assert.equal(ending.code, 1);
    assert.match(ending.stderr, /must be an executable for aarch64/);
    assert.deepEqual([...Deno.readDirSync(`${dir}/out`)], [], "nothing is left of it");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("an interrupted release leaves nothing behind", async () => {
  const dir = await Deno.makeTempDir();
  try {
    writeStandIns(dir);
    const releasing = new Deno.Command("scripts/release", {
      args: ["--executables", dir, "--out", `${dir}/out`, "--only", "tarball,mount,wheel"],
      cwd: ROOT,
      stdin: "null",
      stderr: "piped",
    }).spawn();
    // It has begun where its folder is.
    while (!await Deno.stat(`${dir}/out`).then(() => true, () => false)) {
      await new Promise((done) => setTimeout(done, 5));
    }
    releasing.kill("SIGTERM");
    const { code, stderr } = await releasing.output();
    assert.match(new TextDecoder().decode(stderr), /^release: Stopped by SIGTERM\.$/m);
    assert.equal(code, 130);
    assert.deepEqual([...Deno.readDirSync(`${dir}/out`)], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a wrong word is wrong usage", async () => {
  for (
    const flags of [["--only", "zip"], ["--arch", "riscv64"], ["--base-url", "x'y"], ["--unknown"]]
  ) {
    const ending = await release(Deno.cwd(), "none", flags);
    assert.equal(ending.code, 2, ending.stderr);
    assert.match(ending.stderr, /See scripts\/release --help/);
  }
});

/** Debian and RPM packages, installed into folders. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { NAMES } from "../../scripts/_release/names.ts";
import { ARCH, must, place, PYTHON, released } from "./_release.ts";

async function has(program: string): Promise<boolean> {
  return await must(["sh", "-c", `command -v ${program}`]).then(() => true, () => false);
}

Deno.test("the Debian package installs, runs and goes", async () => {
  const deb = released(NAMES.deb(ARCH));
  if (deb === undefined) return console.log("not tried: the Debian package: it was not made here");
  if (!await has("dpkg")) return console.log("not tried: the Debian package: there is no dpkg");
  const fields = await must(["dpkg-deb", "--field", deb, "Package", "Version", "Depends"]);
  assert.match(
    fields,
    new RegExp(`^Package: beam\nVersion: ${VERSION}\nDepends: libc6 \\(>= 2\\.27\\)`),
  );
  using user = await place();
  const { dir, env } = user;
  const root = `${dir}/root`;
  for (const folder of ["info", "updates"]) {
    await Deno.mkdir(`${root}/var/lib/dpkg/${folder}`, { recursive: true });
  }
  for (const name of ["status", "available"]) {
    await Deno.writeTextFile(`${root}/var/lib/dpkg/${name}`, "");
  }
  await Deno.mkdir(`${root}/etc`);
  const flags = [
    "--force-depends",
    "--force-script-chrootless",
    "--force-not-root",
    "--force-bad-path",
  ];
  const dpkg = (...args: string[]) =>
    must(["dpkg", `--root=${root}`, `--log=${dir}/log`, ...flags, ...args], { env });
  await dpkg("--install", deb);
  assert.match(
    await must([`${root}/usr/bin/beam`, "version"], { env }),
    new RegExp(`^beam ${VERSION} `),
  );
  const files = await dpkg("--listfiles", "beam");
  for (
    const path of ["/usr/lib/systemd/system/beam-head.service", "/usr/share/man/man1/beam.1.gz"]
  ) {
    assert.ok(files.includes(`${path}\n`), files);
  }
  await dpkg("--remove", "beam");
  await assert.rejects(Deno.stat(`${root}/usr/bin/beam`), Deno.errors.NotFound);
});

/** Reads an RPM package without rpm: what it needs, and the digest of its executable. */
const READ_RPM = `
import hashlib, json, sys
import rpmfile
with rpmfile.open(sys.argv[1]) as package:
    headers = package.headers
    print(json.dumps({
        "name": headers["name"].decode(),
        "version": headers["version"].decode(),
        "needs": [name.decode() for name in headers["requirename"]],
        "files": [member.name for member in package.getmembers()],
        "digest": hashlib.sha256(package.extractfile("/usr/bin/beam").read()).hexdigest(),
    }))
`;

Deno.test("the RPM package holds the executable, says what it needs, and rpm takes it", async () => {
  const rpm = released(NAMES.rpm(ARCH));
  if (rpm === undefined) return console.log("not tried: the RPM package: it was not made here");
  using user = await place();
  const { dir, env } = user;
  const packages = Deno.env.get("BEAM_RELEASE_PACKAGES")!;
  const read = await must([PYTHON, "-c", READ_RPM, rpm], { env: { ...env, PYTHONPATH: packages } });
  const { name, version, needs, files, digest } = JSON.parse(read);
  assert.deepEqual([name, version], ["beam", VERSION]);
  assert.deepEqual(needs, ["libc.so.6(GLIBC_2.27)(64bit)", "libgcc_s.so.1()(64bit)"]);
  for (
    const path of ["/usr/lib/systemd/system/beam-node.service", "/usr/share/man/man1/beam.1.gz"]
  ) {
    assert.ok(files.includes(path), files.join(" "));
  }
  const [expected] = (await must(["sha256sum", released(NAMES.executable(ARCH))!])).split(" ");
  assert.equal(digest, expected);
  if (!await has("rpm")) return console.log("not tried: rpm itself: there is none");
  const query = (...args: string[]) =>
    must(["rpm", "--dbpath", `${dir}/db`, ...args, rpm], { env });
  assert.match(await query("--checksig"), /digests OK/);
  assert.deepEqual(
    (await query("--query", "--package", "--list")).trim().split("\n").sort(),
    files.toSorted(),
  );
});

/** The image: read by go-containerregistry as a registry's client does, unpacked, and run. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { NAMES } from "../../scripts/_release/names.ts";
import { must, place, released, ROOT, run } from "./_release.ts";

/** Runs in namespaces of its own, with the folder $1 as its root. */
const INSIDE = `
set -e
mount -t proc proc "$1/proc"
for device in null zero random urandom; do : >"$1/dev/$device"; mount --bind "/dev/$device" "$1/dev/$device"; done
mkdir -p "$1/dev/shm"; mount -t tmpfs tmpfs "$1/dev/shm"
ip link set lo up
exec chroot "$1" /bin/sh -ec '
  beam version
  beam up --head --node-ip 127.0.0.1 --num-gpus 0 --include-dashboard=false
  beam status
  ray status
  cp -a /opt/beam /tmp/copy
  test -x /tmp/copy/bin/ray
  wget --help >/dev/null 2>&1
  beam down
'
`;

Deno.test("the image is whole, and runs a head", async (t) => {
  const image = released(NAMES.image());
  if (image === undefined) return console.log("not tried: the image: it was not made here");
  using user = await place();
  const { dir, env } = user;
  await Deno.mkdir(`${dir}/layout`);
  await must(["tar", "-xf", image, "-C", `${dir}/layout`]);
  const home = { HOME: Deno.env.get("HOME") ?? dir };
  const built = await run([`${ROOT}/scripts/_release/go_tools`], { env: home });
  if (built.code !== 0) {
    return console.log(`not tried: the image in a registry: ${built.stderr.trim()}`);
  }
  const crane = `${built.stdout.trim()}/crane`;

  const registry = new Deno.Command(crane, {
    args: ["registry", "serve", "--address", "127.0.0.1:0"],
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const address = await servedAt(registry.stderr);
    const name = `${address}/beam:${VERSION}`;
    await t.step("a registry takes it, and every digest and platform is right", async () => {
      await must([crane, "push", "--insecure", `${dir}/layout`, name], { env });
      await must([crane, "validate", "--insecure", "--remote", name], { env });
    });
    const arch = Deno.build.arch === "x86_64" ? "amd64" : "arm64";
    await must([
      crane,
      "export",
      "--insecure",
      "--platform",
      `linux/${arch}`,
      name,
      `${dir}/root.tar`,
    ], { env });
  } finally {
    registry.kill("SIGTERM");
    await registry.status;
  }

  await t.step("it runs", async () => {
    await Deno.mkdir(`${dir}/root`);
    await must(["tar", "-xf", `${dir}/root.tar`, "-C", `${dir}/root`]);
    const namespaces = ["--mount", "--pid", "--net", "--fork", "--kill-child"];
    const asRoot = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
    const able = await run(["unshare", ...asRoot, ...namespaces, "true"], { env });
    if (able.code !== 0) return console.log(`not tried: running the image: ${able.stderr.trim()}`);
    const ending = await run(
      ["unshare", ...asRoot, ...namespaces, "sh", "-c", INSIDE, "sh", `${dir}/root`],
      {
        env: {
          PATH: "/opt/beam/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HOME: "/home/beam",
          PYTHONPATH: "/opt/beam/python",
          TMPDIR: "/tmp",
        },
      },
    );
    assert.equal(ending.code, 0, ending.stdout + ending.stderr);
    assert.match(ending.stdout, /: 1 node$/m);
    assert.match(ending.stdout, /^ 1 node_[0-9a-f]{56}$/m);
  });
});

/** The address that the registry says it serves; reads on, so that it never waits for its reader. */
async function servedAt(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The registry ended: ${said}`);
    said += value;
    const address = said.match(/serving on port (\d+)/);
    if (address === null) continue;
    void (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {});
    return `127.0.0.1:${address[1]}`;
  }
}

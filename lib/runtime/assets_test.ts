import assert from "assert";
import { join } from "node:path";
import { type AssetSources, digestOf, licenseFiles, shimDigest, shimFiles } from "./assets.ts";

async function checkout(files: Record<string, string>): Promise<AssetSources & AsyncDisposable> {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    const place = join(root, path);
    await Deno.mkdir(join(place, ".."), { recursive: true });
    await Deno.writeTextFile(place, text);
  }
  return {
    shim: join(root, "shim"),
    vendor: join(root, "vendor"),
    license: join(root, "LICENSE"),
    licenses: join(root, "licenses"),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const FILES = {
  "shim/ray/__init__.py": "one",
  "shim/ray/py.typed": "",
  "shim/ray/_core/channel.py": "two",
  "shim/ray/bin/launch": "#!/bin/sh\n",
  "shim/ray/__pycache__/__init__.cpython-311.pyc": "no",
  "shim/ray/stale.pyc": "no",
  "shim/tests/test_it.py": "no",
  "shim/.mypy_cache/x": "no",
  "shim/mypy.ini": "no",
  "shim/ray-2.0.dist-info/METADATA": "Name: ray",
  "vendor/__init__.py": "vendored",
  "vendor/msgpack/__init__.py": "three",
  "vendor/LICENSES/msgpack.txt": "terms of msgpack",
  "LICENSE": "our terms",
  "licenses/deno.txt": "terms of deno",
};

Deno.test("the package holds the sources and the vendored copies, sorted, and no leavings", async () => {
  await using sources = await checkout(FILES);
  const files = await shimFiles(sources);
  assert.deepEqual(files.map((file) => file.path), [
    "ray-2.0.dist-info/METADATA",
    "ray/__init__.py",
    "ray/_core/channel.py",
    "ray/_vendor/LICENSES/msgpack.txt",
    "ray/_vendor/__init__.py",
    "ray/_vendor/msgpack/__init__.py",
    "ray/bin/launch",
    "ray/py.typed",
  ]);
  assert.equal(new TextDecoder().decode(files[2]!.bytes), "two");
});

Deno.test("modes follow the content, whatever the files' own are", async () => {
  await using sources = await checkout(FILES);
  await Deno.chmod(join(sources.shim, "ray/__init__.py"), 0o600);
  await Deno.chmod(join(sources.shim, "ray/bin/launch"), 0o400);
  const modes = new Map((await shimFiles(sources)).map((file) => [file.path, file.mode]));
  assert.equal(modes.get("ray/__init__.py"), 0o644);
  assert.equal(modes.get("ray/bin/launch"), 0o755);
});

Deno.test("a file of the package wins over a vendored one of the same path", async () => {
  await using sources = await checkout({ ...FILES, "shim/ray/_vendor/__init__.py": "own" });
  const same = (await shimFiles(sources)).filter((file) => file.path === "ray/_vendor/__init__.py");
  assert.deepEqual(same.map((file) => new TextDecoder().decode(file.bytes)), ["own"]);
});

Deno.test("without a vendor folder the package stands alone", async () => {
  await using sources = await checkout(FILES);
  const { vendor: _, ...alone } = sources;
  const paths = (await shimFiles(alone)).map((file) => file.path);
  assert.ok(paths.includes("ray/__init__.py"));
  assert.ok(!paths.some((path) => path.startsWith("ray/_vendor/")));
});

Deno.test("licences: our own, the binary's, the vendored packages'", async () => {
  await using sources = await checkout(FILES);
  assert.deepEqual((await licenseFiles(sources)).map((file) => file.path), [
    "beam.txt",
    "deno.txt",
    "msgpack.txt",
  ]);
});

Deno.test("the digest follows paths and bytes, and not the order", () => {
  const file = (path: string, text: string) => ({
    path,
    bytes: new TextEncoder().encode(text),
    mode: 0o644,
  });
  const digest = digestOf([file("a", "1"), file("b", "2")]);
  assert.match(digest, /^[0-9a-f]{16}$/);
  assert.equal(digestOf([file("b", "2"), file("a", "1")]), digest);
  assert.notEqual(digestOf([file("a", "1"), file("b", "3")]), digest);
  assert.notEqual(digestOf([file("a", "1"), file("c", "2")]), digest);
  // Bytes that move from one file to the next must not go unseen.
  assert.notEqual(digestOf([file("a", "12"), file("b", "")]), digest);
});

Deno.test("this checkout's own package has a digest", async () => {
  assert.equal(await shimDigest(), digestOf(await shimFiles()));
});

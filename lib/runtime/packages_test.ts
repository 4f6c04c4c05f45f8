import assert from "node:assert/strict";
import { join } from "node:path";
import { Trouble } from "./errors.ts";
import { isPackageName, PACKAGE_GRACE, packageOf, packagesDir, PackageStore } from "./packages.ts";

const ZIP = "_ray_pkg_00112233.zip";
const bytes = (text: string) => new TextEncoder().encode(text);

function inFolder(test: (dir: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const dir = Deno.makeTempDirSync();
    try {
      await test(join(dir, "packages"));
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  };
}

function put(store: PackageStore, name: string, text: string): void {
  const upload = store.begin(name, text.length);
  upload.write(bytes(text));
  upload.finish();
}

const refused = (code: string) => (error: unknown) =>
  error instanceof Trouble && error.code === code;

Deno.test("a package's URI names it; what could leave the folder is no name", () => {
  assert.equal(packageOf(`gcs://${ZIP}`), ZIP);
  assert.equal(packageOf("https://host/_ray_pkg_1.zip"), undefined);
  assert.equal(packageOf("gcs://../a.zip"), undefined);
  for (const name of ["", ".zip", "a/b.zip", "..zip", ".part-1.zip", "a.txt", "x".repeat(300)]) {
    assert.equal(isPackageName(name), false, name);
  }
  assert.equal(isPackageName("foo-1.0+cpu-py3-none-any.whl"), true);
});

Deno.test("machines that share a runtime directory have folders of their own", () => {
  assert.notEqual(packagesDir("/r", "one"), packagesDir("/r", "two"));
  assert.equal(packagesDir("/r", "../a"), "/r/environments/.._a/packages");
});

Deno.test(
  "a package is seen when it is whole, and its parts are gone",
  inFolder((dir) => {
    const store = new PackageStore(dir);
    const upload = store.begin(ZIP, 4);
    upload.write(bytes("ab"));
    assert.equal(store.has(ZIP), false);
    assert.throws(() => upload.finish(), refused("short"));
    upload.write(bytes("cd"));
    upload.finish();
    upload.abort();
    assert.equal(store.has(ZIP), true);
    assert.equal(Deno.readTextFileSync(store.path(ZIP)), "abcd");
    store.begin("other.zip", 1).abort();
    assert.deepEqual([...Deno.readDirSync(dir)].map((each) => each.name), [ZIP]);
  }),
);

Deno.test(
  "what is larger than the bound, or than it said, is refused",
  inFolder(async (dir) => {
    const store = new PackageStore(dir, { one: 4 });
    assert.throws(() => store.begin(ZIP, 5), refused("too_large"));
    assert.throws(() => store.begin("a.txt", 1), refused("bad_name"));
    const upload = store.begin(ZIP, 1);
    assert.throws(() => upload.write(bytes("ab")), refused("too_large"));
    upload.abort();
    const stream = new Blob(["abcdef"]).stream();
    await assert.rejects(store.put(ZIP, stream), refused("too_large"));
    await store.put(ZIP, new Blob(["abcd"]).stream());
    assert.deepEqual([...Deno.readDirSync(dir)].map((each) => each.name), [ZIP]);
  }),
);

Deno.test(
  "past the bound the one asked for longest ago goes, never a held or a fresh one",
  inFolder((dir) => {
    let now = 1_000_000_000_000;
    const store = new PackageStore(dir, { all: 6, now: () => now });
    put(store, "a.zip", "aaa");
    put(store, "b.zip", "bbb");
    put(store, "c.zip", "ccc");
    for (const name of ["a.zip", "b.zip", "c.zip"]) store.has(name);
    store.pin("a.zip", "job");
    now += PACKAGE_GRACE + 1000;
    store.has("b.zip");
    put(store, "d.zip", "ddd");
    store.has("d.zip");
    store.trim();
    const here = () => [...Deno.readDirSync(dir)].map((each) => each.name).sort();
    assert.deepEqual(here(), ["a.zip", "b.zip", "d.zip"]);
    now += PACKAGE_GRACE + 1000;
    store.unpin("job");
    assert.deepEqual(here(), ["b.zip", "d.zip"]);
  }),
);

import assert from "assert";
import { join } from "node:path";
import type { Asset } from "./assets.ts";
import { digestOf } from "./assets.ts";
import { Trouble } from "./errors.ts";
import { ensureShim } from "./shim.ts";

const text = (path: string, words: string, mode = 0o644): Asset => ({
  path,
  bytes: new TextEncoder().encode(words),
  mode,
});
const FILES = [
  text("ray/__init__.py", "x = 1\n"),
  text("ray/a/b/tool.sh", "#!/bin/sh\n", 0o755),
  text("ray-2.55.1.dist-info/METADATA", "Name: ray\n"),
];
const COMMAND = ["/bin/true"];

async function withDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync({ prefix: "shim" });
  try {
    await body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;

Deno.test("the package is written with its modes, whatever the umask", async () => {
  await withDir(async (dir) => {
    const before = Deno.umask(0o077);
    try {
      const path = await ensureShim(dir, { files: FILES, command: COMMAND });
      assert.equal(path, join(dir, "shim", digestOf(FILES)));
      assert.equal(Deno.readTextFileSync(join(path, "ray/__init__.py")), "x = 1\n");
      assert.equal(modeOf(join(path, "ray/__init__.py")), 0o644);
      assert.equal(modeOf(join(path, "ray/a/b/tool.sh")), 0o755);
      for (const folder of ["", "ray", "ray/a/b"]) {
        assert.equal(modeOf(join(path, folder)), 0o755, folder);
      }
      assert.equal(modeOf(join(dir, "bin/ray")), 0o755);
    } finally {
      Deno.umask(before);
    }
  });
});

Deno.test("several that start at once leave one package and nothing else", async () => {
  await withDir(async (dir) => {
    const options = { files: FILES, command: COMMAND };
    const paths = await Promise.all(Array.from({ length: 8 }, () => ensureShim(dir, options)));
    assert.equal(new Set(paths).size, 1);
    assert.deepEqual([...Deno.readDirSync(join(dir, "shim"))].map((e) => e.name), [
      digestOf(FILES),
    ]);
  });
});

Deno.test("a package that is there is not written again", async () => {
  await withDir(async (dir) => {
    const path = await ensureShim(dir, { files: FILES, command: COMMAND });
    Deno.writeTextFileSync(join(path, "mark"), "");
    assert.equal(await ensureShim(dir, { files: FILES, command: COMMAND }), path);
    assert.ok(Deno.statSync(join(path, "mark")));
  });
});

Deno.test("what a killed writer left long ago is swept, what is being written stays", async () => {
  await withDir(async (dir) => {
    Deno.mkdirSync(join(dir, "shim/.new-old"), { recursive: true });
    Deno.mkdirSync(join(dir, "shim/.new-fresh"));
    const longAgo = new Date(Date.now() - 2 * 3600_000);
    Deno.utimeSync(join(dir, "shim/.new-old"), longAgo, longAgo);
    await ensureShim(dir, { files: FILES, command: COMMAND });
    const names = [...Deno.readDirSync(join(dir, "shim"))].map((entry) => entry.name);
    assert.deepEqual(names.sort(), [".new-fresh", digestOf(FILES)].sort());
  });
});

Deno.test("a runtime directory that cannot be written is an error that says what to set", async () => {
  await withDir(async (dir) => {
    Deno.writeTextFileSync(join(dir, "file"), "");
    await assert.rejects(
      ensureShim(join(dir, "file/rt"), { files: FILES, command: COMMAND }),
      (error: unknown) => error instanceof Trouble && /BEAM_RUNTIME_DIR/.test(error.mend ?? ""),
    );
  });
});

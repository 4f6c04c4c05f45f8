import assert from "assert";
import { join } from "node:path";
import { createWhole, removeQuietly, writeWhole } from "./whole_file.ts";

Deno.test("files are replaced or created whole, with their mode and without leftovers", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "file");
    assert.equal(createWhole(path, "one", 0o600), true);
    assert.equal(createWhole(path, "two", 0o600), false);
    assert.equal(Deno.readTextFileSync(path), "one");
    writeWhole(path, "three", 0o755);
    assert.equal(Deno.readTextFileSync(path), "three");
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o755);
    assert.throws(() => writeWhole(join(dir, "absent", "file"), "", 0o600));
    assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name), ["file"]);
    removeQuietly(path);
    removeQuietly(path);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

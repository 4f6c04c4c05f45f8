import assert from "assert";
import { unzipSync } from "fflate";
import { unpackTar } from "modern-tar";
import { gunzipSync } from "node:zlib";
import { gzip, tar, zip } from "./archive.ts";
import { file, folder, link } from "./tree.ts";

const TIME = 1_700_000_000;

Deno.test("a tar file has root, one time, and the rights that were given", async () => {
  const bytes = await tar(
    [file("a/run", "#!", 0o755), link("a/ln", "run"), folder("t", 0o1777)],
    TIME,
  );
  const entries = await unpackTar(bytes, { strict: true });
  assert.deepEqual(
    entries.map(({ header: { name, mode, type, linkname } }) => [name, mode, type, linkname ?? ""]),
    [
      ["a/", 0o755, "directory", ""],
      ["a/ln", 0o777, "symlink", "run"],
      ["a/run", 0o755, "file", ""],
      ["t/", 0o1777, "directory", ""],
    ],
  );
  for (const { header } of entries) {
    assert.deepEqual([header.uid, header.gid, header.mtime?.getTime()], [0, 0, TIME * 1000]);
  }
});

Deno.test("gzip keeps no name and no time", () => {
  const bytes = gzip(new TextEncoder().encode("text"));
  assert.deepEqual([...bytes.subarray(3, 8)], [0, 0, 0, 0, 0]);
  assert.equal(new TextDecoder().decode(gunzipSync(bytes)), "text");
});

Deno.test("a zip file has the time in UTC, and refuses what it cannot hold", () => {
  const one = file("a", "text") as Parameters<typeof zip>[0][number];
  const bytes = zip([one], TIME);
  assert.equal(new TextDecoder().decode(unzipSync(bytes)["a"]), "text");
  // 2023-11-14 22:13:20, as DOS has it.
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getUint16(10, true), (22 << 11) | (13 << 5) | 10);
  assert.equal(view.getUint16(12, true), ((2023 - 1980) << 9) | (11 << 5) | 14);
  assert.throws(() => zip([one, one], TIME), /Cannot pack a: /);
  assert.throws(() => zip([one], 0), RangeError);
});

/**
 * Archives whose bytes depend on nothing but what is in them: sorted, owned by root, with one time.
 * They are compressed by the pinned Deno's own zlib, so that every machine gets the same bytes.
 */
import { gzipSync } from "node:zlib";
import { type Zippable, zipSync } from "fflate";
import { packTar } from "modern-tar";
import { type Entry, wholeTree } from "./tree.ts";

/** The level at which everything is compressed: a release is made once and fetched often. */
const LEVEL = 9;

/** A tar file. `time` is that of all entries, in seconds since 1970. */
export async function tar(entries: readonly Entry[], time: number): Promise<Uint8Array> {
  const common = { mtime: new Date(time * 1000), uid: 0, gid: 0, uname: "root", gname: "root" };
  return await packTar(
    wholeTree(entries).map((entry) => {
      switch (entry.kind) {
        case "file": {
          const { path: name, bytes, mode } = entry;
          return {
            header: { ...common, name, mode, size: bytes.length, type: "file" },
            body: bytes,
          };
        }
        case "folder": {
          const { path, mode } = entry;
          return { header: { ...common, name: `${path}/`, mode, size: 0, type: "directory" } };
        }
        case "link": {
          const { path: name, target: linkname } = entry;
          return { header: { ...common, name, linkname, mode: 0o777, size: 0, type: "symlink" } };
        }
      }
    }),
  );
}

/** gzip, without a name or a time. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes, { level: LEVEL }));
}

/**
 * A zip file with the rights of Unix, in the order given.
 * @throws {RangeError} before 1980, which zip has no time for
 */
export function zip(files: readonly Extract<Entry, { kind: "file" }>[], time: number): Uint8Array {
  // zip keeps the time of a wall clock, which fflate reads from the local one.
  const utc = new Date(time * 1000);
  const mtime = new Date(utc.getTime() + utc.getTimezoneOffset() * 60_000);
  if (utc.getUTCFullYear() < 1980) {
    throw new RangeError("Cannot make a zip file: its time must be 1980 or later.");
  }
  const content: Zippable = {};
  for (const { path, bytes, mode } of files) {
    if (path in content) throw new Error(`Cannot pack ${path}: there are two such files.`);
    // 3 is Unix; the upper half of the attributes is the mode, with the bit of a regular file.
    content[path] = [bytes, { level: LEVEL, mtime, os: 3, attrs: ((0o100000 | mode) << 16) >>> 0 }];
  }
  return zipSync(content);
}

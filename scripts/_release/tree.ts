/** Files of an archive or package before it is one: what each holds, and its rights. */
import type { Asset } from "../../lib/runtime/assets.ts";

/** A file, a folder or a symbolic link. Owner, group and time are the same for all: root, and the release's. */
export type Entry =
  | { readonly kind: "file"; path: string; bytes: Uint8Array; mode: number }
  | { readonly kind: "folder"; path: string; mode: number }
  | { readonly kind: "link"; path: string; target: string };

/** A file of `text` or bytes. */
export function file(path: string, content: string | Uint8Array, mode = 0o644): Entry {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "file", path, bytes, mode };
}

/** A symbolic link. */
export function link(path: string, target: string): Entry {
  return { kind: "link", path, target };
}

/** A folder, where it is empty or has rights of its own; others need no entry. */
export function folder(path: string, mode = 0o755): Entry {
  return { kind: "folder", path, mode };
}

/** Assets as files in the folder `prefix`. */
export function assetsUnder(prefix: string, assets: readonly Asset[]): Entry[] {
  return assets.map(({ path, bytes, mode }) => file(`${prefix}/${path}`, bytes, mode));
}

/**
 * All entries with the folders that they lie in, by code units of their paths, so that a folder comes
 * before what is in it and the order is the same on every machine.
 *
 * @throws {Error} where two files have one path
 */
export function wholeTree(entries: readonly Entry[]): Entry[] {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    if (
      all.has(entry.path) && !(entry.kind === "folder" && all.get(entry.path)!.kind === "folder")
    ) {
      throw new Error(`Cannot pack ${entry.path}: there must be one such file, and there are two.`);
    }
    all.set(entry.path, entry);
  }
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join("/");
      if (!all.has(above)) all.set(above, folder(above));
    }
  }
  return [...all.values()].sort((a, b) => a.path < b.path ? -1 : 1);
}

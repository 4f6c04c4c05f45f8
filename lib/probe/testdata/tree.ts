/**
 * A recorded machine as an object: path to contents. Folders follow from the paths. Device nodes
 * are entries of their own, so that no test makes a real one.
 *
 * Values come from public dumps and driver sources; each fixture names them. A comment with
 * "derived" marks what was computed from other values or put together from several machines.
 *
 * @module
 */

import type { Host } from "../host.ts";

/** A node or file: whether it opens, or the errno that any use of it ends with. */
export interface Node {
  readonly outcome: string;
}

export type Tree = Readonly<Record<string, string | Node>>;

export const OPENS: Node = { outcome: "ok" };

export function refuses(errno: string): Node {
  return { outcome: errno };
}

/** `free` is what the file systems of the tree have left, by path. */
export function treeHost(tree: Tree, free: Readonly<Record<string, number>> = {}): Host {
  const folders = new Map<string, Set<string>>();
  for (const path of Object.keys(tree)) {
    for (let end = path.lastIndexOf("/"), name = path; end >= 0; end = name.lastIndexOf("/")) {
      const folder = name.slice(0, end) || "/";
      const child = name.slice(end + 1);
      if (child !== "") folders.set(folder, (folders.get(folder) ?? new Set()).add(child));
      if (folder === "/") break;
      name = folder;
    }
  }
  const outcome = (path: string) => {
    const entry = tree[path];
    if (entry === undefined) return folders.has(path) ? "EISDIR" : "ENOENT";
    return typeof entry === "string" ? "ok" : entry.outcome;
  };
  return {
    read(path) {
      const entry = tree[path];
      if (typeof entry === "string") return { text: entry, errno: null };
      const errno = entry === undefined ? outcome(path) : entry.outcome;
      return { text: null, errno: errno === "ok" ? "EINVAL" : errno };
    },
    list: (path) => [...folders.get(path) ?? []],
    open: outcome,
    access: outcome,
    freeBytes: (path) => free[path] ?? null,
  };
}

/** The same tree without the paths that match, for machines that show less. */
export function without(tree: Tree, pattern: RegExp): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !pattern.test(path)));
}

/** The same tree with the matching paths refused, as a device cgroup does it. */
export function refusing(tree: Tree, pattern: RegExp, errno: string): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, entry]) => [
      path,
      pattern.test(path) ? refuses(errno) : entry,
    ]),
  );
}

/** One function in the PCI tree. */
export function pciFunction(address: string, vendor: string, device: string, code: string): Tree {
  const at = `/sys/bus/pci/devices/${address}`;
  return {
    [`${at}/vendor`]: `0x${vendor}\n`,
    [`${at}/device`]: `0x${device}\n`,
    [`${at}/class`]: `0x${code}\n`,
  };
}

export function meminfo(kilobytes: number, available = kilobytes): Tree {
  return {
    "/proc/meminfo": `MemTotal:       ${kilobytes} kB\nMemFree:        ${available} kB\n` +
      `MemAvailable:   ${available} kB\n`,
  };
}

/** Numbers from `first`, `count` of them. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

export function merge(...trees: readonly Tree[]): Tree {
  return Object.assign({}, ...trees);
}

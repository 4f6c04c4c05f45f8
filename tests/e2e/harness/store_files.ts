/** The files of nodes' object stores, as they lie in shared memory and on disk. */
import { basename, join } from "node:path";
import type { Node } from "./node.ts";

/** Where they lie. */
export interface StoreFiles {
  memory: string[];
  disk: string[];
}

/** What lies in a node's store now: paths. */
export function storeFiles(node: Node): StoreFiles {
  return { memory: filesUnder(memoryFolders(node)), disk: filesUnder(spillFolders(node)) };
}

/** How many files lie in a node's store now. */
export function storeCount(node: Node): number {
  const { memory, disk } = storeFiles(node);
  return memory.length + disk.length;
}

/** Folders of the node's daemon, and of former ones, in shared memory. */
export function memoryFolders({ instanceDir }: Node): string[] {
  if (instanceDir === undefined) return [];
  const start = `beam-${Deno.uid()}-${basename(instanceDir)}.`;
  return namesIn("/dev/shm").filter((name) => name.startsWith(start))
    .map((name) => join("/dev/shm", name));
}

/** The same on disk. */
export function spillFolders({ dir }: Node): string[] {
  return namesIn(join(dir, "spill")).map((name) => join(dir, "spill", name));
}

function filesUnder(folders: string[]): string[] {
  return folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => basename(path) !== "lock");
}

function namesIn(dir: string): string[] {
  try {
    return [...Deno.readDirSync(dir)].map(({ name }) => name);
  } catch {
    return [];
  }
}

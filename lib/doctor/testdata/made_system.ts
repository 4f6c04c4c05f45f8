/** A made-up machine: a tree of files, and what no file says. */
import { type Tree, treeHost } from "../../probe/testdata/tree.ts";
import type { FileInfo, ListedAddress, Ran, Room, System } from "../system.ts";

export interface MadeSystem {
  tree?: Tree;
  infos?: Record<string, Partial<FileInfo>>;
  links?: Record<string, string>;
  rooms?: Record<string, Partial<Room>>;
  interfaces?: ListedAddress[];
  /** Addresses by name; a name that is not here does not resolve. */
  names?: Record<string, string[]>;
  clock?: ReturnType<System["clock"]>;
  kernelLog?: string;
  /** Paths of commands by name, and what they say; what is thrown is what starting them ends with. */
  commands?: Record<string, (words: readonly string[], signal: AbortSignal) => Ran | Promise<Ran>>;
  uid?: number;
}

/** An interface's address as the runtime lists it. */
export function address(name: string, cidr: string): ListedAddress {
  const [address] = cidr.split("/");
  return { name, address: address!, family: cidr.includes(":") ? "IPv6" : "IPv4", cidr };
}

export function madeSystem(made: MadeSystem = {}): System {
  const { names = {}, commands = {}, infos = {}, rooms = {}, links = {} } = made;
  return {
    ...treeHost(made.tree ?? {}),
    info(path) {
      const info = infos[path];
      return info ? { kind: "folder", mode: 0o700, uid: made.uid ?? 1000, size: 0, ...info } : null;
    },
    link: (path) => links[path] ?? null,
    room(path) {
      const room = rooms[path];
      return room ? { size: 1e12, free: 1e12, inodes: 1e9, inodes_free: 1e9, ...room } : null;
    },
    interfaces: () => made.interfaces ?? [],
    resolve(name) {
      const found = names[name];
      if (found) return Promise.resolve(found);
      return Promise.reject(new Error(`getaddrinfo ENOTFOUND ${name}`));
    },
    clock: () => made.clock ?? null,
    kernelLog: () => made.kernelLog ?? null,
    subreapers: () => null,
    async run([program, ...words], _env, signal) {
      const command = commands[program!];
      if (!command) throw new Error(`there is no ${program}`);
      return await command(words, signal);
    },
    find(name, path) {
      const places = name.includes("/")
        ? [name]
        : (path ?? "/usr/bin").split(":").map((folder) => `${folder}/${name}`);
      return places.find((place) => place in commands || `${place}` in (made.tree ?? {})) ?? null;
    },
    now: () => Date.UTC(2026, 10, 21),
    uid: () => made.uid ?? 1000,
    pid: () => 1,
  };
}

export function says(stdout: string, code = 0, stderr = ""): () => Ran {
  return () => ({ code, stdout, stderr });
}

/**
 * The machine as the doctor reads it: what the probe reads (`lib/probe/host.ts`), and what no file
 * under a root says. Everything goes through this interface, so that tests hold made-up machines.
 */
import { statfsSync } from "node:fs";
import { openLibc } from "../node/libc.ts";
import { type Host, systemHost } from "../probe/host.ts";
import { addressesOf } from "../runtime/resolve.ts";
import { type ClockState, machineClock } from "./machine_clock.ts";
import { knowsSubreapers } from "./machine_subreaper.ts";

/** What a name in a folder is, links not followed. */
export interface FileInfo {
  kind: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  mode: number;
  uid: number;
  size: number;
}

/** Room of a file system; sizes in bytes. */
export interface Room {
  size: number;
  free: number;
  inodes: number;
  inodes_free: number;
}

/** What a command said. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** An address of an interface, as the runtime lists them. */
export type ListedAddress = Pick<
  Deno.NetworkInterfaceInfo,
  "name" | "address" | "family" | "cidr"
>;

/** See the top of this file. */
export interface System extends Host {
  /** Without following a link; null: it is not there, or may not be looked at. */
  info(path: string): FileInfo | null;
  /** Where a link leads, as it stands there; null: no link. */
  link(path: string): string | null;
  room(path: string): Room | null;
  interfaces(): readonly ListedAddress[];
  /** Addresses of a host name, as programs here resolve it. @throws what the resolver answers */
  resolve(name: string): Promise<string[]>;
  /** Null: the kernel cannot be asked. */
  clock(): ClockState | null;
  /** Whether the kernel knows child subreapers; null: it cannot be asked. */
  subreapers(): boolean | null;
  /** The end of the kernel's log; null: this user may not read it. */
  kernelLog(): string | null;
  /** Runs a command to its end. @throws where it cannot be started, or the signal aborts. */
  run(command: readonly string[], env: Record<string, string>, signal: AbortSignal): Promise<Ran>;
  /** The file that a command's name means in `path`; null: none. */
  find(name: string, path: string | undefined): string | null;
  now(): number;
  uid(): number;
  pid(): number;
}

/** This machine; with `root`, its files and commands are looked for under there, and no command is run. */
export function realSystem(root = "/"): System {
  const base = root.replace(/\/+$/, "");
  const at = (path: string) => base + path;
  const host = systemHost(root);
  return {
    ...host,
    info(path) {
      try {
        const { isFile, isDirectory, isSymlink, mode, uid, size } = Deno.lstatSync(at(path));
        const kind = isFile ? "file" : isDirectory ? "folder" : isSymlink ? "link" : "other";
        return { kind, mode: (mode ?? 0) & 0o7777, uid: uid ?? 0, size };
      } catch {
        return null;
      }
    },
    link(path) {
      try {
        return Deno.readLinkSync(at(path));
      } catch {
        return null;
      }
    },
    room(path) {
      try {
        const { bsize, blocks, bavail, files, ffree } = statfsSync(at(path));
        return { size: bsize * blocks, free: bsize * bavail, inodes: files, inodes_free: ffree };
      } catch {
        return null;
      }
    },
    interfaces: () => Deno.networkInterfaces(),
    resolve: addressesOf,
    clock: machineClock,
    subreapers: knowsSubreapers,
    kernelLog() {
      using libc = openLibc();
      return libc?.kernelLog()?.text ?? null;
    },
    run: (command, env, signal) => {
      if (base === "") return run(command, env, signal);
      return Promise.reject(new Error(`commands under ${root} are not run`));
    },
    find(name, path) {
      const places = name.includes("/")
        ? [name]
        : (path ?? "/usr/local/bin:/usr/bin:/bin").split(":").map((folder) => `${folder}/${name}`);
      return places.find((place) => isExecutable(at(place))) ?? null;
    },
    now: () => Date.now(),
    uid: () => Deno.uid() ?? 0,
    pid: () => Deno.pid,
  };
}

async function run(
  [program, ...args]: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Ran> {
  signal.throwIfAborted();
  const command = new Deno.Command(program!, {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  });
  const { code, stdout, stderr } = await command.output();
  signal.throwIfAborted();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

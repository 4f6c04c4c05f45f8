/** The file systems that beam writes to: shared memory and the runtime directory. */
import { dirname } from "node:path";
import type { FileSystemFacts, RuntimeDirFacts } from "../facts.ts";
import type { System } from "../system.ts";

interface Mount {
  point: string;
  type: string;
  source: string;
  options: string[];
}

/** Null where there is no such folder. */
export function readFileSystem(system: System, path: string): FileSystemFacts | null {
  const room = system.room(path);
  if (room === null) return null;
  const mount = mountOf(mounts(system), path);
  return {
    path,
    mount_point: mount?.point ?? null,
    type: mount?.type ?? null,
    source: mount?.source ?? null,
    options: mount?.options ?? [],
    ...room,
  };
}

export interface RuntimeDirPlaces {
  runtime_dir: string;
  machine_dir: string;
}

export function readRuntimeDir(system: System, places: RuntimeDirPlaces): RuntimeDirFacts {
  const { runtime_dir: path, machine_dir } = places;
  const own = system.info(path);
  const there = own === null ? nearest(system, path) : path;
  return {
    path,
    exists: own !== null,
    mode: own?.mode ?? null,
    uid: own?.uid ?? null,
    writable: writable(system, there),
    file_system: readFileSystem(system, there),
    machine_dir,
    machine_dir_fault: machineDirFault(system, machine_dir),
    until_logout_of: userOf(system, machine_dir),
    other_hosts: otherHosts(system, path),
  };
}

/** By the kernel's answer, which knows of read-only mounts and of capabilities. */
function writable(system: System, path: string): boolean | null {
  const outcome = system.access(path);
  return outcome === "ok" ? true : outcome === "ENOENT" ? null : false;
}

function nearest(system: System, path: string): string {
  let at = path;
  while (at !== "/" && system.info(at) === null) at = dirname(at);
  return at;
}

/** Of a daemon that was given to a group (`--socket-group`). */
const GROUP_LOOKS = 0o050;

/** What `beam up` would say against the folder of sockets; null where it is fine, or not there yet. */
function machineDirFault(system: System, path: string): string | null {
  const info = system.info(path);
  if (info === null) return null;
  if (info.kind !== "folder") return `it must be a folder, and is a ${info.kind}`;
  if (info.uid !== system.uid()) {
    return `it must belong to user ${system.uid()}, and belongs to user ${info.uid}`;
  }
  if (![0, GROUP_LOOKS].includes(info.mode & 0o077)) {
    return `its mode must be 700, and is ${info.mode.toString(8)}`;
  }
  return null;
}

/** Who is logged in there, where systemd-logind removes it when that user logs out. */
function userOf(system: System, path: string): string | null {
  const uid = /^\/run\/user\/(\d+)\//.exec(`${path}/`)?.[1];
  if (uid === undefined) return null;
  const { text } = system.read(`/run/systemd/users/${uid}`);
  const user = /^NAME=(\S+)$/m.exec(text ?? "")?.[1];
  if (user === undefined || system.info(`/var/lib/systemd/linger/${user}`) !== null) return null;
  return user;
}

/** Machines that keep environments in the same directory: their folders are named by host. */
function otherHosts(system: System, path: string): string[] {
  const own = (system.read("/proc/sys/kernel/hostname").text ?? "").trim();
  return system.list(`${path}/environments`).filter((name) => name !== own).sort();
}

function mounts(system: System): Mount[] {
  return (system.read("/proc/self/mountinfo").text ?? "").split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    if (before === undefined || after === undefined) return [];
    const [, , , , point, options] = before.split(" ");
    const [type, source, further = ""] = after.split(" ");
    if (point === undefined || type === undefined) return [];
    return [{
      point: unescaped(point),
      type,
      source: unescaped(source ?? ""),
      options: [...(options ?? "").split(","), ...further.split(",")].filter(Boolean),
    }];
  });
}

/** The last mount at a point covers those before it. */
function mountOf(all: readonly Mount[], path: string): Mount | undefined {
  const holds = ({ point }: Mount) =>
    point === "/" || path === point || path.startsWith(`${point}/`);
  return all.filter(holds).reduce<Mount | undefined>(
    (best, one) => best !== undefined && best.point.length > one.point.length ? best : one,
    undefined,
  );
}

/** Blanks stand there as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

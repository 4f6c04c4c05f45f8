/**
 * Records of daemons on this machine: each writes one when it is ready, and programs find their
 * daemon by it. A record outlives a daemon that was killed, so it counts only while its process runs
 * (told apart from a later one of the same number by its start time) and its socket accepts.
 */
import { dirname, join } from "node:path";
import { FILE, likeDirectory, ownGroups, sharedBy } from "./group_access.ts";
import {
  checkPrivate,
  type Env,
  instancePaths,
  instancePathsIn,
  machineDir,
  processEnv,
} from "./paths.ts";
import { writeWhole } from "./whole_file.ts";

/** What a daemon tells of itself. The names are read by the Python package too. */
export interface DaemonRecord {
  pid: number;
  /** Field 22 of `/proc/<pid>/stat`. */
  start_ticks: number;
  node_id: string;
  node_ip: string;
  aliases: string[];
  cluster: string;
  /** `ip:port`. */
  head_address: string;
  /** Further addresses of the head, `ip:port`. */
  head_aliases: string[];
  is_head: boolean;
  runtime_dir: string;
  socket: string;
  shim_path: string;
  build: string;
  /** False where a driver started it for itself. */
  standing: boolean;
  /** The id of the authority whose certificates the cluster believes, where it makes its own. */
  authority?: string;
  /** `host:port` of the head's HTTP server, on the head's machine. */
  dashboard?: string;
  /** Why there is none though there should be, in words. */
  dashboard_fault?: string;
  /** What became of a head's journal that could not be read, in words. */
  journal_fault?: string;
}

/** Writes the record of the daemon of an instance. */
export function writeRecord(path: string, record: DaemonRecord): void {
  writeWhole(path, JSON.stringify(record) + "\n", 0o600);
  likeDirectory(path, FILE.read);
}

/** The record at `path`, of this user or `owner`, or undefined where there is none that can be read. */
export function readRecord(path: string, owner = Deno.uid()): DaemonRecord | undefined {
  try {
    if (!isFileOf(owner, path)) return undefined;
    const value = JSON.parse(Deno.readTextFileSync(path));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A record of another user, or a link to who knows where, is none. */
function isFileOf(owner: number | null, path: string): boolean {
  const { isFile, uid } = Deno.lstatSync(path);
  return isFile && uid === owner;
}

function isRecord(value: unknown): value is DaemonRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pid, start_ticks, socket, node_id } = value as Record<string, unknown>;
  return Number.isSafeInteger(pid) && Number.isSafeInteger(start_ticks) &&
    typeof socket === "string" && typeof node_id === "string";
}

/** Clock ticks after boot at which process `pid` started, or undefined where it does not run. */
export function startTicks(pid: number): number | undefined {
  try {
    // Its first thread's file, which says the same: where qemu runs a process of another
    // architecture, it answers that process's look at its own /proc/<pid>/stat with a time of its own.
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/stat`);
    // The name, in parentheses, may itself hold spaces and parentheses; the state follows it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** True while the process that wrote the record runs. */
export function isRunning(record: Pick<DaemonRecord, "pid" | "start_ticks">): boolean {
  return startTicks(record.pid) === record.start_ticks;
}

/** True while the daemon of the record runs and takes connections. */
export async function isAlive(record: DaemonRecord): Promise<boolean> {
  if (!isRunning(record)) return false;
  try {
    (await Deno.connect({ transport: "unix", path: record.socket })).close();
    return true;
  } catch {
    return false;
  }
}

/** Whether a record counts: {@link isAlive}, or {@link isRunning} for who is to end also what answers no more. */
export type Counts = (record: DaemonRecord) => boolean | Promise<boolean>;

/** The living daemon of a runtime directory. */
export async function recordOf(
  runtime: string,
  env: Env = processEnv,
  counts: Counts = isAlive,
): Promise<DaemonRecord | undefined> {
  checkMachineDir(env);
  const record = readRecord(instancePaths(runtime, env).record);
  return record && await counts(record) ? record : undefined;
}

/** All living daemons of this user on this machine, the heads' first. */
export async function allRecords(
  env: Env = processEnv,
  counts: Counts = isAlive,
): Promise<DaemonRecord[]> {
  const folder = checkMachineDir(env);
  const records: DaemonRecord[] = [];
  for (const path of recordPaths(folder)) {
    const record = readRecord(path);
    if (record && await counts(record)) records.push(record);
  }
  return records.sort((a, b) =>
    Number(b.is_head) - Number(a.is_head) || a.socket.localeCompare(b.socket)
  );
}

function sharedFolder(env: Env): string {
  return join(env("BEAM_SHARED_DIR") || "/run/beam", "beam");
}

/** The group whose members may use a daemon of this machine, where this user is none of them. */
export function closedGroup(env: Env = processEnv): number | undefined {
  try {
    const { isDirectory, mode, uid, gid } = Deno.lstatSync(sharedFolder(env));
    const isShared = isDirectory && ((mode ?? 0) & 0o077) === 0o050 && uid !== Deno.uid();
    return isShared && gid !== null && !ownGroups().has(gid) ? gid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Living daemons of other users who share them with a group of ours, in the one place that is looked at:
 * `/run/beam`, which only root can make, or BEAM_SHARED_DIR.
 */
export async function sharedRecords(env: Env = processEnv): Promise<DaemonRecord[]> {
  const folder = sharedFolder(env);
  if (folder === machineDir(env) || sharedBy(folder) === undefined) return [];
  const records: DaemonRecord[] = [];
  for (const path of recordPaths(folder)) {
    const owner = sharedBy(dirname(path));
    const record = owner === undefined ? undefined : readRecord(path, owner);
    if (record && await isAlive(record)) records.push(record);
  }
  return records.sort((a, b) => a.socket.localeCompare(b.socket));
}

/**
 * The machine directory, which need not be there.
 * @throws {Trouble} where it is and others can reach into it: what is in it might be anybody's.
 */
function checkMachineDir(env: Env): string {
  const dir = machineDir(env);
  try {
    checkPrivate(
      dir,
      "machine_dir",
      "Remove it, or set XDG_RUNTIME_DIR to a directory of your own.",
      0o050, // a group may look, where a daemon serves one
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return dir;
}

/** Instance folders: those of runtime directories, and of clusters that drivers started for themselves. */
function recordPaths(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter((entry) => entry.isDirectory && /^[0-9a-f]{8}$/.test(entry.name))
      .map((entry) => instancePathsIn(join(folder, entry.name)).record);
  } catch {
    return [];
  }
}

/** True where `address` ("host:port") names the head of the record's cluster, as seen from this machine. */
export function servesAddress(record: DaemonRecord, address: string): boolean {
  if (record.head_address === address || record.head_aliases.includes(address)) return true;
  if (!record.is_head) return false;
  const [host, port] = splitHost(address);
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.") ||
    record.aliases.includes(host);
  return isLocal && splitHost(record.head_address)[1] === port;
}

function splitHost(address: string): [host: string, port: string] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at).replace(/^\[|\]$/g, ""), address.slice(at + 1)];
}

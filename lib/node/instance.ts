/**
 * This daemon's hold on its runtime directory: one daemon per directory. What an ended one left in
 * the instance folder is cleared away.
 */
import { dirname } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { checkReachable, DIRECTORY, giveToGroup } from "../runtime/group_access.ts";
import { ensureInstanceDir, ensureRuntimeDir, type InstancePaths } from "../runtime/paths.ts";
import { isRunning, readRecord } from "../runtime/records.ts";
import { removeQuietly } from "../runtime/whole_file.ts";
import type { Libc } from "./libc.ts";

/** How often what is in the instance folder is made young, in milliseconds. */
const RENEWAL = 12 * 3600_000;

/** See {@link holdInstance}. */
export interface Instance extends Disposable {
  /** The runtime directory, links resolved. */
  runtime: string;
  paths: InstancePaths;
  /** The node of a daemon that ended here without a word: its place is this one's now. */
  replaces: string | undefined;
}

/**
 * Takes the runtime directory for this process.
 * @param group whose members may use the daemon; absent: this user alone
 * @throws {Trouble} where another daemon has it, or where it cannot be used.
 */
export function holdInstance(
  runtime_dir: string,
  libc: Libc | undefined,
  group?: number,
): Instance {
  const runtime = ensureRuntimeDir(runtime_dir).dir;
  const paths = ensureInstanceDir(runtime);
  const record = readRecord(paths.record);
  const lock = libc?.lock(paths.lock);
  if ((libc && !lock) || (record && record.pid !== Deno.pid && isRunning(record))) {
    lock?.[Symbol.dispose]();
    throw taken(runtime, paths, record);
  }
  removeQuietly(paths.record);
  clear(paths.workers);
  clear(paths.sockets);
  admit(group, runtime, paths);
  const timer = setInterval(() => renew(paths), RENEWAL);
  Deno.unrefTimer(timer);
  return {
    runtime,
    paths,
    replaces: record?.node_id,
    [Symbol.dispose]() {
      clearInterval(timer);
      // While the lock is held; who waits for it looks whether its file is still the one.
      try {
        Deno.removeSync(paths.dir, { recursive: true });
      } catch { /* somebody removed it before */ }
      lock?.[Symbol.dispose]();
    },
  };
}

/** Lets the group in as far as a driver needs it, or nobody, whatever a former daemon did. */
function admit(group: number | undefined, runtime: string, paths: InstancePaths): void {
  if (group === undefined) {
    for (const dir of [runtime, paths.dir, paths.workers, paths.sockets]) {
      if (((Deno.statSync(dir).mode ?? 0) & 0o077) !== 0) Deno.chmodSync(dir, 0o700);
    }
    return;
  }
  const machine = dirname(paths.dir);
  checkReachable(runtime, group, "Set BEAM_RUNTIME_DIR to a directory such as /var/lib/beam.");
  checkReachable(machine, group, "Set XDG_RUNTIME_DIR to a directory such as /run/beam.");
  giveToGroup(runtime, group, DIRECTORY.pass); // values that do not fit into memory lie below it
  giveToGroup(machine, group, DIRECTORY.look);
  giveToGroup(paths.dir, group, DIRECTORY.look);
  giveToGroup(paths.workers, group, DIRECTORY.look);
  giveToGroup(paths.sockets, group, DIRECTORY.add);
}

function taken(
  runtime: string,
  paths: InstancePaths,
  record: { pid: number; node_ip: string; is_head: boolean } | undefined,
): Trouble {
  const who = record
    ? `process ${record.pid} (${record.is_head ? "head" : "node"} ${record.node_ip}) serves it`
    : "another daemon is starting in it";
  return new Trouble(
    `Cannot start a node in the runtime directory ${runtime}: ${who} already`,
    record
      ? "End that one with `beam down`, or set BEAM_RUNTIME_DIR to another directory."
      : `Wait for that one; where it has long started and its record was removed, \`fuser -k -TERM ${paths.lock}\` ` +
        "ends it.",
    { code: "instance_taken" },
  );
}

/** systemd removes from /tmp what nobody touched for ten days: a node lives longer. */
export function renew({ dir, record, lock, workers, sockets }: InstancePaths): void {
  const now = new Date();
  for (const path of [record, lock, ...pathsIn(workers), workers, sockets, dir]) {
    try {
      Deno.utimeSync(path, now, now);
    } catch { /* it is gone */ }
  }
}

function pathsIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  } catch {
    return []; // it is not there
  }
}

function clear(folder: string): void {
  for (const path of pathsIn(folder)) removeQuietly(path);
}

/**
 * This daemon's hold on its runtime directory: one daemon per directory. What an ended one left in
 * the instance folder is cleared away.
 */
import { Trouble } from "../runtime/errors.ts";
import { ensureInstanceDir, ensureRuntimeDir, type InstancePaths } from "../runtime/paths.ts";
import { isRunning, readRecord } from "../runtime/records.ts";
import { removeQuietly } from "../runtime/whole_file.ts";
import type { Libc } from "./libc.ts";

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
 * @throws {Trouble} where another daemon has it, or where it cannot be used.
 */
export function holdInstance(runtime_dir: string, libc: Libc | undefined): Instance {
  const runtime = ensureRuntimeDir(runtime_dir).dir;
  const paths = ensureInstanceDir(runtime);
  const record = readRecord(paths.record);
  const lock = libc?.lock(paths.lock);
  if ((libc && !lock) || (record && record.pid !== Deno.pid && isRunning(record))) {
    lock?.[Symbol.dispose]();
    throw taken(runtime, record);
  }
  removeQuietly(paths.record);
  clear(paths.workers);
  clear(paths.sockets);
  return {
    runtime,
    paths,
    replaces: record?.node_id,
    [Symbol.dispose]() {
      // While the lock is held; who waits for it looks whether its file is still the one.
      try {
        Deno.removeSync(paths.dir, { recursive: true });
      } catch { /* somebody removed it before */ }
      lock?.[Symbol.dispose]();
    },
  };
}

function taken(
  runtime: string,
  record: { pid: number; node_ip: string; is_head: boolean } | undefined,
): Trouble {
  const who = record
    ? `process ${record.pid} (${record.is_head ? "head" : "node"} ${record.node_ip}) serves it`
    : "another daemon is starting in it";
  return new Trouble(
    `Cannot start a node in the runtime directory ${runtime}: ${who} already`,
    "End that one with `beam down`, or set BEAM_RUNTIME_DIR to another directory.",
    { code: "instance_taken" },
  );
}

function clear(folder: string): void {
  try {
    for (const { name } of Deno.readDirSync(folder)) removeQuietly(`${folder}/${name}`);
  } catch { /* it is not there */ }
}

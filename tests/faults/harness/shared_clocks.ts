/** What libfaketime leaves in shared memory of each process that did not end by itself. */
import { isRunning } from "../../e2e/harness/processes.ts";

/** Removes it, of processes that are gone. */
export function removeSharedClocks(): void {
  for (const { name } of Deno.readDirSync("/dev/shm")) {
    const pid = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) Deno.removeSync(`/dev/shm/${name}`);
  }
}

/**
 * Has a worker write the Python stacks of its threads without its interpreter: `faulthandler` writes them from
 * the handler of a signal into a file in memory, which this reads. `ray._worker.process` is the other side.
 */
import { readlinkSync } from "node:fs";

/** A real-time signal that nothing else uses; `ray._worker.process` has the same number. */
export const STACKS_SIGNAL = 60;
/** The name of the file in memory. */
const MEMORY_FILE = "/memfd:beam-stacks";
/** How long the writing may take, in milliseconds. */
const PATIENCE = 2000;
const LOOK_MS = 20;
/** Nothing more has come for so many looks: it is whole. */
const QUIET_LOOKS = 3;
/** What is read of it. */
const MOST_BYTES = 2 ** 20;

/**
 * The stacks, or undefined where the process does not offer them: to others the signal is never sent, for
 * who does not handle it ends by it.
 */
export async function stacksBySignal(
  pid: number,
  signal: (pid: number, number: number) => boolean,
): Promise<string | undefined> {
  const path = memoryFileOf(pid);
  if (path === undefined || !handles(pid, STACKS_SIGNAL)) return undefined;
  const before = sizeOf(path);
  if (!signal(pid, STACKS_SIGNAL)) return undefined;
  let last = before;
  let quiet = 0;
  for (let waited = 0; waited < PATIENCE && quiet < QUIET_LOOKS; waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const size = sizeOf(path);
    quiet = size > before && size === last ? quiet + 1 : 0;
    last = size;
  }
  return last > before ? readFrom(path, before) : undefined;
}

/** The file in memory as /proc has it. */
function memoryFileOf(pid: number): string | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (linkAt(`${folder}/${name}`).startsWith(MEMORY_FILE)) return `${folder}/${name}`;
    }
  } catch { /* it has ended, or is another user's */ }
  return undefined;
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** True where the process has a handler for the signal. */
function handles(pid: number, number: number): boolean {
  try {
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
    return caught !== null && (BigInt(`0x${caught[1]}`) >> BigInt(number - 1) & 1n) === 1n;
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

function readFrom(path: string, offset: number): string | undefined {
  try {
    using file = Deno.openSync(path);
    file.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(MOST_BYTES);
    let at = 0;
    while (at < bytes.length) {
      const count = file.readSync(bytes.subarray(at));
      if (count === null) break;
      at += count;
    }
    return new TextDecoder().decode(bytes.subarray(0, at));
  } catch {
    return undefined; // it has ended
  }
}

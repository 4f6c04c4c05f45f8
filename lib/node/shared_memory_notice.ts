/** Telling who begins to work here that shared memory is full: programs end of it without a word. */
import type { Message } from "../wire/messages.ts";
import { spaceOf } from "./machine_readings.ts";
import { SHARED_MEMORY } from "./object_plane.ts";

/** Less is as good as nothing, in bytes. */
const LEAST = 1024 * 1024;

/** The warning, or undefined where there is room. */
export function sharedMemoryNotice(space = spaceOf): Message<"warn"> | undefined {
  const memory = space(SHARED_MEMORY);
  if (memory === undefined || memory.total - memory.used >= LEAST) return undefined;
  const text =
    `${SHARED_MEMORY} on this machine is full: programs that share memory, as vLLM's engine ` +
    "does, end by SIGBUS there, without a word. `ls -lS /dev/shm | head` shows what lies there; what " +
    "ended programs left (`psm_…`, `sem.…`) may be removed.";
  return { kind: "warn", code: "shared_memory", text };
}

/** Ends nodes of this machine: asks their daemons, waits until they are gone. */
import { RequestFailed } from "../wire/errors.ts";
import { Trouble } from "../runtime/errors.ts";
import { type DaemonRecord, isRunning } from "../runtime/records.ts";
import { linkTo } from "./daemon_choice.ts";
import { saying } from "./patience.ts";

/** How long a daemon may take to end its workers and itself, in milliseconds. */
const END_TIMEOUT = 20_000;
/** How often a daemon that was asked is looked at, in milliseconds. */
const LOOK_INTERVAL = 20;

/** What became of a node. */
export interface EndedNode {
  record: DaemonRecord;
  /** Processes that it ended, where it could still tell. */
  workers: number | undefined;
  /** True where its daemon had to be killed. */
  killed: boolean;
}

/**
 * Ends one node. With `force` a daemon that does not answer or does not end is killed, and its
 * workers go with it.
 * @throws {Trouble} where it has not ended in time.
 */
export async function endNode(
  record: DaemonRecord,
  options: { force: boolean; timeout?: number },
): Promise<EndedNode> {
  const { force, timeout = force ? END_TIMEOUT / 4 : END_TIMEOUT } = options;
  const deadline = Date.now() + timeout;
  const text =
    `Waiting for the node ${record.node_ip} (pid ${record.pid}) to end its workers and itself.`;
  const { workers, gone } = await saying(text, async () => {
    const workers = await askToStop(record, force, timeout);
    return { workers, gone: await isGone(record, deadline) };
  });
  if (gone) return { record, workers, killed: false };
  if (!force) {
    throw new Trouble(
      `Cannot end the node ${record.node_ip} (pid ${record.pid}): it still runs after ${
        timeout / 1000
      } s`,
      "Kill it with `beam down --force`.",
      { code: "timeout" },
    );
  }
  if (isRunning(record)) Deno.kill(record.pid, "SIGKILL");
  if (await isGone(record, Date.now() + END_TIMEOUT / 4)) return { record, workers, killed: true };
  throw new Trouble(
    `Cannot end the node ${record.node_ip}: its process ${record.pid} survives SIGKILL`,
    "It waits inside the kernel, for a device or a file server; look at `ps -o wchan= -p " +
      `${record.pid}\`.`,
  );
}

async function askToStop(
  record: DaemonRecord,
  force: boolean,
  timeout: number,
): Promise<number | undefined> {
  const signal = AbortSignal.timeout(timeout);
  try {
    const link = await linkTo({ socket: record.socket });
    try {
      const { fields } = await link.request<"daemon.stop">(
        { kind: "daemon.stop", force },
        { signal },
      );
      return fields.workers;
    } finally {
      link.close();
    }
  } catch (error) {
    // A daemon that ends may be quicker than its answer; whether it did is looked at next.
    if (error instanceof RequestFailed && !force) throw error;
    // Its socket is gone, with somebody who cleared up: a signal asks for the same.
    if (error instanceof Trouble && error.code === "none") terminate(record);
    return undefined;
  }
}

function terminate(record: DaemonRecord): void {
  try {
    if (isRunning(record)) Deno.kill(record.pid, "SIGTERM");
  } catch { /* it has ended just now */ }
}

async function isGone(record: DaemonRecord, deadline: number): Promise<boolean> {
  while (isRunning(record)) {
    if (Date.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
  }
  return true;
}

/** Nodes in the order in which they are to end: heads last, so that the others can say goodbye. */
export function endingOrder(records: readonly DaemonRecord[]): DaemonRecord[] {
  return [...records].sort((a, b) => Number(a.is_head) - Number(b.is_head));
}

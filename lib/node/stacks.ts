/**
 * What this node's processes are doing, for who looks at one that seems stuck. The Python stacks are
 * py-spy's where it is installed (it sees native frames, and needs nothing of the process), else the
 * process is asked, whose I/O thread answers while a method runs. Where that does not answer, a library
 * holds the interpreter: then a signal has a worker write them, which needs no interpreter. Of a process
 * that was stopped what the kernel says of its threads is all there is.
 */
import { fieldsOf, type Link, type Received } from "../wire/link.ts";
import type { Client } from "./client.ts";
import { withDeadline } from "./deadline.ts";
import { textOf } from "./order.ts";
import { statOf } from "./proc.ts";
import { stacksBySignal } from "./stack_signal.ts";
import type { Worker } from "./worker.ts";

/** How long a process may take to answer, in milliseconds. */
const ANSWER_PATIENCE = 3000;
/** How long py-spy may take. */
const SPY_PATIENCE = 10_000;
/** Threads shown of one process. */
const MOST_THREADS = 200;

/** Where a thread is in the kernel. */
export interface ThreadView {
  tid: number;
  name: string;
  /** One letter: R runs, S sleeps, D waits for a device. */
  state: string;
  /** The kernel's function that it waits in; empty where the kernel does not say. */
  waits_in: string;
}

/** One process. */
export interface ProcessStacks {
  pid: number;
  kind: "worker" | "driver";
  /** In words. */
  who: string;
  actor_id?: string;
  job_id: string;
  /** Its Python stacks; absent where nobody could tell them. */
  python?: string;
  /** Who told them. */
  told_by?: "py-spy" | "process" | "signal";
  /** Why they are absent. */
  fault?: string;
  threads: ThreadView[];
}

/** The answer to `node.stacks`. */
export interface NodeStacks {
  processes: ProcessStacks[];
  /** What the daemon itself has under way. */
  daemon: {
    pid: number;
    memory_bytes: number;
    connected: boolean;
    clients: number;
    /** Requests to the head that are not answered yet. */
    asking_head: number;
    workers: { who: string; pid: number; state: string; lending: string; started_at: number }[];
  };
}

/** What the answers need of the node. */
export interface StacksHost {
  workers(): readonly Worker[];
  clients(): Iterable<Client>;
  drivers(): readonly { job_id: string; client: Client; facts: { pid: number } }[];
  connected(): boolean;
  askingHead(): number;
  /** Where py-spy is looked for. */
  path: string;
  /** Sends a signal by its number; absent where that cannot be. */
  signal?: ((pid: number, number: number) => boolean) | undefined;
}

/** What is to be looked at; all where nothing is named. */
export interface Wanted {
  pid?: number | null | undefined;
  actor_id?: string | null | undefined;
}

/** See the top of this file. */
export class Stacks {
  constructor(readonly host: StacksHost) {}

  /** Answers `node.stacks`; never rejects. */
  async answer(received: Received, link: Link): Promise<void> {
    try {
      const found = await this.look(fieldsOf(received, "node.stacks"));
      const body = new TextEncoder().encode(JSON.stringify(found));
      link.reply(received, "node.stacks", { count: found.processes.length }, body);
    } catch (error) {
      link.refuse(received, error);
    }
  }

  /** Looks at all that are wanted at once. */
  async look(wanted: Wanted): Promise<NodeStacks> {
    const spy = findProgram("py-spy", this.host.path);
    const processes = await Promise.all(
      this.#processes(wanted).map(async ({ link, ...view }) => ({
        ...view,
        ...await this.#pythonOf(view.pid, link, spy),
        threads: threadsOf(view.pid),
      })),
    );
    return { processes, daemon: this.#daemon() };
  }

  #processes({ pid, actor_id }: Wanted) {
    const workers = this.host.workers().filter((worker) => worker.pid > 0).map((worker) => ({
      pid: worker.pid,
      kind: "worker" as const,
      who: textOf(worker.order),
      actor_id: worker.actor_id,
      job_id: worker.order.job.job_id,
      link: worker.link,
    }));
    const drivers = this.host.drivers().map(({ job_id, client, facts }) => ({
      pid: facts.pid,
      kind: "driver" as const,
      who: `driver of job ${job_id}`,
      job_id,
      link: client.link as Link | undefined,
    }));
    return [...workers, ...drivers].filter((one) =>
      (typeof pid !== "number" || one.pid === pid) &&
      (typeof actor_id !== "string" || ("actor_id" in one && one.actor_id === actor_id))
    );
  }

  async #pythonOf(pid: number, link: Link | undefined, spy: string | undefined): Promise<Python> {
    if (spy !== undefined) {
      const told = await spied(spy, pid);
      if (told !== undefined) return { python: told, told_by: "py-spy" };
    }
    if (!link || link.isClosed) return { fault: "it is not connected to its daemon" };
    try {
      const { fields } = await withDeadline(
        ANSWER_PATIENCE,
        (signal) => link.request({ kind: "process.stacks" }, { signal }),
      );
      return { python: fields.text, told_by: "process" };
    } catch (error) {
      if (link.isClosed) return { fault: (error as Error).message };
      const { signal } = this.host;
      const told = signal && await stacksBySignal(pid, signal);
      if (told !== undefined) return { python: told, told_by: "signal" };
      return {
        fault:
          `it has not answered within ${ANSWER_PATIENCE / 1000} s: it was stopped, or a library ` +
          "holds the interpreter. Install py-spy on that machine to see more",
      };
    }
  }

  #daemon(): NodeStacks["daemon"] {
    return {
      pid: Deno.pid,
      memory_bytes: Deno.memoryUsage().rss,
      connected: this.host.connected(),
      clients: [...this.host.clients()].length,
      asking_head: this.host.askingHead(),
      workers: this.host.workers().map(({ order, pid, state, lending, started_at }) => ({
        who: textOf(order),
        pid,
        state,
        lending,
        started_at,
      })),
    };
  }
}

type Python = Pick<ProcessStacks, "python" | "told_by" | "fault">;

/** What py-spy says; undefined where it cannot, as where it may not trace processes. */
async function spied(spy: string, pid: number): Promise<string | undefined> {
  try {
    const { code, stdout } = await new Deno.Command(spy, {
      args: ["dump", "--pid", String(pid)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(SPY_PATIENCE),
    }).output();
    return code === 0 ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(":")) {
    if (folder === "") continue;
    try {
      const info = Deno.statSync(`${folder}/${name}`);
      if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return `${folder}/${name}`;
    } catch { /* not here */ }
  }
  return undefined;
}

/** The threads of a process; empty where there is no /proc. */
function threadsOf(pid: number): ThreadView[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  } catch {
    return [];
  }
  return names.slice(0, MOST_THREADS).map((tid) => ({
    tid: Number(tid),
    name: textOfFile(`/proc/${pid}/task/${tid}/comm`),
    state: statOf(Number(tid))?.state ?? "?",
    waits_in: textOfFile(`/proc/${pid}/task/${tid}/wchan`).replace(/^0$/, ""),
  }));
}

function textOfFile(path: string): string {
  try {
    return Deno.readTextFileSync(path).trimEnd();
  } catch {
    return "";
  }
}

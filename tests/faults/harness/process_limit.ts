/**
 * A limit of processes that can be reached at will: a control group's for root, whom the kernel holds to
 * no other, and for another user the soft one of each process.
 */
import { join } from "node:path";

const CGROUP = "/sys/fs/cgroup";

/** See the top of this file. */
export interface ProcessLimit extends Disposable {
  /** What stands before a command that is to be under it. */
  via: string[];
  /** None of these may make another process from now on. */
  reach(pids: number[]): void;
  /** They may again. */
  lift(): void;
}

/** A limit, or why there can be none here. */
export function processLimit(): ProcessLimit | string {
  return Deno.uid() === 0 ? ofGroup() : ofEach();
}

function ofGroup(): ProcessLimit | string {
  for (const parent of [join(CGROUP, "pids"), CGROUP]) {
    const group = join(parent, `beam-test-${crypto.randomUUID().slice(0, 8)}`);
    const max = join(group, "pids.max");
    try {
      Deno.mkdirSync(group);
    } catch {
      continue;
    }
    try {
      const set = (text: string) => Deno.writeTextFileSync(max, text, { create: false });
      set("max");
      return {
        via: ["sh", "-c", `echo $$ > ${group}/cgroup.procs && exec "$@"`, "sh"],
        reach: () => set("1"),
        lift: () => set("max"),
        [Symbol.dispose]: () => Deno.removeSync(group),
      };
    } catch {
      Deno.removeSync(group);
    }
  }
  return "root is held to a control group's limit only, and none can be made";
}

function ofEach(): ProcessLimit {
  let reached: number[] = [];
  const set = (pid: number, soft: string) => {
    const { success } = new Deno.Command("prlimit", {
      args: ["--pid", `${pid}`, `--nproc=${soft}:`],
    }).outputSync();
    if (!success) throw new Error(`prlimit cannot set the limit of ${pid}`);
  };
  const hard = (pid: number) =>
    /^Max processes\s+\S+\s+(\S+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/limits`))![1]!;
  const lift = () => reached.splice(0).forEach((pid) => set(pid, hard(pid)));
  return {
    via: [],
    reach: (pids) => (reached = pids).forEach((pid) => set(pid, "1")),
    lift,
    [Symbol.dispose]: () => {},
  };
}

/**
 * Which limit it is that lets no more processes be made: the kernel's answer is the same for all,
 * "Resource temporarily unavailable", and each is raised in another place. Threads count as processes.
 */
import { groupFolders } from "./cgroup.ts";
import { type ReadText, readText } from "./read_text.ts";

/** What is to be said where a process could not be made. */
export interface ProcessLimit {
  /** A clause that follows "…: ". */
  text: string;
  /** One sentence that says what to do. */
  mend: string;
}

/** A limit that has no more room than this counts as reached: some may have ended since. */
const SLACK = 16;
const OTHERWISE = ", or run fewer workers there.";

/** True for what the system answers where a limit of processes is reached. */
export function isProcessLimit(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === "EAGAIN" || /os error 11\b|\bEAGAIN\b|Errno 11\b/.test(message ?? "");
}

/** The limit that is reached, or, where none is seen to be, all that may be. */
export function processLimit(
  read: ReadText = readText,
  uid: number | null = Deno.uid(),
): ProcessLimit {
  return groupLimit(read) ?? machineLimit(read) ?? userLimit(read, uid) ?? {
    text: "no more processes or threads may be made",
    mend:
      "Raise `ulimit -u`, the `pids.max` of the container or `sysctl kernel.threads-max` on that " +
      "machine" + OTHERWISE,
  };
}

/** The control group's, or that of one above it. */
function groupLimit(read: ReadText): ProcessLimit | undefined {
  for (const folder of groupFolders(read("/proc/self/cgroup") ?? "", "pids")) {
    const max = numberIn(read(`${folder}/pids.max`));
    const current = numberIn(read(`${folder}/pids.current`));
    if (max === undefined || current === undefined || max - current >= SLACK) continue;
    return {
      text: `the control group may have ${max} processes and threads, and has ${current} ` +
        `(${folder}/pids.max)`,
      mend: "Raise it (docker and podman: --pids-limit, Kubernetes: the kubelet's podPidsLimit, " +
        "systemd: TasksMax)" + OTHERWISE,
    };
  }
  return undefined;
}

function machineLimit(read: ReadText): ProcessLimit | undefined {
  const there = Number(/\/(\d+) /.exec(read("/proc/loadavg") ?? "")?.[1] ?? NaN);
  for (const name of ["threads-max", "pid_max"]) {
    const max = numberIn(read(`/proc/sys/kernel/${name}`));
    if (max === undefined || !(max - there < SLACK)) continue;
    return {
      text: `the machine may have ${max} processes and threads, and has ${there}`,
      mend: `Raise it with \`sysctl kernel.${name}\`` + OTHERWISE,
    };
  }
  return undefined;
}

/** The kernel does not hold root to it, and counts what /proc may not show here. */
function userLimit(read: ReadText, uid: number | null): ProcessLimit | undefined {
  const max = /^Max processes\s+(\d+)/m.exec(read("/proc/self/limits") ?? "")?.[1];
  if (max === undefined || uid === 0) return undefined;
  return {
    text: `its user may have ${max} processes and threads (\`ulimit -u\`)`,
    mend:
      "Raise it with `ulimit -u` where the node is started (systemd: LimitNPROC, docker: --ulimit " +
      "nproc), end processes of that user" + OTHERWISE,
  };
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}

/** Limits of container and user that workers run into. */
import { type Check, type Finding, finding } from "../check.ts";
import { containerLine, limitLine } from "../mends.ts";
import { countText, sizeText } from "../words.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** One queue of vLLM's messages between its processes, in bytes. */
const VLLM_QUEUE = 240 * MIB;
/** Room that one worker's NCCL and queues take at most, in bytes. */
const PER_GPU = 256 * MIB;
/** Fewer are used up by one vLLM with its clients. */
const FEW_FILES = 1024;
const PLENTY_FILES = 65_536;
/** Threads that one worker with its libraries starts, beside one per CPU. */
const THREADS = 200;
/** Memory of a worker without its weights, in bytes. */
const PER_WORKER = 4 * GIB;

export const sharedMemory: Check = {
  code: "BD010",
  name: "shared-memory",
  severity: "error",
  tells: "/dev/shm is missing, too small for vLLM, or nearly full",
  explain:
    "Processes of one machine exchange large values through /dev/shm: vLLM's message queues (240 MiB " +
    "each), NCCL between GPUs without peer access, PyTorch's data loaders, and beam's object store. " +
    "Docker gives a container 64 MB. Too little shows as `No space left on device`, or as SIGBUS, which " +
    "leaves no message at all. `df -h /dev/shm` shows it.",
  run({ shm, gpus, platform, node }) {
    const more = platform.container !== null
      ? containerLine(platform, {
        docker: "--shm-size=16g",
        kubernetes:
          "Mount memory there: a volume `emptyDir: {medium: Memory, sizeLimit: 16Gi}` at /dev/shm.",
      })
      : "`sudo mount -o remount,size=50% /dev/shm`, in /etc/fstab to keep it.";
    if (shm === null || shm.size === null || shm.free === null) {
      return [finding(sharedMemory, "error", {
        seen: "There is no /dev/shm.",
        breaks: "vLLM with more than one GPU cannot start, and large values go over the disk.",
        mend: platform.container === null
          ? "`sudo mount -t tmpfs -o size=50% tmpfs /dev/shm`."
          : more,
      })];
    }
    const wanted = VLLM_QUEUE + PER_GPU * Math.max(1, gpus.devices.length, node?.gpus ?? 0);
    if (shm.size < wanted) {
      return [finding(sharedMemory, shm.size < VLLM_QUEUE ? "error" : "warning", {
        seen: `/dev/shm has ${sizeText(shm.size)}.`,
        breaks: `One message queue of vLLM takes ${sizeText(VLLM_QUEUE)}: it fails with ` +
          "`No space left on device` or ends by SIGBUS as soon as there are two GPUs.",
        mend: more,
      })];
    }
    if (shm.free < Math.min(wanted, shm.size / 10)) {
      return [finding(sharedMemory, "warning", {
        seen: `/dev/shm has ${sizeText(shm.free)} of ${sizeText(shm.size)} left.`,
        breaks: "The next vLLM fails with `No space left on device` or ends by SIGBUS.",
        mend:
          "`ls -lS /dev/shm | head` shows what lies there; what ended programs left (`psm_…`, `sem.…`) " +
          "may be removed.",
      })];
    }
    return [];
  },
};

export const openFiles: Check = {
  code: "BD011",
  name: "open-files",
  severity: "warning",
  tells: "the limit of open files is low",
  explain:
    "Every client, request and connection is an open file. A daemon at its limit refuses the next program " +
    'with "Cannot take another program"; vLLM raises its own limit as far as the hard one allows. ' +
    "`ulimit -n` shows the limit, `ulimit -Hn` the hard one; workers inherit that of `beam up`.",
  run({ limits: { open_files: limit }, platform }) {
    if (limit === null || limit.soft === null || limit.soft >= 2 * FEW_FILES) return [];
    const low = limit.soft < FEW_FILES;
    return [finding(openFiles, low ? "warning" : "info", {
      seen: `${limit.soft} files may be open at once (hard limit ${limit.hard ?? "none"}).`,
      breaks: low
        ? "One vLLM with its clients uses them up: `Too many open files`."
        : "Enough for a vLLM; hundreds of actors or clients on one node use them up.",
      mend: limitLine(platform, {
        ulimit: `ulimit -n ${PLENTY_FILES}`,
        docker: `nofile=${PLENTY_FILES}:${PLENTY_FILES}`,
        systemd: `LimitNOFILE=${PLENTY_FILES}`,
        pam: `nofile ${PLENTY_FILES}`,
      }),
    })];
  },
};

export const processLimit: Check = {
  code: "BD012",
  name: "process-limit",
  severity: "warning",
  tells: "few processes and threads are left to start, by ulimit or by the control group",
  explain:
    "Threads count as processes: one vLLM worker has some hundreds, and math libraries start one per CPU. " +
    "Podman and many Kubernetes clusters allow a container 1024 to 4096. It fails with `can't start new " +
    "thread`, `Resource temporarily unavailable` or `pthread_create failed`. `ulimit -u` and " +
    "`cat /sys/fs/cgroup/pids.max` show the limits.",
  run({ limits, platform, gpus, cpus, node }) {
    const workers = Math.max(1, gpus.devices.length, node?.gpus ?? 0);
    const wanted = workers * (THREADS + cpus.online) + 500;
    const found: Finding[] = [];
    const breaks = `A worker per GPU takes about ${wanted} together: \`can't start new thread\`.`;
    const group = limits.cgroup_pids;
    if (group !== null && group.max !== null && group.max - (group.current ?? 0) < wanted) {
      found.push(finding(processLimit, "warning", {
        seen: `The control group allows ${group.max} processes and threads${
          group.current === null ? "" : `, ${group.current} of them are there`
        }.`,
        breaks,
        mend: platform.container === null
          ? "`TasksMax=infinity` in the systemd unit or slice that beam is started in."
          : containerLine(platform, {
            docker: "--pids-limit=-1",
            kubernetes: "Raise `podPidsLimit` in the kubelet's configuration.",
          }),
      }));
    }
    const user = limits.processes;
    if (platform.uid !== 0 && user !== null && user.soft !== null && user.soft < wanted) {
      found.push(finding(processLimit, "warning", {
        seen: `This user may have ${user.soft} processes and threads.`,
        breaks,
        mend: limitLine(platform, {
          ulimit: "ulimit -u unlimited",
          docker: "nproc=-1",
          systemd: "LimitNPROC=infinity",
          pam: "nproc unlimited",
        }),
      }));
    }
    return found;
  },
};

export const memoryLimit: Check = {
  code: "BD013",
  name: "memory-limit",
  severity: "warning",
  tells: "the control group has much less memory than the machine, or hardly any left",
  explain:
    "A process that passes the control group's limit is killed by the kernel without a word of its own. " +
    "`cat /sys/fs/cgroup/memory.max` shows the limit; beam's death reports name such kills.",
  run({ memory: { total, cgroup_limit: limit, cgroup_used: used }, gpus, node, platform }) {
    if (limit === null || total === null || limit >= total) return [];
    const workers = Math.max(1, gpus.devices.length, node?.gpus ?? 0);
    const left = limit - (used ?? 0);
    const tight = gpus.devices.length > 0 && limit < workers * PER_WORKER;
    const full = left < limit / 20;
    return [finding(memoryLimit, tight || full ? "warning" : "info", {
      seen: `The control group has ${sizeText(limit)} of the machine's ${sizeText(total)}${
        full ? `, of which ${sizeText(Math.max(0, left))} are left` : ""
      }.`,
      breaks: tight || full
        ? "Loading a model goes past it, and the kernel kills the worker without a message."
        : "Nothing by itself: it is what beam counts as this node's memory.",
      mend: containerLine(platform, {
        docker: `--memory=${Math.ceil(workers * 2 * PER_WORKER / GIB)}g`,
        kubernetes: "Raise `resources.limits.memory` of the container.",
      }),
    })];
  },
};

export const cpuLimit: Check = {
  code: "BD014",
  name: "cpu-limit",
  severity: "warning",
  tells: "there are fewer CPUs than GPU workers need",
  explain:
    "Each GPU's worker keeps one CPU busy to feed its GPU, and vLLM's engine and its server one each: with " +
    "fewer CPUs the GPUs wait. `nproc` shows how many this process may use, `cat /sys/fs/cgroup/cpu.max` " +
    "the time it may take (microseconds per period).",
  run({ cpus, gpus, node, platform }) {
    const workers = Math.max(gpus.devices.length, node?.gpus ?? 0);
    const usable = Math.min(cpus.online, cpus.allowed ?? Infinity, cpus.quota ?? Infinity);
    if (usable >= cpus.online && (workers === 0 || usable >= workers + 2)) return [];
    const few = workers > 0 && usable < workers + 2;
    const shown = Number.isInteger(usable) ? `${usable}` : usable.toFixed(1);
    return [finding(cpuLimit, few ? "warning" : "info", {
      seen: `${shown} of ${cpus.online} CPUs may be used here${
        workers === 0 ? "" : `, for ${countText(workers, "GPU")}`
      }.`,
      breaks: few
        ? "Workers, engine and server take turns, and the GPUs wait for them."
        : "Nothing by itself: it is what beam counts as this node's CPUs.",
      mend: usable >= cpus.online
        ? "Use a machine with more CPUs, or fewer of its GPUs (`beam up --num-gpus N`)."
        : containerLine(platform, {
          docker: `--cpus=${cpus.online} --cpuset-cpus=0-${cpus.online - 1}`,
          kubernetes: "Raise `resources.limits.cpu` of the container, or leave it out.",
        }),
    })];
  },
};

/** Causes of death that the last words of a worker give away, and what to do about each. */

/** What is known about a cause. */
export interface Cause {
  /** A clause that follows "…: ". */
  text: string;
  /** One sentence that says what to do. */
  mend: string;
}

interface Pattern {
  match: RegExp;
  cause(match: RegExpMatchArray): Cause;
}

/** The most specific first. */
const PATTERNS: readonly Pattern[] = [
  {
    match: /CUDA out of memory|torch\.(?:cuda\.)?OutOfMemoryError|HIP out of memory/,
    cause: () => ({
      text: "the GPU ran out of memory",
      mend: "Give it less to hold (in vLLM a smaller --max-model-len or " +
        "--gpu-memory-utilization), or spread it over more GPUs.",
    }),
  },
  {
    match: new RegExp(
      "uncorrectable ECC error|illegal memory access|device-side assert|unspecified launch failure|" +
        "misaligned address|hardware error|Memory access fault by GPU",
    ),
    cause: ([what]) => ({
      text: `the GPU reported a fault (${what})`,
      mend:
        "`dmesg | grep -E 'Xid|amdgpu'` on that node tells a broken GPU from a faulty program; for " +
        "the latter CUDA_LAUNCH_BLOCKING=1 (AMD: AMD_SERIALIZE_KERNEL=3) shows which call it was.",
    }),
  },
  {
    match: /driver version is insufficient|no kernel image is available|CUDA driver .*mismatch/,
    cause: ([what]) => ({
      text: `its CUDA does not fit that node's GPU or driver (${what})`,
      mend:
        "Install packages built for that GPU and driver (`nvidia-smi` shows both), or a newer driver.",
    }),
  },
  {
    match: new RegExp(
      "No space left on device[^\\n]*/dev/shm|/dev/shm[^\\n]*No space left on device|" +
        "unable to (?:write to file|allocate shared memory|open shared memory object)[^\\n]*/torch_|" +
        "out of shared memory|posix_fallocate failed",
    ),
    cause: () => ({
      text: "/dev/shm is full",
      mend: "Make it larger (in a container --shm-size=10g or --ipc=host), or remove what " +
        "ended programs left there.",
    }),
  },
  {
    match: /No space left on device/,
    cause: () => ({
      text: "a disk or /dev/shm is full",
      mend: "Look with `df -h` on that node, and make room.",
    }),
  },
  {
    match: /ModuleNotFoundError: No module named '([^']+)'/,
    cause: ([, name]) => ({
      text: `its Python has no module ${name}`,
      mend: `Install ${name} for the interpreter that runs workers on that node, or set ` +
        "BEAM_WORKER_CMD there to one that has it.",
    }),
  },
  {
    match: /version [`'](GLIBC(?:XX)?_[\d.]+)' not found/,
    cause: ([, version]) => ({
      text: `a library needs ${version}, which that node's system lacks`,
      mend: "Use packages built for that system, or a container on every node.",
    }),
  },
  {
    match: /\.so[.\d]*(?=: cannot open shared object file)/,
    cause: (found) => {
      const library = /\S*$/.exec(before(found))![0] + found[0];
      return {
        text: `the library ${library} is missing`,
        mend:
          `Install what brings ${library} on that node, or name its folder in LD_LIBRARY_PATH where ` +
          "the node is started (`ldconfig -p` lists what is found).",
      };
    },
  },
  {
    match: /(?:Address already in use|EADDRINUSE|errno: 98\b)[^\n]{0,500}/,
    cause: (found) => {
      const line = /[^\n]*$/.exec(before(found))![0] + found[0];
      const port = line.match(/port[:= ]+(\d+)|[\]\d]:(\d{2,5})\b/);
      const number = port?.[1] ?? port?.[2];
      return {
        text: number ? `port ${number}, which it needed, is in use` : "a port it needed is in use",
        mend:
          "Look for what holds it with `ss -ltnp` on that node (often an earlier run), and end it.",
      };
    },
  },
  {
    match: /Too many open files/,
    cause: () => ({
      text: "it may not open more files",
      mend: "Raise the limit (`ulimit -n 65536`) where the node is started, and start it again.",
    }),
  },
  {
    match:
      /can't start new thread|pthread_create failed|Cannot fork|fork: .*temporarily unavailable/,
    cause: () => ({
      text: "it may not start more threads or processes",
      mend: "Raise the limit (`ulimit -u`, or pids of the container) where the node is started.",
    }),
  },
  {
    match: /MemoryError|Cannot allocate memory|DefaultCPUAllocator: can't allocate memory/,
    cause: () => ({
      text: "the machine's memory ran out",
      mend: "Give it less to hold, or raise the memory limit of that node's container.",
    }),
  },
  {
    match: /(?:PermissionError|\[Errno 13\])(?:[^\n]*'([^'\n]+)')?/,
    cause: ([, path]) => ({
      text: path ? `it may not use ${path}` : "it may not use a file that it needs",
      mend: "Give the user that runs the node access to it" +
        (path?.startsWith("/dev/") ? " (for GPUs: the groups `video` and `render`)." : "."),
    }),
  },
  {
    match: /ncclRemoteError|remote process exited/,
    cause: () => ({
      text: "a process that it worked with ended",
      mend: "Look for the one that ended first with `beam actors --dead`.",
    }),
  },
  {
    match: /ncclSystemError|ncclUnhandledCudaError|ncclInternalError|NCCL error/,
    cause: () => ({
      text: "NCCL failed",
      mend: "Set NCCL_DEBUG=INFO for its own words; often NCCL_SOCKET_IFNAME names the wrong " +
        "interface or a firewall is between the nodes.",
    }),
  },
];

/** What stands before it, as far as a name or a sentence may reach. */
function before({ index = 0, input = "" }: RegExpMatchArray): string {
  return input.slice(Math.max(0, index - 500), index);
}

/** What libraries say when another process that they talk to is gone. */
const PEER_LOST = new RegExp(
  [
    "Connection closed by (?:remote )?peer", // gloo, NCCL's sockets
    "Connection reset by peer",
    "Broken pipe",
    "remote process exited", // ncclRemoteError
    "ncclRemoteError",
    "Connection was likely closed", // torch's store
    "failed to recv, got 0 bytes",
    "recvValue failed",
    "Watchdog caught collective operation timeout",
    "Timed out waiting \\d+ms for (?:recv|send) operation",
    "Worker proc \\S+ died unexpectedly", // vLLM
    "EngineDeadError",
    "ActorDiedError",
    "ActorUnavailableError",
    "OwnerDiedError",
    "WorkerCrashedError",
  ].join("|"),
);

/** True where these last words say that it lost a process that it worked with. */
export function saysPeerLost(texts: readonly (string | undefined)[]): boolean {
  return texts.some((text) => text !== undefined && PEER_LOST.test(text));
}

/** The cause that these lines name, or undefined. */
export function causeIn(text: string): Cause | undefined {
  for (const { match, cause } of PATTERNS) {
    const found = text.match(match);
    if (found) return cause(found);
  }
  return undefined;
}

/** What a signal nobody here sent usually means. */
export function causeOfSignal(signal: string): Cause | undefined {
  switch (signal) {
    case "SIGKILL":
      return {
        text: "somebody or something on that machine sent it",
        mend: "If nobody did, the kernel or the container's supervisor may have run short of " +
          "memory: look at `dmesg` and the container's events on that node.",
      };
    case "SIGBUS":
      return {
        text: "mapped memory could not be had, most often because /dev/shm is full",
        mend: "Look with `df -h /dev/shm` on that node, and make it larger (in a container " +
          "--shm-size=10g or --ipc=host).",
      };
    case "SIGILL":
      return {
        text: "it ran an instruction that this CPU does not have",
        mend: "Use packages built for that node's CPU.",
      };
    case "SIGSEGV":
    case "SIGABRT":
    case "SIGFPE":
      return {
        text: "native code in it crashed",
        mend: "The last lines of its stderr tell where in Python; libraries built for another " +
          "system or driver are the usual reason.",
      };
    default:
      return undefined;
  }
}

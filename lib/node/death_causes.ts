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
    match: /No space left on device[^\n]*\/dev\/shm|\/dev\/shm[^\n]*No space left on device/,
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
    match: /Address already in use|EADDRINUSE|errno: 98\b/,
    cause: () => ({
      text: "a port it needed is in use",
      mend:
        "Look for what holds it with `ss -ltnp` on that node (often an earlier run), and end it.",
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
    match: /ncclSystemError|ncclUnhandledCudaError|ncclInternalError|ncclRemoteError|NCCL error/,
    cause: () => ({
      text: "NCCL failed",
      mend: "Set NCCL_DEBUG=INFO for its own words; often NCCL_SOCKET_IFNAME names the wrong " +
        "interface or a firewall is between the nodes.",
    }),
  },
];

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

/**
 * The few things a daemon needs from the kernel that the runtime does not offer. Without libc (on a
 * Mac, or where foreign functions are not permitted) it does without: {@link openLibc} says so.
 */

const SYMBOLS = {
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  setpgid: { parameters: ["i32", "i32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  klogctl: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
} as const;

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const SYSLOG_ACTION_READ_ALL = 3;
/** Counts as the log's clock does: not while the machine sleeps, and never set right. */
const CLOCK_MONOTONIC_RAW = 4;
const O_RDWR_CREAT_CLOEXEC = 0o2 | 0o100 | 0o2000000;
const LOCK_EX_NB = 2 | 4;

/** See {@link Libc.kernelLog}. */
export interface KernelLog {
  text: string;
  /** When it was read, in seconds of the clock that its lines are stamped with (nearly). */
  uptime: number;
}

/** See {@link openLibc}. */
export class Libc {
  #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  constructor() {
    this.#library = Deno.dlopen("libc.so.6", SYMBOLS);
  }

  /** Orphans among this process's descendants become its children from now on. */
  becomeSubreaper(): boolean {
    return this.#library.symbols.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
  }

  /**
   * Makes this process a group's leader, out of reach of the terminal's keys. It stays in the session
   * it was started from: where the kernel groups by sessions (autogroup) it divides the processors
   * between them first, and a driver that spins yields only to its own.
   */
  leaveTerminal(): void {
    this.#library.symbols.setpgid(0, 0); // fails only for a session's leader, which leads its group
  }

  /** Sends a signal by its number, the real-time ones too. @returns whether it could be sent */
  signal(pid: number, number: number): boolean {
    return this.#library.symbols.kill(pid, number) === 0;
  }

  /** Takes the wait status of an ended child; undefined while it runs or where it is no child. */
  reap(pid: number): number | undefined {
    const status = new Int32Array(1);
    const ended = this.#library.symbols.waitpid(pid, new Uint8Array(status.buffer), WNOHANG);
    return ended === pid ? status[0] : undefined;
  }

  /** The end of the kernel's log, or undefined where this user may not read it. */
  kernelLog(): KernelLog | undefined {
    const buffer = new Uint8Array(32 * 1024);
    const count = this.#library.symbols.klogctl(SYSLOG_ACTION_READ_ALL, buffer, buffer.length);
    if (count < 0) return undefined;
    const time = new BigInt64Array(2);
    this.#library.symbols.clock_gettime(CLOCK_MONOTONIC_RAW, new Uint8Array(time.buffer));
    return {
      text: new TextDecoder().decode(buffer.subarray(0, count)),
      uptime: Number(time[0]) + Number(time[1]) / 1e9,
    };
  }

  /** Locks a file, made if it is missing, until this process ends; undefined where another has it. */
  lock(path: string): Disposable | undefined {
    const name = new TextEncoder().encode(path + "\0");
    const fd = this.#library.symbols.open(name, O_RDWR_CREAT_CLOEXEC, 0o600);
    if (fd < 0) return undefined;
    if (this.#library.symbols.flock(fd, LOCK_EX_NB) !== 0 || !isFileAt(path, fd)) {
      this.#library.symbols.close(fd);
      return undefined;
    }
    return { [Symbol.dispose]: () => void this.#library.symbols.close(fd) };
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }
}

/** False where the file was removed, and perhaps made anew, between its opening and its locking. */
function isFileAt(path: string, fd: number): boolean {
  try {
    return Deno.statSync(path).ino === Deno.statSync(`/proc/self/fd/${fd}`).ino;
  } catch {
    return false;
  }
}

/** libc, or undefined where there is none to load. */
export function openLibc(): Libc | undefined {
  try {
    return new Libc();
  } catch {
    return undefined;
  }
}

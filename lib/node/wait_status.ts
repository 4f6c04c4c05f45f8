/** The raw status of wait(2), as a template reports it. */

/** How a process ended: by itself, or by a signal. */
export type Ending =
  | { kind: "exit"; code: number }
  | { kind: "signal"; signal: string; number: number; core: boolean };

/** Numbers that are the same on x86_64 and aarch64. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  16: "SIGSTKFLT",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** Reads a wait status. */
export function endingOf(status: number): Ending {
  const number = status & 0x7f;
  if (number === 0) return { kind: "exit", code: (status >> 8) & 0xff };
  const signal = SIGNALS[number] ?? `signal ${number}`;
  return { kind: "signal", signal, number, core: (status & 0x80) !== 0 };
}

/** The raw status of a process that ended with this code, or by the signal of this name. */
export function rawStatus(code: number | null, signal: string | null): number {
  return signal === null ? ((code ?? 0) & 0xff) << 8 : signalNumber(signal) ?? 9;
}

/** The number of a signal by its name, or undefined. */
export function signalNumber(name: string): number | undefined {
  const number = Object.entries(SIGNALS).find(([, known]) => known === name)?.[0];
  return number === undefined ? undefined : Number(number);
}

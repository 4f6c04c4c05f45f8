/** Whether the kernel believes that this machine's clock is right: adjtimex(2), which any user may ask. */

export interface ClockState {
  synchronized: boolean;
  /** Milliseconds. */
  max_error_ms: number;
}

/** Larger than `struct timex` on every architecture. */
const SIZE = 256;
/** Where `maxerror` (microseconds) and `status` lie on 64-bit Linux. */
const MAX_ERROR_AT = 24;
const STATUS_AT = 40;
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

/** Null where the C library or the kernel (a container's system call filter) cannot be asked. */
export function machineClock(): ClockState | null {
  if (Deno.build.os !== "linux") return null;
  try {
    using libc = closing(Deno.dlopen("libc.so.6", {
      adjtimex: { parameters: ["buffer"], result: "i32" },
    }));
    const timex = new Uint8Array(SIZE); // modes 0: nothing is set
    const state = libc.library.symbols.adjtimex(timex);
    if (state < 0) return null;
    const view = new DataView(timex.buffer);
    const unsynchronized = (view.getInt32(STATUS_AT, true) & STA_UNSYNC) !== 0;
    return {
      synchronized: !unsynchronized && state !== TIME_ERROR,
      max_error_ms: Number(view.getBigInt64(MAX_ERROR_AT, true)) / 1000,
    };
  } catch {
    return null;
  }
}

function closing<T extends { close(): void }>(library: T): Disposable & { library: T } {
  return { library, [Symbol.dispose]: () => library.close() };
}

/** Whether the kernel knows child subreapers, by which a node ends what its workers leave behind. */

const PR_GET_CHILD_SUBREAPER = 37;

/** Asks without changing anything; null where the C library cannot be asked. */
export function knowsSubreapers(): boolean | null {
  if (Deno.build.os !== "linux") return null;
  try {
    const libc = Deno.dlopen("libc.so.6", {
      prctl: { parameters: ["i32", "buffer", "u64", "u64", "u64"], result: "i32" },
    });
    try {
      return libc.symbols.prctl(PR_GET_CHILD_SUBREAPER, new Uint8Array(8), 0n, 0n, 0n) === 0;
    } finally {
      libc.close();
    }
  } catch {
    return null;
  }
}

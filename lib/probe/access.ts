/**
 * access(2) through libc. `node:fs`'s own `accessSync` compares mode bits in JavaScript, which
 * knows nothing of groups, capabilities or the device cgroup; the kernel's answer does.
 *
 * @module
 */

const R_OK_AND_W_OK = 6;
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  6: "ENXIO",
  13: "EACCES",
  19: "ENODEV",
  20: "ENOTDIR",
  30: "EROFS",
  40: "ELOOP",
};

/**
 * Whether this process may read and write `path`: `ok` or an errno's name; null where libc cannot
 * be asked (another system, or foreign functions not permitted).
 */
export function accessOf(path: string): string | null {
  if (Deno.build.os !== "linux") return null;
  try {
    const libc = Deno.dlopen("libc.so.6", {
      access: { parameters: ["buffer", "i32"], result: "i32" },
      __errno_location: { parameters: [], result: "pointer" },
    });
    try {
      if (libc.symbols.access(new TextEncoder().encode(path + "\0"), R_OK_AND_W_OK) === 0) {
        return "ok";
      }
      const place = libc.symbols.__errno_location();
      const errno = place === null ? 0 : new Deno.UnsafePointerView(place).getInt32();
      return ERRNO_NAMES[errno] ?? "EACCES";
    } finally {
      libc.close();
    }
  } catch {
    return null;
  }
}

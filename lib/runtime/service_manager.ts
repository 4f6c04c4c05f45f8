/**
 * Tells the service manager that started this process how it is: systemd's notification protocol, one
 * datagram of `NAME=value` lines to the socket in NOTIFY_SOCKET. Where there is none, nothing is told.
 *
 * Through libc, because the runtime's own datagram sockets reach no abstract names (`@…`), which
 * systemd uses in containers.
 */
import { forgetVariables } from "./environment_trace.ts";
import { type Env, processEnv } from "./paths.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  close: { parameters: ["i32"], result: "i32" },
} as const;

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** The longest name of a socket in the kernel's `sockaddr_un`, in bytes. */
const NAME_LIMIT = 108;

/** What a service can be told to be. The names are systemd's. */
export interface ServiceNews {
  READY?: "1";
  STOPPING?: "1";
  WATCHDOG?: "1";
  /** One line for `systemctl status`. */
  STATUS?: string;
  /** For how long, in microseconds from now, a start or end may still take. */
  EXTEND_TIMEOUT_USEC?: string;
}

/** See the top of this file. */
export class ServiceManager {
  /** How often it wants a sign of life, in milliseconds; absent: it wants none. */
  readonly watchdog?: number;

  constructor(readonly address: Uint8Array<ArrayBuffer>, watchdog?: number) {
    if (watchdog !== undefined) this.watchdog = watchdog;
  }

  /** Sends it; false where the manager does not listen, which must not end a node. */
  tell(news: ServiceNews): boolean {
    const text = Object.entries(news).map(([name, value]) => `${name}=${oneLine(value)}\n`).join(
      "",
    );
    const bytes = new TextEncoder().encode(text);
    try {
      const libc = Deno.dlopen("libc.so.6", SYMBOLS);
      try {
        return sent(libc, this.address, bytes);
      } finally {
        libc.close();
      }
    } catch {
      return false;
    }
  }
}

function sent(
  libc: Deno.DynamicLibrary<typeof SYMBOLS>,
  address: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): boolean {
  const { socket, sendto, close } = libc.symbols;
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return false;
  const length = BigInt(bytes.length);
  const count = sendto(fd, bytes, length, MSG_NOSIGNAL, address, address.length);
  close(fd);
  return count === length;
}

/**
 * The manager that this process's environment names, or undefined. Takes the variables out of the
 * environment: they are for this process, and what it starts must not speak in its name.
 */
export function serviceManager(env: Env = processEnv, pid = Deno.pid): ServiceManager | undefined {
  const address = socketAddress(env("NOTIFY_SOCKET") ?? "");
  const watchdog = watchdogInterval(env, pid);
  if (env === processEnv) forgetVariables(["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]);
  return address && new ServiceManager(address, watchdog);
}

/** Half of the time after which systemd gives a silent service up, in milliseconds. */
function watchdogInterval(env: Env, pid: number): number | undefined {
  const whose = env("WATCHDOG_PID");
  if (whose !== undefined && whose !== String(pid)) return undefined;
  const microseconds = Number(env("WATCHDOG_USEC") ?? "");
  return microseconds > 0 ? microseconds / 2000 : undefined;
}

/** The kernel's form of the socket's name: a path, or `@` and an abstract name. */
function socketAddress(name: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new TextEncoder().encode(name);
  if (!/^[/@]./.test(name) || bytes.length >= NAME_LIMIT) return undefined;
  const abstract = name.startsWith("@");
  if (abstract) bytes[0] = 0;
  const address = new Uint8Array(2 + bytes.length + (abstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true); // both architectures are little-endian
  address.set(bytes, 2);
  return address;
}

/** A line break would begin another field. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

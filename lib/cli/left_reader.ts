/**
 * A reader that leaves (`beam logs -f … | head -1`) is noticed by the next write only, which may be long in
 * coming. Whoever follows something therefore looks after its reader from time to time.
 */
const SYMBOLS = {
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
} as const;

const STDOUT = 1;
/** Of a pipe or socket: nobody can read what is written any more. */
const POLLERR = 0x8;
const POLLHUP = 0x10;
const LOOK_MS = 500;

/** Ends this program, as done, when nobody reads its standard output any more. */
export function endWithReader(): void {
  if (Deno.stdout.isTerminal()) return;
  let libc: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    libc = Deno.dlopen("libc.so.6", SYMBOLS);
  } catch {
    return; // the next write tells
  }
  const asked = new DataView(new ArrayBuffer(8)); // struct pollfd: int fd; short events, revents
  asked.setInt32(0, STDOUT, true);
  const timer = setInterval(() => {
    libc.symbols.poll(new Uint8Array(asked.buffer), 1n, 0);
    if ((asked.getInt16(6, true) & (POLLERR | POLLHUP)) !== 0) Deno.exit(0);
  }, LOOK_MS);
  Deno.unrefTimer(timer);
}

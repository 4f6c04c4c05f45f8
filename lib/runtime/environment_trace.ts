/**
 * Takes variables out of this process's environment for good. To remove one, as programs do, leaves the
 * text that the process was started with readable in `/proc/<pid>/environ` for as long as it runs;
 * here the value there is written over as well.
 */

/** Fields of `/proc/self/stat`, counted from the state, that say where that text lies in memory. */
const ENV_START = 47;
const ENV_END = 48;

/** Removes these variables, and writes over what `/proc` shows of their values. */
export function forgetVariables(names: Iterable<string>): void {
  const given = [...names].filter((name) => Deno.env.get(name) !== undefined);
  if (given.length === 0) return;
  for (const name of given) Deno.env.delete(name);
  try {
    overwrite(given);
  } catch { /* no /proc, or not ours to write: then it is as with any other program */ }
}

function overwrite(names: readonly string[]): void {
  const [start, end] = placeInMemory();
  using memory = Deno.openSync("/proc/self/mem", { read: true, write: true });
  const bytes = new Uint8Array(end - start);
  memory.seekSync(start, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const count = memory.readSync(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  for (const [from, to] of values(bytes, names)) {
    memory.seekSync(start + from, Deno.SeekMode.Start);
    memory.writeSync(new Uint8Array(to - from));
  }
}

function placeInMemory(): [start: number, end: number] {
  const stat = Deno.readTextFileSync("/proc/self/stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [start, end] = [Number(fields[ENV_START]), Number(fields[ENV_END])];
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start <= 0 || end <= start) {
    throw new Error("it is not told where the environment lies");
  }
  return [start, end];
}

/** Where the values of these variables stand, ends excluded. */
export function values(
  environment: Uint8Array,
  names: readonly string[],
): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < environment.length;) {
    const zero = environment.indexOf(0, at);
    const end = zero < 0 ? environment.length : zero;
    const equals = environment.indexOf(61, at);
    if (equals >= 0 && equals < end) {
      const name = new TextDecoder().decode(environment.subarray(at, equals));
      if (names.includes(name)) found.push([equals + 1, end]);
    }
    at = end + 1;
  }
  return found;
}

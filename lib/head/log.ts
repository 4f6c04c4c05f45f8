/** The head's log file: one line per event, two generations at most. */

/** Past this a file begins anew, and the former is kept as `.1`. */
const MOST_BYTES = 8 * 2 ** 20;

/** Where the head says what happens. */
export interface HeadLog {
  write(text: string): void;
  close(): void;
}

/** For tests, and for a head that has nowhere to log. */
export const NO_LOG: HeadLog = { write: () => {}, close: () => {} };

/** Appends to `path`, whose folder is made where it is not there. */
export function openLog(path: string): HeadLog {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true });
  const open = () => Deno.openSync(path, { create: true, append: true, mode: 0o600 });
  let file = open();
  let size = file.statSync().size;
  return {
    write(text) {
      const line = new TextEncoder().encode(`${new Date().toISOString()} ${text}\n`);
      try {
        if (size > MOST_BYTES) {
          Deno.renameSync(path, `${path}.1`);
          file.close();
          file = open();
          size = 0;
        }
        size += file.writeSync(line);
      } catch { /* a full disk must not end the cluster */ }
    },
    close: () => file.close(),
  };
}

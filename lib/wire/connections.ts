/** What comes to a listener. */

/** How long nothing is taken after a failure, in milliseconds: it may be that no file can be opened. */
const PAUSE = 20;

/**
 * Each connection, until the listener is closed. A stranger that is gone before it is taken, or too
 * many open files, end nothing. With `turnAway`, who comes when no more files can be opened does not wait
 * for others to go: one file is kept for taking it, telling it so, and ending its connection.
 */
export async function* connections<Conn>(
  listener: { accept(): Promise<Conn> },
  turnAway?: (connection: Conn) => Promise<void>,
): AsyncGenerator<Conn, void> {
  let kept = turnAway && keptFile();
  try {
    while (true) {
      let connection: Conn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
          return;
        }
        if (kept && (error as { code?: string }).code === "EMFILE") {
          kept.close();
          kept = undefined; // its place is for the next connection, unless another is quicker
        } else {
          await new Promise((resolve) => setTimeout(resolve, PAUSE));
          kept ??= turnAway && keptFile();
        }
        continue;
      }
      kept ??= turnAway && keptFile();
      if (kept || !turnAway) {
        yield connection;
      } else {
        await turnAway(connection);
        kept = keptFile();
      }
    }
  } finally {
    kept?.close();
  }
}

/** A file that is open for nothing; undefined where no more can be opened. */
function keptFile(): Deno.FsFile | undefined {
  try {
    return Deno.openSync("/dev/null");
  } catch {
    return undefined;
  }
}

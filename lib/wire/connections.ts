/** What comes to a listener. */

/** How long nothing is taken after a failure, in milliseconds: it may be that no file can be opened. */
const PAUSE = 20;

/**
 * Each connection, until the listener is closed. A stranger that is gone before it is taken, or too
 * many open files, end nothing.
 */
export async function* connections<Conn>(
  listener: { accept(): Promise<Conn> },
): AsyncGenerator<Conn, void> {
  while (true) {
    try {
      yield await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

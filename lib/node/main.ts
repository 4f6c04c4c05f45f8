/** The entry of `beam daemon`: configuration in, one line of JSON out, then a node until it ends. */
import { selfCommand } from "../runtime/launcher.ts";
import { withoutPrivate } from "../runtime/private_env.ts";
import { parseDaemonConfig } from "./config.ts";
import { NodeDaemon } from "./daemon.ts";
import { openLibc } from "./libc.ts";

/** Standard input: the configuration's line, then, where it is a lifeline, its end. */
class Input {
  #reader = Deno.stdin.readable.getReader();
  #rest = "";

  async line(): Promise<string> {
    const decoder = new TextDecoder();
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.#rest += decoder.decode(value, { stream: true });
    }
    return this.#rest.split("\n", 1)[0]!;
  }

  /** Settles at the end of the input. */
  async end(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done);
    } catch { /* a broken pipe is an end too */ }
  }
}

/** Runs a node daemon until it is told to end; the process's exit code. */
export async function runDaemon(): Promise<number> {
  const libc = openLibc();
  libc?.leaveTerminal();
  libc?.becomeSubreaper();
  const env = withoutPrivate(Deno.env.toObject());
  const input = new Input();
  const ending = stopSignal();
  let daemon: NodeDaemon;
  try {
    const config = parseDaemonConfig(await input.line());
    if (config.lifeline) input.end().then(() => ending.stop("whoever started it is gone"));
    const starting = NodeDaemon.start({
      config,
      env,
      progress: (text) => {
        if (!say({ progress: text })) ending.stop("whoever started it is gone");
      },
      self: selfCommand(),
      libc,
      signal: ending.signal,
    });
    daemon = await starting;
  } catch (error) {
    const { message, mend, code } = error as Error & { mend?: string; code?: string };
    say({ error: { message, mend, code } });
    return 1;
  }
  globalThis.addEventListener("unhandledrejection", (event) => {
    // A mistake in one request must not end a node with everybody's workers.
    event.preventDefault();
    daemon.note(`Nobody handled: ${event.reason?.stack ?? event.reason}`);
  });
  if (!say({ ready: daemon.record })) ending.stop("whoever started it is gone");
  ending.onStop((reason) => void daemon.stop(reason));
  await daemon.ended;
  return 0;
}

/** One place that knows why the daemon is to end, whether it has started yet or not. */
function stopSignal() {
  const controller = new AbortController();
  const stop = (reason: string) => {
    if (!controller.signal.aborted) controller.abort(new Error(reason));
  };
  Deno.addSignalListener("SIGTERM", () => stop("it got SIGTERM"));
  Deno.addSignalListener("SIGINT", () => stop("it got SIGINT"));
  Deno.addSignalListener("SIGHUP", () => {}); // its terminal may go
  return {
    signal: controller.signal,
    stop,
    onStop(run: (reason: string) => void) {
      const { signal } = controller;
      const now = () => run((signal.reason as Error).message);
      if (signal.aborted) now();
      else signal.addEventListener("abort", now, { once: true });
    },
  };
}

/** One line on standard output; false where nobody reads it any more. */
function say(message: Record<string, unknown>): boolean {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    return true;
  } catch {
    return false;
  }
}

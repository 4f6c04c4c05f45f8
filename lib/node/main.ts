/** The entry of `beam daemon`: configuration in, one line of JSON out, then a node until it ends. */
import { selfCommand } from "../runtime/launcher.ts";
import { withoutPrivate } from "../runtime/private_env.ts";
import { StartInput, tellStarter } from "../runtime/start_input.ts";
import { parseDaemonConfig } from "./config.ts";
import { NodeDaemon } from "./daemon.ts";
import { openLibc } from "./libc.ts";

/** Runs a node daemon until it is told to end; the process's exit code. */
export async function runDaemon(): Promise<number> {
  const libc = openLibc();
  libc?.leaveTerminal();
  libc?.becomeSubreaper();
  const env = withoutPrivate(Deno.env.toObject());
  const input = new StartInput();
  const ending = stopSignal();
  let daemon: NodeDaemon;
  try {
    const config = parseDaemonConfig(await input.line());
    if (config.lifeline) input.end().then(() => ending.stop("whoever started it is gone"));
    const starting = NodeDaemon.start({
      config,
      env,
      progress: (text) => {
        if (!tellStarter({ progress: text })) ending.stop("whoever started it is gone");
      },
      self: selfCommand(),
      libc,
      signal: ending.signal,
    });
    daemon = await starting;
  } catch (error) {
    const { message, mend, code } = error as Error & { mend?: string; code?: string };
    tellStarter({ error: { message, mend, code } });
    return 1;
  }
  globalThis.addEventListener("unhandledrejection", (event) => {
    // A mistake in one request must not end a node with everybody's workers.
    event.preventDefault();
    daemon.note(`Nobody handled: ${event.reason?.stack ?? event.reason}`);
  });
  if (!tellStarter({ ready: daemon.record })) ending.stop("whoever started it is gone");
  ending.onStop((reason) => void daemon.stop(reason));
  await daemon.ended;
  await daemon.succeeded();
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

/** Starts a node's daemon for a command, and where asked stays in front until the node ends. */
import { endText, startDaemon, type StartedDaemon } from "../runtime/background.ts";
import { Trouble } from "../runtime/errors.ts";
import { recordOf } from "../runtime/records.ts";
import type { DaemonConfig } from "../node/config.ts";
import { EXIT } from "./command.ts";
import type { LogMirror } from "./log_mirror.ts";
import { say } from "./output.ts";
import type { Service } from "./service.ts";

/** Signals that ask a program to end. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Ending = typeof ENDING[number];

/** How long a node may take to end before it is killed, in milliseconds. */
const END_TIMEOUT = 20_000;

/**
 * Starts the daemon, telling of what it waits for on standard error.
 * @throws {Trouble} where one runs in this runtime directory already, or the start fails.
 */
export async function startNode(
  config: DaemonConfig,
  program: string,
  service?: Service,
): Promise<StartedDaemon> {
  await refuseSecond(config);
  const controller = new AbortController();
  const interrupted = (signal: Ending) => () =>
    controller.abort(
      new Trouble(`Cannot go on: ${signal} came while the node was starting`, "Start it again.", {
        code: "interrupted",
      }),
    );
  const listeners = ENDING.map((signal) => [signal, interrupted(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  try {
    return await startDaemon({
      config,
      onProgress: (text) => {
        say(`${program}: ${text}`);
        service?.waiting(text);
      },
      signal: controller.signal,
    });
  } finally {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  }
}

async function refuseSecond(config: DaemonConfig): Promise<void> {
  const record = await recordOf(config.runtime_dir);
  if (!record) return;
  throw new Trouble(
    `Cannot start a node: the runtime directory ${config.runtime_dir} already has one ` +
      `(${
        record.is_head ? "head" : "node"
      } ${record.node_ip}, pid ${record.pid}, cluster at ${record.head_address})`,
    "End it with `beam down`, or set BEAM_RUNTIME_DIR to another directory.",
    { code: "second" },
  );
}

/** What else may end a node that is held in front. */
export interface HoldOptions {
  program: string;
  /** Settles when the node is to end: the driver that it was started for is gone. */
  released?: Promise<unknown>;
  /** Is told when the node is ready, ends and has ended. */
  service?: Service | undefined;
  /** Shows its logs meanwhile. */
  mirror?: LogMirror | undefined;
}

/**
 * Waits until the node has ended; a signal ends it, a second one kills it. Returns the exit code: 0
 * where the node was asked to end, by a signal or by `beam down`, else 1.
 */
export async function holdNode(daemon: StartedDaemon, options: HoldOptions): Promise<number> {
  let asked = 0;
  let timer: number | undefined;
  const end = () => {
    asked += 1;
    if (asked > 1) return daemon.kill();
    options.service?.stopping();
    daemon.release();
    timer = setTimeout(() => daemon.kill(), END_TIMEOUT);
  };
  for (const signal of ENDING) Deno.addSignalListener(signal, end);
  options.released?.then(() => asked === 0 && end());
  options.service?.ready(daemon.record);
  const ended = await daemon.ended;
  await options.mirror?.stop();
  options.service?.over();
  clearTimeout(timer);
  for (const signal of ENDING) Deno.removeSignalListener(signal, end);
  if (asked > 0 || ended.code === 0) return EXIT.done;
  say(
    `${options.program}: The node ${daemon.record.node_ip} has ended: its daemon ${
      endText(ended)
    }.`,
  );
  say(`${options.program}: Its last words are in ${daemon.record.runtime_dir}/logs.`);
  return EXIT.failed;
}

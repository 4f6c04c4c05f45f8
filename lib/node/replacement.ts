/**
 * Another beam takes this one's place: the head's process while everything goes on, or this daemon
 * where nothing runs on its node. The new one's configuration never leaves the two processes.
 */
import { startDaemon } from "../runtime/background.ts";
import type { DaemonRecord } from "../runtime/records.ts";
import { buildName } from "../runtime/version.ts";
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Received } from "../wire/link.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { DaemonConfig } from "./config.ts";
import type { HeadProcess } from "./head_process.ts";

/** What there is on a node that a new daemon would not have. */
export interface Burden {
  workers: number;
  drivers: number;
  /** Files with large values. */
  values: number;
}

/** What a replacement needs of its node. */
export interface ReplacementHost {
  /** The head's process, on the head's machine. */
  head(): HeadProcess | undefined;
  node_ip(): string;
  burden(): Burden;
  /** What a daemon in this one's place is configured with. */
  config(): DaemonConfig;
  /** The command that started this one. */
  self: string[];
  /** Has the head give this node nothing new, or, with false, new work again. */
  drain(on: boolean): Promise<void>;
  /** Ends the node, but not the link of `client`, and settles when all is given up. */
  giveUp(reason: string, client: Client): Promise<void>;
  log(level: "info" | "error", text: string): void;
}

/** See the top of this file. */
export class Replacement {
  /** Settles when a daemon that was asked for has started or failed; undefined where none was. */
  running: Promise<void> | undefined;
  #handsOver = false;

  constructor(readonly host: ReplacementHost) {}

  /** Answers `head.replace`. */
  async head(client: Client, received: Received): Promise<void> {
    try {
      const { command, protocol, build } = fieldsOf(received, "head.replace");
      checkProtocol("the head", protocol, build);
      const head = this.host.head();
      if (!head) {
        throw new RequestFailed(
          "role",
          `Cannot replace the head: it does not run on this machine (${this.host.node_ip()})`,
          "Run `beam up --replace` on the head's machine; `beam nodes` shows which that is.",
        );
      }
      const former = head.ready?.build ?? "";
      this.host.log("info", `The head is replaced by beam ${build}`);
      const ready = await head.replace([...command.map(String), "head"]);
      const reply = { pid: head.pid ?? 0, epoch: ready.epoch, build: ready.build, former };
      client.link.reply(received, "head.replace", reply);
    } catch (error) {
      client.link.refuse(received, error);
    }
  }

  /** Answers `daemon.replace`; this daemon has ended then, unless it was refused at once. */
  daemon(client: Client, received: Received): void {
    const { command, protocol, build, launcher } = fieldsOf(received, "daemon.replace");
    try {
      checkProtocol("this daemon", protocol, build);
      this.#checkFree();
    } catch (error) {
      return client.link.refuse(received, error);
    }
    this.#handsOver = true;
    this.running = this.#handOver({ command: command.map(String), build, launcher }, client)
      .then((record) => client.link.reply(received, "daemon.replace", { record: { ...record } }))
      .catch((error) => {
        this.#handsOver = false;
        client.link.refuse(received, error);
      })
      .then(() => client.link.flushed());
  }

  #checkFree(): void {
    const { config, node_ip } = this.host;
    if (this.#handsOver) {
      throw new RequestFailed(
        "replacing",
        `Cannot replace the daemon of ${node_ip()}: another beam takes its place just now`,
        "Wait until it has; `beam status` says which build runs.",
      );
    }
    if (!config().lifeline) return this.#checkEmpty();
    throw new RequestFailed(
      "held",
      `Cannot replace the daemon of ${node_ip()}: the process that started it holds it in front ` +
        "(`--block`), and ends when it does",
      "End that process and start it again with the new beam.",
    );
  }

  #checkEmpty(): void {
    const text = burdenText(this.host.burden());
    if (text === "") return;
    const ip = this.host.node_ip();
    throw new RequestFailed(
      "busy",
      `Cannot replace the daemon of ${ip}: its node still has ${text}`,
      `Empty it first with \`beam drain ${ip}\`, and end the programs that run there.`,
    );
  }

  async #handOver(
    successor: { command: string[]; build: string; launcher: string | undefined },
    client: Client,
  ): Promise<DaemonRecord> {
    const { host } = this;
    const { command, build, launcher } = successor;
    const config = host.config();
    await host.drain(true);
    try {
      this.#checkEmpty(); // something may have come before the head heard of it
    } catch (error) {
      await host.drain(false);
      throw error;
    }
    await host.giveUp(`beam ${build} takes its place`, client);
    if (launcher === undefined) Deno.env.delete("BEAM_LAUNCHER");
    else Deno.env.set("BEAM_LAUNCHER", launcher);
    try {
      return await started(config, command);
    } catch (error) {
      const { message, mend } = error as Error & { mend?: string };
      const back = await started(config, host.self).then(
        () => `This build (${buildName()}) was started again.`,
        (error) => `This build could not be started again either: ${(error as Error).message}.`,
      );
      throw new RequestFailed("start", `${message.replace(/\.$/, "")}. ${back}`, mend);
    }
  }
}

async function started(config: DaemonConfig, command: string[]): Promise<DaemonRecord> {
  const daemon = await startDaemon({
    config,
    command: [...command, "daemon"],
    onProgress: () => {},
  });
  daemon.leave();
  return daemon.record;
}

/** `2 workers and 1 driver`; empty where there is nothing. */
export function burdenText({ workers, drivers, values }: Burden): string {
  const counted = [[workers, "worker"], [drivers, "driver"], [values, "file of large values"]]
    .filter(([count]) => Number(count) > 0)
    .map(([count, what]) => count === 1 ? `1 ${what}` : `${count} ${plural(String(what))}`);
  return counted.length < 2
    ? counted.join("")
    : `${counted.slice(0, -1).join(", ")} and ${counted.at(-1)}`;
}

function plural(what: string): string {
  return what.startsWith("file") ? what.replace("file", "files") : `${what}s`;
}

function checkProtocol(what: string, protocol: number, build: string): void {
  if (protocol === PROTOCOL_VERSION) return;
  throw new RequestFailed(
    "version",
    `Cannot replace ${what} by beam ${build} (protocol ${protocol}): the cluster runs beam ` +
      `${buildName()} (protocol ${PROTOCOL_VERSION}), and its nodes and workers could not talk to it`,
    "End all nodes with `beam down`, then start them with the new beam.",
  );
}

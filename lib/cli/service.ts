/**
 * A node as a service: what `--block` tells the service manager from the start to the end, and the sign
 * of life that it gives only while the node's daemon answers.
 */
import type { DaemonRecord } from "../runtime/records.ts";
import { type ServiceManager, serviceManager } from "../runtime/service_manager.ts";
import { linkTo } from "./daemon_choice.ts";

/** How long the manager is asked to wait on, past each word of what a start waits for, in microseconds. */
const MORE_TIME = "60000000";

/** See the top of this file. Without a manager all of it does nothing. */
export class Service {
  #manager: ServiceManager | undefined;
  #timer: number | undefined;

  constructor(manager: ServiceManager | undefined = serviceManager()) {
    this.#manager = manager;
  }

  /** Whether a service manager started this command. */
  get isManaged(): boolean {
    return this.#manager !== undefined;
  }

  /** The start waits for something: it is not stuck. */
  waiting(text: string): void {
    this.#manager?.tell({ STATUS: text, EXTEND_TIMEOUT_USEC: MORE_TIME });
  }

  /** The node is ready; from now on signs of life are due. */
  ready(record: DaemonRecord): void {
    const what = record.is_head ? "Head" : "Node";
    const STATUS = `${what} ${record.node_ip} of the cluster at ${record.head_address}`;
    this.#manager?.tell({ READY: "1", STATUS });
    const interval = this.#manager?.watchdog;
    if (interval === undefined) return;
    const look = async () => {
      const fault = await this.#fault(record, interval);
      if (this.#timer === undefined) return; // it has ended meanwhile
      this.#manager?.tell(fault === undefined ? { WATCHDOG: "1", STATUS } : { STATUS: fault });
      this.#timer = setTimeout(look, interval);
    };
    this.#timer = setTimeout(look, 0);
  }

  /** The node is being ended. */
  stopping(): void {
    this.#manager?.tell({ STOPPING: "1", STATUS: "The node ends: its workers first" });
  }

  /** It has ended: no more signs of life. */
  over(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Why the daemon gives no sign of life, or undefined where it does. */
  async #fault(record: DaemonRecord, patience: number): Promise<string | undefined> {
    try {
      const link = await linkTo({ socket: record.socket });
      const silence = setTimeout(
        () => link.close(new Error(`it did not answer for ${patience / 1000} s`)),
        patience,
      );
      try {
        await link.request({ kind: "daemon.info" });
        return undefined;
      } finally {
        clearTimeout(silence);
        link.close();
      }
    } catch (error) {
      return `The node's daemon (pid ${record.pid}) gives no sign of life: ${
        (error as Error).message
      }`;
    }
  }
}

/** A process at the daemon's control socket: a driver, a worker, a template or the command line. */
import type { Link } from "../wire/link.ts";
import type { Message, MessageKind } from "../wire/messages.ts";
import type { Template } from "./template.ts";
import type { Worker } from "./worker.ts";

/** Bytes in its link's queue beyond which output of workers is left out. */
const FULL = 2 ** 20;

/** See the top of this file. What it is, its first request says. */
export class Client {
  /** The head's name for it, unique on this node. */
  readonly id: string;
  link!: Link;
  /** A driver's, once its job has begun. */
  job_id: string | undefined;
  worker: Worker | undefined;
  /** The socket on which a driver may serve objects, once its job has begun. */
  object_socket: string | undefined;
  template: Template | undefined;
  /** Aborts what it still waits for. */
  readonly gone = new AbortController();
  /** Lines of output that were left out since the last that were not. */
  #lost = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Passes workers' output of another node on; where it does not read, as when it was stopped, it is left out. */
  pushLog(message: Message<"log">): void {
    const { lines } = message;
    if (this.link.queuedBytes > FULL) {
      this.#lost += lines.length;
      return;
    }
    const note = this.#lost === 0 ? [] : [
      `[beam: ${this.#lost} lines of output came faster than they could be passed on; ` +
      "`beam logs` has the last of them]",
    ];
    this.#lost = 0;
    this.push({ ...message, lines: [...note, ...lines] });
  }

  /** Sends a message as it came from elsewhere. */
  push(message: Message<MessageKind>, body?: Uint8Array): void {
    this.link.send(message, body);
  }
}

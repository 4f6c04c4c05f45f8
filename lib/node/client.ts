/** A process at the daemon's control socket: a driver, a worker, a template or the command line. */
import type { Link } from "../wire/link.ts";
import type { Message, MessageKind } from "../wire/messages.ts";
import type { Template } from "./template.ts";
import type { Worker } from "./worker.ts";

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

  constructor(id: string) {
    this.id = id;
  }

  /** Sends a message as it came from elsewhere. */
  push(message: Message<MessageKind>, body?: Uint8Array): void {
    this.link.send(message, body);
  }
}

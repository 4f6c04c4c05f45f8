/**
 * What processes of this node say without wanting an answer: passed on to the head with who says it.
 * The last word of each about its metrics is kept, for a head that starts anew; a process that is
 * gone counts nothing any more.
 */
import type { Received } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { HeadLink } from "./head_link.ts";

/** Bytes in the link's queue beyond which what is not kept is left out: calls come first. */
const FULL = 2 ** 20;

/** See the top of this file. */
export class ClientWords {
  #metrics = new Map<Client, Uint8Array>();

  /** @param head absent before there is a link */
  constructor(readonly head: () => Pick<HeadLink, "send" | "queuedBytes"> | undefined) {}

  /** Passes a message on. */
  pass(client: Client, { message, body }: Received): void {
    if (message.kind === "metrics.report") this.#metrics.set(client, body);
    else if ((this.head()?.queuedBytes ?? 0) > FULL) return;
    this.#send(client, message, body);
  }

  /** The process is gone. */
  gone(client: Client): void {
    if (this.#metrics.delete(client)) this.#send(client, { kind: "metrics.report" });
  }

  /** Tells a head that may know nothing what was told before. */
  repeat(): void {
    for (const [client, body] of this.#metrics) {
      this.#send(client, { kind: "metrics.report" }, body);
    }
  }

  #send(client: Client, message: Message, body?: Uint8Array): void {
    this.head()?.send({
      kind: "client.said",
      client: client.id,
      message: { ...message },
      process: processOf(client),
    }, body);
  }
}

function processOf({ worker, job_id }: Client): Record<string, unknown> {
  if (worker) return { worker_id: worker.worker_id, job_id: worker.order.job.job_id };
  return job_id === undefined ? {} : { worker_id: job_id.padEnd(56, "f"), job_id };
}

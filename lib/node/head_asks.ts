/** What this node's clients want of the head: their requests with who asks, and that drivers are gone. */
import { randomBytes } from "node:crypto";
import type { Answer } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { HeadLink } from "./head_link.ts";

const EMPTY = new Uint8Array(0);

/** See the top of this file. */
export class HeadAsks {
  /** Drivers that went while there was no link. */
  #gone: Message<"client.gone">[] = [];
  /** With the count, a name for each request that no other has. */
  #name = randomBytes(8).toString("hex");
  #count = 0;

  /** @param link the link, once there is one */
  constructor(readonly link: () => Pick<HeadLink, "ask" | "send" | "isJoined">) {}

  /** Asks the head for a client, however long it takes. Rejects as {@link HeadLink.ask} does. */
  ask(
    client: Client,
    message: Message,
    body: Uint8Array,
    signal?: AbortSignal,
    actor_id: string | undefined = client.worker?.actor_id,
  ): Promise<Answer<"client.request">> {
    const { id: _, ...request } = message as Message & { id?: number };
    const asked: Message<"client.request"> = {
      kind: "client.request",
      client: client.id,
      request,
      ask: `${this.#name}:${this.#count++}`,
    };
    const job_id = client.job_id ?? client.worker?.order.job.job_id;
    if (job_id !== undefined) asked.job_id = job_id;
    if (actor_id !== undefined) asked.actor_id = actor_id;
    return this.link().ask(asked, body, signal);
  }

  /** Asks the head on the node's own behalf. Rejects as {@link HeadLink.ask} does. */
  askOwn(message: Message, signal?: AbortSignal): Promise<Answer<"client.request">> {
    const request: Record<string, unknown> = { ...message };
    return this.link().ask({ kind: "client.request", client: "", request }, EMPTY, signal);
  }

  /** A driver is gone: told now, or when the node has joined again. */
  driverGone(client: Client, job_id: string, reason: string): void {
    const gone: Message<"client.gone"> = { kind: "client.gone", client: client.id, job_id, reason };
    if (this.link().isJoined) this.link().send(gone);
    else this.#gone.push(gone);
  }

  /** Tells what happened without a link. */
  repeat(): void {
    for (const gone of this.#gone.splice(0)) this.link().send(gone);
  }
}

/**
 * Answers to `actor.locate` and `actor.report`. What this node knows of its own workers it says at
 * once, without the head; the rest the head says.
 */
import type { Answer, Received } from "../wire/link.ts";
import { type Fields, type Message, type Reply } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { Deaths } from "./deaths.ts";
import type { NodeFacts } from "./assignment.ts";
import { textIn } from "./order.ts";
import { isEnding } from "./proc.ts";
import type { Watchers } from "./watchers.ts";
import type { Worker } from "./worker.ts";
import type { Workers } from "./workers.ts";

/** How long a report of a broken channel is waited with, in milliseconds. */
export const REPORT_PATIENCE = 150;

/** What the answers are made from. */
export interface ActorAnswersHost {
  facts(): NodeFacts;
  /** The socket for streams to other nodes. */
  via: string;
  workers: Workers;
  deaths: Deaths;
  watchers: Watchers;
  ask(client: Client, message: Message, body: Uint8Array, signal?: AbortSignal): Promise<
    Answer<"client.request">
  >;
  now(): number;
}

/** See the top of this file. */
export class ActorAnswers {
  constructor(readonly host: ActorAnswersHost) {}

  /** Where an actor is: from here as soon as its worker is here and ready, else from the head. */
  locate(client: Client, received: Received, fields: Fields<"actor.locate">): void {
    const { workers, watchers } = this.host;
    const { actor_id } = fields;
    const least = fields.incarnation ?? 0;
    watchers.watch(actor_id, client);
    const here = () => {
      const worker = workers.find(actor_id);
      return worker?.connectable && worker.incarnation >= least ? worker : undefined;
    };
    const found = here();
    if (found) return client.link.reply(received, "actor.locate", this.#locally(found));
    // Whichever is first: the head's answer, or a worker that becomes ready here.
    const asking = new AbortController();
    const settle = () => {
      unwait();
      client.gone.signal.removeEventListener("abort", onGone);
    };
    const onGone = () => {
      settle();
      asking.abort();
    };
    const unwait = watchers.wait(actor_id, () => {
      const worker = here();
      if (!worker) return;
      onGone();
      client.link.reply(received, "actor.locate", this.#locally(worker));
    });
    client.gone.signal.addEventListener("abort", onGone, { once: true });
    this.host.ask(client, received.message, received.body, asking.signal).then(
      (answer) => {
        settle();
        client.link.passOn(received, this.#fromHead(answer.fields), answer.body);
        this.#heard(client, actor_id, answer.fields);
      },
      (error) => {
        settle();
        if (!asking.signal.aborted) client.link.refuse(received, error);
      },
    );
  }

  /** Whether an actor's incarnation is dead, as far as that can be known within 150 ms. */
  async report(client: Client, received: Received, fields: Fields<"actor.report">): Promise<void> {
    const { actor_id, incarnation } = fields;
    this.host.watchers.watch(actor_id, client);
    const until = this.host.now() + REPORT_PATIENCE;
    const worker = this.host.workers.find(actor_id, incarnation);
    if (worker && worker.connectable) {
      // A process closes its sockets before it can be waited for: its exit may be on the way.
      if (isEnding(worker.pid) !== false) await this.#ended(worker, REPORT_PATIENCE);
      if (worker.connectable) return this.#say(client, received, { state: "alive", incarnation });
    }
    const death = this.host.deaths.of(actor_id);
    if (death && death.final && death.incarnation >= incarnation) {
      const known = {
        state: "dead",
        incarnation: death.incarnation,
        report: { ...death.report },
      };
      this.#say(client, received, known, death.body);
      return this.#heard(client, actor_id, known);
    }
    const asking = new AbortController();
    const timer = setTimeout(() => asking.abort(), Math.max(1, until - this.host.now()));
    const signal = AbortSignal.any([asking.signal, client.gone.signal]);
    try {
      const answer = await this.host.ask(client, received.message, received.body, signal);
      client.link.passOn(received, answer.fields as Record<string, unknown>, answer.body);
      this.#heard(client, actor_id, answer.fields);
    } catch (error) {
      if (!signal.aborted) return client.link.refuse(received, error);
      // The head is slow or away: what a death here told is all there is to say.
      const known: Reply<"actor.report"> = death && death.incarnation >= incarnation
        ? { state: "restarting", incarnation: death.incarnation, report: { ...death.report } }
        : { state: "alive", incarnation };
      this.#say(client, received, known);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing more becomes of a dead actor. */
  #heard(client: Client, actor_id: string, fields: Record<string, unknown>): void {
    if (fields["state"] === "dead") this.host.watchers.unwatch(actor_id, client);
  }

  #say(
    client: Client,
    received: Received,
    fields: Reply<"actor.report">,
    body?: Uint8Array,
  ): void {
    client.link.reply(received, "actor.report", fields, body);
  }

  #ended(worker: Worker, patience: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        unwait();
        resolve();
      };
      const timer = setTimeout(done, patience);
      const unwait = this.host.watchers.wait(worker.actor_id, () => {
        if (worker.state === "ended") done();
      });
    });
  }

  #locally(worker: Worker): Reply<"actor.locate"> {
    const { node_id, node_ip, cluster } = this.host.facts();
    const { order } = worker;
    const reply: Reply<"actor.locate"> = {
      state: "alive",
      incarnation: worker.incarnation,
      node_id,
      node_ip,
      pid: worker.pid,
      socket: worker.socket,
      cluster,
      class_name: order.class_name,
    };
    if (order.name !== "") reply.name = order.name;
    if (order.namespace !== "") reply.namespace = order.namespace;
    return reply;
  }

  /** The head's answer, with what only this daemon can add. */
  #fromHead(fields: Record<string, unknown>): Record<string, unknown> {
    const { facts, via, workers } = this.host;
    const { node_id, cluster } = facts();
    if (textIn(fields, "node_id") === node_id) {
      const worker = workers.find(textIn(fields, "actor_id"), Number(fields["incarnation"]));
      return { ...fields, cluster, ...(worker?.connectable ? { socket: worker.socket } : {}) };
    }
    // Another machine's path means nothing here, or something else.
    const { socket: _theirs, ...rest } = fields;
    return { ...rest, cluster, via };
  }
}

/** A head for tests: takes nodes in, records what they say, says what the test wants. */
import { accept } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { fieldsOf, Link, type Received } from "../wire/link.ts";
import type { Fields, Message, MessageKind } from "../wire/messages.ts";

const CLUSTER = "c".repeat(56);

/** See the top of this file. */
export class FakeHead implements AsyncDisposable {
  readonly port: number;
  /** The node's present link. */
  link: Link | undefined;
  readonly joins: Fields<"node.join">[] = [];
  readonly events: { fields: Fields<"actor.event">; body: Uint8Array }[] = [];
  /** Everything else that arrived. */
  readonly heard: Received[] = [];
  /** Answers client requests; without one they wait in `asked`. */
  answer: (request: Record<string, unknown>, fields: Fields<"client.request">) =>
    | Record<string, unknown>
    | undefined = () => undefined;
  readonly asked: Received[] = [];
  /** What the next joins are answered with: an error, or nothing. */
  refuse: Error | undefined;
  #listener: Deno.TcpListener;
  #wakes = new Set<() => void>();
  #accepting: Promise<void>;

  constructor(port = 0) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** Waits until `found` returns something, looking after each message. */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = found();
      if (value) return value;
      await new Promise<void>((resolve) => this.#wakes.add(resolve));
    }
  }

  /** The event of this name about this actor, once it is there. */
  async event(event: string, actor_id: string) {
    return await this.until(() => {
      const about = this.events.filter(({ fields }) => fields.actor_id === actor_id);
      const found = about.find(({ fields }) => fields.event === event);
      const died = about.find(({ fields }) => fields.event === "died");
      if (found || !died) return found;
      throw new Error(`It died instead: ${JSON.stringify(died.fields.report)}`);
    });
  }

  send<K extends MessageKind>(message: Message<K>, body?: Uint8Array): void {
    this.link!.send(message, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.link?.close();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    try {
      for await (const stream of this.#listener) await this.#take(stream);
    } catch { /* closed */ }
  }

  async #take(stream: Deno.TcpConn): Promise<void> {
    const identity = { build: "test", keys: new Keyring("secret"), cluster: CLUSTER };
    const opened = await accept(stream, {
      identity,
      peer: "node",
      now: Date.now(),
      roles: ["node", "answer"],
    });
    this.link = new Link(opened.stream, {
      peer: "node",
      decoder: opened.decoder,
      onMessage: (received, link) => this.#message(received, link),
    });
    this.link.start(opened.early);
  }

  #message(received: Received, link: Link): void {
    const { kind } = received.message;
    if (kind === "node.join") {
      this.joins.push(fieldsOf(received, kind));
      if (this.refuse) {
        link.refuse(received, this.refuse);
        this.refuse = undefined;
      } else {
        link.reply(received, kind, {
          cluster: CLUSTER,
          epoch: 1,
          node_ip: "127.0.0.1",
          head_ip: "127.0.0.1",
        });
      }
    } else if (kind === "actor.event") {
      this.events.push({ fields: fieldsOf(received, kind), body: received.body });
    } else if (kind === "client.request") {
      const fields = fieldsOf(received, kind);
      const answer = this.answer(fields.request, fields);
      if (answer) link.passOn(received, answer, new Uint8Array(0));
      else this.asked.push(received);
    } else {
      this.heard.push(received);
      if (kind === "node.leave") link.reply(received, kind, {});
    }
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}

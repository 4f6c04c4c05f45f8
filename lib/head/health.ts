/** Those who ask after the head without being a node: that they were let in, and the cluster's state. */
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { STRANGER_LIMITS } from "../wire/frames.ts";
import type { Opened } from "../wire/handshake.ts";
import { fieldsOf, Link, type Received } from "../wire/link.ts";
import { eventsOf } from "./event_requests.ts";
import { deathsOf, metricsOf, statusOf, tasksOf, workersOf } from "./queries.ts";
import type { HeadState } from "./state.ts";
import { FORMER_TOKEN } from "./token_handover.ts";

/** How long one may stay, in milliseconds: it asks and goes. */
const MOST_MS = 30_000;
/** How many may be there at once; further ones are closed unheard. */
const MOST_LINKS = 64;

/** See the top of this file. */
export class Health {
  #links = new Map<Link, string | undefined>();

  constructor(readonly state: HeadState) {}

  /** Serves one that was let in. */
  serve(opened: Opened, peer: string): void {
    if (this.#links.size >= MOST_LINKS) return opened.stream.close();
    const { clock } = this.state;
    const link = new Link(opened.stream, {
      peer,
      decoder: opened.decoder,
      limits: STRANGER_LIMITS,
      now: () => clock.now(),
      onMessage: (received) => this.#answer(link, received),
    });
    this.#links.set(link, opened.key);
    const stop = clock.after(MOST_MS, () => link.close(new LinkClosed("It stayed for too long")));
    link.closed.then(() => {
      stop();
      this.state.shell.waiting.drop(link);
      this.#links.delete(link);
    });
    link.start(opened.early);
  }

  /** Ends the links of those with a token that is taken no more. */
  endFormer(): void {
    const { keys: { ring }, clock } = this.state;
    for (const [link, key] of this.#links) {
      if (!ring.takes(key, clock.now())) link.close(new LinkClosed(FORMER_TOKEN));
    }
  }

  /** Ends all links. */
  close(): void {
    for (const link of this.#links.keys()) link.close(new LinkClosed("The head ends"));
  }

  #answer(link: Link, received: Received): void {
    const { kind } = received.message;
    switch (kind) {
      case "query.status":
        return link.reply(received, kind, ...statusOf(this.state));
      case "query.workers":
        return link.reply(received, kind, ...workersOf(this.state));
      case "query.tasks":
        return link.reply(received, kind, ...tasksOf(this.state));
      case "query.deaths":
        return link.reply(received, kind, ...deathsOf(this.state));
      case "query.metrics":
        return void metricsOf(this.state, fieldsOf(received, kind)).then(
          (text) => link.reply(received, kind, {}, text),
          (error) => link.refuse(received, error),
        );
      case "query.events":
        return eventsOf(this.state, fieldsOf(received, kind), {
          owner: link,
          give: (fields, body) => link.reply(received, kind, fields, body),
        });
    }
    link.refuse(
      received,
      new RequestFailed(
        "role",
        `Cannot answer \`${kind}\`: who asks after the head's health may ask what the cluster holds only`,
      ),
    );
  }
}

/**
 * The node's side of the cluster's token: it is fetched from the head where this node came by a join
 * token or has a former one, and used when the head says that all nodes have it.
 */
import { RequestFailed } from "../wire/errors.ts";
import { type Answer, fieldsOf, type Link, type Received } from "../wire/link.ts";
import { KeyBoxReceiver } from "../wire/key_box.ts";
import { keyId, type Keyring } from "../wire/keyring.ts";
import type { Fields } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import { withDeadline } from "./deadline.ts";

/** How long the head may take to hand the token over, in milliseconds. */
const FETCH_TIMEOUT = 5000;

/** What the keeper needs of the node. */
export interface TokenKeeperHost {
  /** The node proves with another token from now on: what else was given the former one must follow. */
  changed(token: string): void;
  /** The token that the head keeps in its file, where that is on this machine. */
  kept?(): string | undefined;
  /** Asks the head for a client. */
  ask(client: Client, received: Received): Promise<Answer<"client.request">>;
  log(level: "info" | "warning", text: string): void;
  /** The join token of a daemon whose place this one took. */
  joinedBy?: string | undefined;
}

/** See the top of this file. */
export class TokenKeeper {
  /** The join token by which this node came in. */
  readonly joinedBy: string | undefined;
  /** The connection's secret, of each link. */
  #secrets = new WeakMap<Link, Uint8Array>();
  /** Fetched and taken, but not used yet. */
  #next: { id: string; text: string } | undefined;

  constructor(
    readonly keys: Keyring,
    readonly host: TokenKeeperHost,
    readonly now: () => number = Date.now,
  ) {
    this.joinedBy = keys.credential.join ?? host.joinedBy;
  }

  /**
   * A link to the head is open; a node that has a join token only gets the cluster's token first.
   * @throws {RequestFailed} where the head does not hand it over.
   */
  async opened(link: Link, secret: Uint8Array): Promise<void> {
    this.#secrets.set(link, secret);
    if (this.keys.token === undefined && !this.keys.isOpen) await this.#fetch(link);
  }

  /** There is another token. */
  async changed(link: Link): Promise<void> {
    try {
      await this.#fetch(link);
    } catch (error) {
      // Without it this node is refused when the former one's time is over; then its log says why.
      this.host.log("warning", `The cluster's new token did not come: ${(error as Error).message}`);
    }
  }

  /** All nodes have the token of this id. */
  use({ key, former_ms }: Fields<"token.use">): void {
    if (this.#next?.id === key) this.#use(this.#next.text, former_ms);
  }

  /**
   * The head takes the token no more that this node proves with: what was fetched, but not used yet when
   * the link broke, takes its place; for the head's own node what its file says.
   * @returns whether there is another token to try
   */
  refused(): boolean {
    const text = this.#next?.text ?? this.host.kept?.();
    if (text === undefined || text === this.keys.token) return false;
    this.#use(text, 0);
    return true;
  }

  /** `token.create` of a client: the head keeps account of it, the text is made here. */
  async create(client: Client, received: Received): Promise<void> {
    if (!this.mayManage(client, received)) return;
    try {
      const { token_id } = fieldsOf(received, "token.create");
      const { fields } = await this.host.ask(client, received);
      const made = fields as Record<string, unknown>;
      if (made.key !== this.keys.id) {
        throw new RequestFailed(
          "busy",
          "Cannot make a join token: the cluster's token is being changed",
          "Try again in a few seconds.",
        );
      }
      const answer = { ...made, token: this.keys.joinText(token_id) };
      client.link.passOn(received, answer, new Uint8Array(0));
    } catch (error) {
      client.link.refuse(received, error);
    }
  }

  /** False, and refused, on a machine that was let in by a join token. */
  mayManage(client: Client, received: Received): boolean {
    if (this.joinedBy === undefined) return true;
    const refusal = new RequestFailed(
      "join_token",
      "Cannot manage tokens from this machine: it joined by a join token",
      "Run it on the head's machine, or on one that joined by the cluster's own token.",
    );
    client.link.refuse(received, refusal);
    return false;
  }

  async #fetch(link: Link): Promise<void> {
    const receiver = new KeyBoxReceiver();
    const { fields } = await withDeadline(
      FETCH_TIMEOUT,
      (signal) => link.request({ kind: "token.fetch", public: receiver.public }, { signal }),
    );
    const text = receiver.open(fields, this.#secrets.get(link)!);
    const id = keyId(new TextEncoder().encode(text));
    this.keys.take(text);
    this.#next = { id, text };
    link.send({ kind: "token.have", key: id });
    if (fields.use || this.keys.token === undefined) this.#use(text, fields.former_ms);
  }

  #use(text: string, former_ms: number): void {
    const now = this.now();
    const had = this.keys.token;
    this.#next = undefined;
    this.keys.use(text, now, now + former_ms);
    this.keys.cap(now + former_ms);
    if (had === text) return;
    this.host.changed(text);
    this.host.log(
      "info",
      had === undefined ? "Got the cluster's token" : "The cluster's token was changed",
    );
  }
}

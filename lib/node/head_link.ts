/**
 * The link to the head: made, kept and made again. What clients asked of the head stays until it is
 * answered, and is asked again after the link came back; ids are the askers', so repeats are harmless.
 */
import { type Clock, systemClock } from "../runtime/clock.ts";
import { addressText } from "../wire/address.ts";
import { HEAD_NAME } from "../wire/authority.ts";
import { dialTo } from "../wire/dialing.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { type Identity, type Opened } from "../wire/handshake.ts";
import { type Answer, Link, type Received } from "../wire/link.ts";
import type { Message, MessageKind, Reply } from "../wire/messages.ts";
import { withDeadline } from "./deadline.ts";
import { Heartbeat } from "./heartbeat.ts";

/** How long one attempt to connect may take, in milliseconds. */
const CONNECT_TIMEOUT = 4000;
/** How long the head may take to answer a join. */
const JOIN_ANSWER_TIMEOUT = 10_000;
const SHORTEST_PAUSE = 20;
const LONGEST_PAUSE = 1000;
/** How often a waiting joiner says what it waits for. */
const PROGRESS_INTERVAL = 5000;
/** Refusals that no waiting mends: the head's, and this node's own port. */
const FINAL: readonly string[] = [
  "version",
  "token",
  "cluster",
  "open",
  "role",
  "tls",
  "port",
  "port_taken",
];

type Ask = Message<"client.request">;
type Answered = Answer<"client.request">;

interface Pending {
  message: Ask;
  body: Uint8Array;
  resolve(answer: Answered): void;
  reject(error: Error): void;
}

/** What the link needs of its daemon. */
export interface HeadLinkHost {
  address: { host: string; port: number };
  identity(): Identity;
  /** A link is open and may be used; with the connection's own secret. What it rejects with ends a start. */
  opened(link: Link, secret: Uint8Array): Promise<void>;
  /** What to join with, over a connection from this address of ours. What it throws ends a start. */
  join(local: string): Message<"node.join">;
  message(received: Received, link: Link): void;
  /** Joined, for the first time or again. */
  joined(reply: Reply<"node.join">, cluster: string): void;
  /** It could not be joined once more. */
  away?(away: Away): void;
  /** The head takes no such token; true: there is another to try. */
  refused?(): boolean;
  /** The head took this node for dead: all workers must end before it joins under a new id. */
  declaredDead(): Promise<void>;
  log(level: "info" | "warning" | "error", text: string): void;
}

/** What a simulation replaces. */
export interface HeadLinkOptions {
  clock?: Clock;
  /** Opens a connection to the head; `local` is this side's address on it. */
  open?(host: HeadLinkHost, peer: string): Promise<{ opened: Opened; local: string }>;
}

/** A head that is out of reach. */
export interface Away {
  /** Milliseconds since the epoch. */
  since: number;
  why: string;
  /** What to do, where that is known. */
  mend?: string | undefined;
}

/** See the top of this file. */
export class HeadLink {
  #away: Away | undefined;
  #link: Link | undefined;
  #joined = false;
  #stopped = false;
  /** Why it is not made again, as who asks for something is told. */
  #out: RequestFailed | undefined;
  #pending = new Set<Pending>();
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #heartbeat: Heartbeat;
  /** What failed on this side, which no waiting mends. */
  #own: unknown = this;
  /** Of the latest head that took this node in. */
  #epoch = 0;
  readonly #clock: Clock;
  readonly #open: NonNullable<HeadLinkOptions["open"]>;

  constructor(readonly host: HeadLinkHost, options: HeadLinkOptions = {}) {
    const { clock = systemClock(), open = dialHead } = options;
    this.#clock = clock;
    this.#open = open;
    this.#heartbeat = new Heartbeat({ clock, onSilent: (ms) => this.#silent(ms) });
  }

  get peer(): string {
    return `the head at ${addressText(this.host.address)}`;
  }

  get isJoined(): boolean {
    return this.#joined;
  }

  /** Number of requests that are not answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Since when there is no link, and why, in words; undefined while there is one. */
  get away(): Away | undefined {
    return this.#away;
  }

  /**
   * Joins, trying for `patience` milliseconds, then keeps the link up until {@link stop}.
   * @throws {RequestFailed} where the head refuses for good; {@link LinkClosed} when time is up.
   */
  async start(patience: number, progress: (text: string) => void): Promise<void> {
    const until = this.#clock.now() + patience;
    let told = -Infinity;
    for (let pause = SHORTEST_PAUSE * 5; !this.#stopped; pause = Math.min(pause * 2, 1000)) {
      try {
        await this.#connect();
        this.#loop = this.#keep();
        return;
      } catch (error) {
        if (isFinal(error) || error === this.#own) throw error;
        // Taken in once, without hearing of it, and given up since.
        if (isDeath(error)) await this.host.declaredDead();
        const left = until - this.#clock.now();
        if (left <= 0) throw tooLate(this.peer, patience, error as Error);
        if (this.#clock.now() - told >= PROGRESS_INTERVAL) {
          told = this.#clock.now();
          progress(`Waiting for ${this.peer} (${reasonText(error)}); trying for ${span(left)}.`);
        }
        await this.#pause(Math.min(pause, left));
      }
    }
    throw new LinkClosed("The join was given up");
  }

  /** Sends a message; without a link it is dropped: the report at the next join says the same. */
  send<K extends MessageKind>(message: Message<K>, body?: Uint8Array): void {
    this.#link?.send(message, body);
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#link?.queuedBytes ?? 0;
  }

  /**
   * Asks the head for a client, however often the link must be made for it.
   * @throws {RequestFailed} where the head refuses; the signal's reason where it aborts.
   */
  ask(message: Ask, body: Uint8Array, signal?: AbortSignal): Promise<Answered> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#out) return reject(this.#out);
      const onAbort = () => done(() => reject(signal!.reason));
      const done = (settle: () => void) => {
        signal?.removeEventListener("abort", onAbort);
        this.#pending.delete(pending);
        settle();
      };
      const pending: Pending = {
        message,
        body,
        resolve: (answer) => done(() => resolve(answer)),
        reject: (error) => done(() => reject(error)),
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#pending.add(pending);
      if (this.#joined) this.#put(pending);
    });
  }

  /** Says goodbye where there is a link, waiting at most `patience` milliseconds, and ends it. */
  async stop(reason: string, patience = 1000): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    if (this.#link && this.#joined) {
      const link = this.#link;
      await withDeadline(
        patience,
        (signal) => link.request({ kind: "node.leave", reason }, { signal }),
        this.#clock,
      ).catch(() => {});
    }
    this.close();
    await this.#loop;
  }

  /** Ends it for good: the head has put this node out. What waits, and is asked later, fails with `why`. */
  end(why: RequestFailed): void {
    this.#out = why;
    this.#joined = false;
    this.#away = { since: this.#clock.now(), why: why.message, mend: why.mend };
    this.#wake?.();
    this.#heartbeat.stop();
    this.#link?.close(new LinkClosed(why.message));
    for (const pending of [...this.#pending]) pending.reject(why);
  }

  /** Ends it without a word. */
  close(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#heartbeat.stop();
    this.#link?.close();
    for (const pending of [...this.#pending]) {
      pending.reject(new LinkClosed("The node is being ended"));
    }
  }

  async #keep(): Promise<void> {
    let said = "";
    for (let pause = SHORTEST_PAUSE; !this.#stopped && !this.#out;) {
      if (this.#link && !this.#link.isClosed) {
        const reason = await this.#link.closed;
        this.#joined = false;
        this.#heartbeat.stop();
        if (this.#stopped || this.#out) return;
        this.#away = { since: this.#clock.now(), why: reasonText(reason) };
        this.host.log("warning", `The link to ${this.peer} is down: ${reason.message}`);
        pause = SHORTEST_PAUSE;
      }
      await this.#pause(pause);
      if (this.#stopped) return;
      try {
        await this.#connect();
        this.host.log("info", `Joined ${this.peer} again`);
        said = "";
      } catch (error) {
        if (isDeath(error)) {
          this.host.log("error", `${error.message}; ending all workers and joining anew`);
          await this.host.declaredDead().catch(({ message }: Error) =>
            this.host.log("error", `Joining anew: ${message}`)
          );
          pause = SHORTEST_PAUSE;
          continue;
        }
        const isToken = error instanceof RequestFailed && error.code === "token";
        if (isToken && this.host.refused?.()) {
          pause = SHORTEST_PAUSE;
          continue;
        }
        const text = reasonText(error);
        if (this.#away) {
          const mend = error instanceof RequestFailed ? error.mend : undefined;
          this.#away = { since: this.#away.since, why: text, mend };
          this.host.away?.(this.#away);
        }
        if (text !== said) this.host.log("warning", `Cannot reach ${this.peer}: ${text}`);
        said = text;
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  async #connect(): Promise<void> {
    const { host } = this;
    const { peer } = this;
    const { opened, local } = await this.#open(host, peer);
    // What a head asks for in one breath with its answer: it may turn out to be an earlier head.
    let early: Received[] | undefined = [];
    const link: Link = new Link(opened.stream, {
      peer,
      decoder: opened.decoder,
      now: () => this.#clock.now(),
      onMessage: (received) => early ? early.push(received) : host.message(received, link),
    });
    link.start(opened.early);
    try {
      await host.opened(link, opened.secret);
      if (this.#stopped) throw new LinkClosed("The node is being ended");
      const message = this.#join(local);
      const answer = withDeadline(
        JOIN_ANSWER_TIMEOUT,
        (signal) => link.request(message, { signal }),
        this.#clock,
      );
      // What happens from here on is not in the report: it must follow it on the link.
      this.#link = link;
      const { fields } = await answer;
      if (this.#stopped) throw new LinkClosed("The node is being ended");
      if (fields.epoch < this.#epoch) throw new LinkClosed(staleText(fields.epoch, this.#epoch));
      this.#epoch = fields.epoch;
      this.#joined = true;
      this.#away = undefined;
      this.#heartbeat.start(link);
      host.joined(fields, opened.cluster);
      const held = early;
      early = undefined;
      for (const received of held) host.message(received, link);
      for (const pending of this.#pending) this.#put(pending);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  #join(local: string): Message<"node.join"> {
    try {
      return this.host.join(local);
    } catch (error) {
      this.#own = error;
      throw error;
    }
  }

  #put(pending: Pending): void {
    this.#link!.request(pending.message, { body: pending.body }).then(
      pending.resolve,
      (error: Error) => {
        if (error instanceof LinkClosed && !this.#stopped) return; // asked again at the next join
        pending.reject(error);
      },
    );
  }

  #silent(ms: number): void {
    this.#link?.close(new LinkClosed(`${this.peer} has been silent for ${ms} ms`));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#wake = () => {
        stop();
        resolve();
      };
      if (this.#stopped) this.#wake();
    });
  }
}

async function dialHead(
  host: HeadLinkHost,
  peer: string,
): Promise<{ opened: Opened; local: string }> {
  const opened = await dialTo(host.address, {
    identity: host.identity(),
    role: "node",
    peer,
    ms: CONNECT_TIMEOUT,
    name: HEAD_NAME,
  });
  return { opened, local: opened.local };
}

function isFinal(error: unknown): boolean {
  return error instanceof RequestFailed && FINAL.includes(error.code);
}

function isDeath(error: unknown): error is RequestFailed {
  return error instanceof RequestFailed && error.code === "declared_dead";
}

function staleText(epoch: number, known: number): string {
  return `a head of epoch ${epoch} answered, and this node has been in one of epoch ${known}: it is ` +
    "an earlier head, or its journal is an old copy";
}

function tooLate(peer: string, patience: number, last: Error): RequestFailed {
  return new RequestFailed(
    "unreachable",
    `Cannot join ${peer}: it could not be reached within ${span(patience)} (${reasonText(last)}).`,
    "Start it there with `beam up --head`, or check the address and that a firewall lets the port " +
      "through.",
  );
}

function reasonText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\)/, "").replace(/\.$/, "");
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

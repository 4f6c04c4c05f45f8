/**
 * The link to the head: takes events, says whether it is there, and comes back by itself. A hidden page lets
 * go after a while, because a browser opens few connections to one server, for all its tabs together.
 */
import type { BoardMessage } from "../board.ts";

/** Without an event for so long the link counts as lost: the head sends one every 10 s. In milliseconds. */
const SILENCE_MS = 25_000;
/** How often to try again, in milliseconds. */
const RETRY_MS = 1500;
/** How long a hidden page keeps its link, in milliseconds. */
const HIDDEN_MS = 60_000;

/** - `connecting`: not yet there, `live`, `lost`, `asleep`: let go on purpose, `closed`: logged out. */
export type LinkState = "connecting" | "live" | "lost" | "asleep" | "closed";

/** What hears of it. */
export interface LinkListener {
  onMessage(message: BoardMessage): void;
  /** The head's clock. */
  onBeat(now: number): void;
  onState(state: LinkState): void;
  /** The session has ended. */
  onEnd(): void;
}

/** What it needs of the browser. */
export interface LinkPlatform {
  open(url: string): EventSource;
  /** Whether somebody is logged in; rejects where the head does not answer. */
  isOpen(): Promise<boolean>;
  after(ms: number, run: () => void): () => void;
}

/** See the top of this file. */
export class Connection {
  #source: EventSource | undefined;
  /** The last event's id: the head sends what has changed since. */
  #last = "";
  #state: LinkState = "closed";
  #stopSilence = () => {};
  #stopRetry = () => {};
  #stopHidden = () => {};

  constructor(readonly platform: LinkPlatform, readonly listener: LinkListener) {}

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    this.#drop();
    this.#say(this.#state === "lost" ? "lost" : "connecting");
    const since = this.#last === "" ? "" : `?since=${encodeURIComponent(this.#last)}`;
    const source = this.platform.open(`/api/events${since}`);
    this.#source = source;
    this.#heard();
    const ours = (run: (event: MessageEvent<string>) => void) => (event: MessageEvent<string>) => {
      if (this.#source !== source) return;
      this.#heard();
      run(event);
    };
    source.addEventListener(
      "rows",
      ours(({ data, lastEventId }) => {
        this.#last = lastEventId;
        this.#say("live");
        this.listener.onMessage(JSON.parse(data));
      }),
    );
    source.addEventListener(
      "beat",
      ours(({ data }) => {
        this.#say("live");
        this.listener.onBeat(Number(data));
      }),
    );
    source.addEventListener("end", ours(() => this.#end()));
    source.onerror = () => {
      if (this.#source === source) this.#lost();
    };
  }

  /** Lets go; nothing is heard any more. */
  close(): void {
    this.#drop();
    this.#last = "";
    this.#stopHidden();
    this.#say("closed");
  }

  /** The page is hidden, or seen again. */
  hidden(isHidden: boolean): void {
    this.#stopHidden();
    if (this.#state === "closed") return;
    if (!isHidden) return this.#state === "asleep" ? this.start() : undefined;
    this.#stopHidden = this.platform.after(HIDDEN_MS, () => {
      this.#drop();
      this.#say("asleep");
    });
  }

  #heard(): void {
    this.#stopSilence();
    this.#stopSilence = this.platform.after(SILENCE_MS, () => this.#lost());
  }

  /** The browser's own attempts stop at the first answer that is no stream: ours find out what it means. */
  #lost(): void {
    this.#drop();
    this.#say("lost");
    this.#stopRetry = this.platform.after(RETRY_MS, async () => {
      try {
        const open = await this.platform.isOpen();
        if (this.#state !== "lost") return;
        if (open) this.start();
        else this.#end();
      } catch {
        if (this.#state === "lost") this.#lost();
      }
    });
  }

  #end(): void {
    this.close();
    this.listener.onEnd();
  }

  #drop(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#stopSilence();
    this.#stopRetry();
  }

  #say(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.listener.onState(state);
  }
}

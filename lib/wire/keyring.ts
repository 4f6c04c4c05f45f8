/**
 * The tokens of one cluster as one process knows them: the one that it proves with, those that it
 * takes besides, for a while after the token was changed, and when former ones were changed.
 *
 * A token's UTF-8 bytes are a key. Peers name a key by its id, which tells nothing of it: a listener
 * proves nothing to a dialer that does not know the id.
 */
import { joinToken, joinTokenText, parseJoinToken } from "./join_token.ts";
import { keyedHash } from "./keyed_hash.ts";

/** What a dialer proves with, and how it says so. */
export interface Credential {
  /** Empty: none, in an open cluster. */
  secret: Uint8Array;
  /** The id of the token, where it is one. */
  key?: string;
  /** The id of the join token, where it is one. */
  join?: string;
}

const NO_SECRET = new Uint8Array(0);

/** The id of a token: 16 hex digits. */
export function keyId(token: Uint8Array): string {
  return keyedHash(token, "beam key id").toHex().slice(0, 16);
}

interface Key {
  text: string;
  secret: Uint8Array;
  id: string;
}

/** See the top of this file. */
export class Keyring {
  #current: Key | undefined;
  #join: ReturnType<typeof parseJoinToken>;
  /** Taken besides the current one; in milliseconds since the epoch, by this machine's clock. */
  #others = new Map<string, Key & { until: number }>();
  #replaced = new Map<string, number>();

  /** @param text the token or join token; empty: the cluster is open */
  constructor(text = "") {
    this.#join = parseJoinToken(text);
    if (!this.#join && text !== "") this.#current = keyOf(text);
  }

  /** No token at all. */
  get isOpen(): boolean {
    return !this.#current && !this.#join;
  }

  /** The token that is proven with; undefined in an open cluster, or where only a join token is here. */
  get token(): string | undefined {
    return this.#current?.text;
  }

  /** The id of {@link token}. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** What to dial with. */
  get credential(): Credential {
    if (this.#current) return { secret: this.#current.secret, key: this.#current.id };
    if (this.#join) return { secret: this.#join.secret, join: this.#join.id };
    return { secret: NO_SECRET };
  }

  /** The key that a dialer names, where it is taken. */
  find(id: string, now: number): Uint8Array | undefined {
    if (id === this.#current?.id) return this.#current.secret;
    const other = this.#others.get(id);
    return other && other.until > now ? other.secret : undefined;
  }

  /** Whether what was opened by that token may go on; without one it was let in otherwise. */
  takes(id: string | undefined, now: number): boolean {
    return id === undefined || this.find(id, now) !== undefined;
  }

  /** The tokens that are taken at present. */
  taken(now: number): string[] {
    const others = [...this.#others.values()].filter(({ until }) => until > now);
    return [this.#current, ...others].flatMap((key) => key ? [key.text] : []);
  }

  /** When that token was changed for another; undefined where it never was this cluster's. */
  replacedAt(id: string): number | undefined {
    return this.#replaced.get(id);
  }

  /** Remembers a token that is good no more. */
  remember(id: string, replaced_at: number): void {
    this.#replaced.set(id, replaced_at);
  }

  /** Takes this token besides, until then. */
  take(text: string, until = Infinity): void {
    const key = keyOf(text);
    if (key.id !== this.#current?.id) this.#others.set(key.id, { ...key, until });
  }

  /** Proves with this token from now on, and takes the former one until `until`. */
  use(text: string, now: number, until: number): void {
    const key = keyOf(text);
    const former = this.#current;
    if (former?.id === key.id) return;
    this.#join = undefined;
    this.#others.delete(key.id);
    this.#current = key;
    if (!former) return;
    this.#replaced.set(former.id, now);
    this.#others.set(former.id, { ...former, until });
  }

  /** Takes no former token beyond `until`. */
  cap(until: number): void {
    for (const other of this.#others.values()) other.until = Math.min(other.until, until);
  }

  /** The text of the join token of this id. @throws {Error} in a cluster without a token */
  joinText(id: string): string {
    if (!this.#current) throw new Error("There is no token to make a join token from");
    return joinTokenText(joinToken(this.#current.secret, id));
  }
}

function keyOf(text: string): Key {
  const secret = new TextEncoder().encode(text);
  return { text, secret, id: keyId(secret) };
}

/**
 * Join tokens as the head knows them: ids, how long they are good, how often they were used. Their
 * secrets are nowhere: they follow from the cluster's token and the id.
 */
import { RequestFailed } from "../wire/errors.ts";
import { isJoinTokenId, joinToken } from "../wire/join_token.ts";
import type { Keyring } from "../wire/keyring.ts";
import { shown } from "../wire/shown.ts";
import type { Fields } from "../wire/messages.ts";
import { dateText } from "./cluster_keys.ts";
import type { Journal } from "./journal.ts";

/** How many are remembered. */
const MOST = 1000;
const LONGEST_NAME = 64;
/** Longest life, in milliseconds: ten years. */
const LONGEST_LIFE = 10 * 365 * 24 * 3_600_000;

/** One join token. Times in milliseconds since the epoch. */
export interface JoinTokenRow {
  id: string;
  name: string;
  /** The id of the cluster's token that it was made from. */
  key: string;
  created: number;
  expires: number;
  revoked: number | null;
  /** How many nodes joined by it. */
  uses: number;
}

/** A join token that is asked for. */
export type Wanted = Fields<"token.create">;

/** For listings. */
export interface JoinTokenView extends Omit<JoinTokenRow, "key"> {
  state: "good" | "expired" | "revoked" | "replaced";
}

/** See the top of this file. */
export class JoinTokens {
  #rows = new Map<string, JoinTokenRow>();

  constructor(readonly journal: Journal, readonly keys: Keyring) {
    for (const row of journal.records("join_tokens") as JoinTokenRow[]) this.#rows.set(row.id, row);
  }

  /** @throws {RequestFailed} for an open cluster, a lifetime or a name that cannot be. */
  create({ token_id, name: called, ttl_ms }: Wanted, now: number): JoinTokenRow {
    const made = this.#rows.get(token_id);
    if (made) return made; // asked again
    const name = called ?? "";
    if (!isJoinTokenId(token_id)) {
      throw new RequestFailed(
        "bad_request",
        "Cannot make a join token: its id must be 16 hex digits",
      );
    }
    this.#checkNew(name, ttl_ms, now);
    this.#prune(now);
    const row: JoinTokenRow = {
      id: token_id,
      name,
      key: this.keys.id!,
      created: now,
      expires: now + ttl_ms,
      revoked: null,
      uses: 0,
    };
    this.#put(row);
    return row;
  }

  /** All, the newest last. */
  list(now: number): JoinTokenView[] {
    return [...this.#rows.values()].map(({ key, ...row }) => ({
      ...row,
      state: this.#stateOf({ key, ...row }, now),
    }));
  }

  /** Makes it good no more. @throws {RequestFailed} where there is none of this id or name. */
  revoke(called: string, now: number): JoinTokenView {
    const found = [...this.#rows.values()].filter((row) =>
      row.id === called || row.name === called
    );
    const row = found.find((one) => this.#stateOf(one, now) === "good") ?? found.at(-1);
    if (!row) {
      throw new RequestFailed(
        "no_token",
        `Cannot revoke the join token ${called}: there is none of this id or name`,
        "`beam token list` shows them.",
      );
    }
    if (row.revoked === null) this.#put({ ...row, revoked: now });
    return this.list(now).find(({ id }) => id === row.id)!;
  }

  /** True where it was revoked. */
  isRevoked(id: string): boolean {
    return this.#rows.get(id)?.revoked !== null && this.#rows.has(id);
  }

  /** A node joined by it. */
  used(id: string): void {
    const row = this.#rows.get(id);
    if (row) this.#put({ ...row, uses: row.uses + 1 });
  }

  /** What its holder proves with. @throws {RequestFailed} where it is not good, saying why. */
  secret(id: string, peer: string, now: number): Uint8Array {
    const row = this.#rows.get(id);
    const key = row && this.keys.find(row.key, now);
    const state = row && this.#stateOf(row, now);
    if (row && key && state === "good") return joinToken(key, id).secret;
    const called = !row ? shown(id) : row.name ? `${id} (${row.name})` : id;
    const why = !row
      ? `this cluster knows no join token ${called}`
      : state === "revoked"
      ? `its join token ${called} was revoked on ${dateText(row.revoked!)}`
      : state === "expired"
      ? `its join token ${called} expired on ${dateText(row.expires)}`
      : `its join token ${called} was made before the cluster's token was changed`;
    throw new RequestFailed(
      "token",
      `Cannot let ${peer} in: ${why}`,
      "Make another with `beam token create` on the head's machine.",
    );
  }

  #stateOf(row: JoinTokenRow, now: number): JoinTokenView["state"] {
    if (row.revoked !== null) return "revoked";
    if (row.expires <= now) return "expired";
    return this.keys.find(row.key, now) ? "good" : "replaced";
  }

  #checkNew(name: string, ttl_ms: number, now: number): void {
    if (this.keys.isOpen) {
      throw new RequestFailed(
        "open",
        "Cannot make a join token: this cluster is open, whoever reaches it may join",
        "Start the head with a token: `beam up --head`, or `RAY_AUTH_MODE=token ray start --head`.",
      );
    }
    if (!(ttl_ms > 0 && ttl_ms <= LONGEST_LIFE)) {
      throw new RequestFailed(
        "bad_request",
        `Cannot make a join token: its lifetime must be above 0 and at most ten years, got ${ttl_ms} ms`,
        "Use --ttl, for example --ttl 1h.",
      );
    }
    if (name.length > LONGEST_NAME || /[^\w.:@-]/.test(name)) {
      throw new RequestFailed(
        "bad_request",
        `Cannot make a join token: its name must be at most ${LONGEST_NAME} letters, digits and ` +
          `_ . : @ -, got ${JSON.stringify(name.slice(0, LONGEST_NAME))}`,
        "Use --name, for example --name rack-3.",
      );
    }
    const taken = [...this.#rows.values()].some((row) =>
      name !== "" && row.name === name && this.#stateOf(row, now) === "good"
    );
    if (!taken) return;
    throw new RequestFailed(
      "name_taken",
      `Cannot make a join token ${name}: there is one that is good`,
      `Use another --name, or revoke it first: \`beam token revoke ${name}\`.`,
    );
  }

  /** The oldest that are good no more go; where all are good there is no room. */
  #prune(now: number): void {
    const spent = [...this.#rows.values()].filter((row) => this.#stateOf(row, now) !== "good");
    for (const { id } of spent.slice(0, this.#rows.size - MOST + 1)) {
      this.#rows.delete(id);
      this.journal.deleteRecord("join_tokens", id);
    }
    if (this.#rows.size < MOST) return;
    throw new RequestFailed(
      "too_many",
      `Cannot make a join token: there are ${MOST} that are good`,
      "Revoke some: `beam token list`, `beam token revoke ID`.",
    );
  }

  #put(row: JoinTokenRow): void {
    this.#rows.set(row.id, row);
    this.journal.putRecord("join_tokens", row.id, row);
  }
}

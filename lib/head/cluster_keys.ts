/**
 * The head's tokens of the cluster: the one that it was started with or that `beam token rotate` made,
 * and former ones that are honoured for a while.
 *
 * After a change the journal has the last word: the daemon that starts this head again may not have
 * heard of it yet. A former token that a person gives at a start is refused, and a token that was
 * never this cluster's takes the place of the one there is.
 */
import { newToken } from "../runtime/token.ts";
import { writeWhole } from "../runtime/whole_file.ts";
import { keyId, Keyring } from "../wire/keyring.ts";
import { ConfigError } from "./config.ts";
import type { Journal } from "./journal.ts";

/** How many former tokens are remembered, to tell their holders when they were changed. */
const MOST_FORMER = 100;

/** A token in the journal. Times in milliseconds since the epoch. */
interface KeyRow {
  id: string;
  /** Null once it is not honoured any more. */
  text: string | null;
  since: number;
  /** Null: it is the present one. */
  replaced_at: number | null;
  /** Until when it is honoured. */
  until: number | null;
  /** The name of the change that made it, where one did. */
  change?: string;
  /** Ids of the nodes that were put out by it. */
  without?: readonly string[];
}

/** What they are made from. */
export interface ClusterKeysParts {
  journal: Journal;
  /** The token that the configuration says; absent or empty: the cluster is open. */
  token: string | undefined;
  /** A head of this cluster ran under the same daemon before. */
  again: boolean;
  /** Where the present token is kept for people. */
  file: string;
  now: number;
}

/** See the top of this file. */
export class ClusterKeys {
  readonly ring: Keyring;
  readonly file: string;
  #journal: Journal;
  #rows = new Map<string, KeyRow>();

  /** @throws {ConfigError} where the token was changed for another. */
  constructor({ journal, token = "", again, file, now }: ClusterKeysParts) {
    this.#journal = journal;
    this.file = file;
    for (const row of journal.records("keys") as KeyRow[]) this.#rows.set(row.id, row);
    const last = [...this.#rows.values()].find((row) => row.replaced_at === null);
    const given = token === "" ? undefined : keyId(new TextEncoder().encode(token));
    if (given === undefined || last === undefined || last.id === given) {
      this.ring = new Keyring(token);
    } else if (!this.#rows.has(given)) {
      this.#replace(last, now, now);
      this.ring = new Keyring(token);
      this.#put({ id: given, text: token, since: now, replaced_at: null, until: null });
    } else if (again) {
      this.ring = new Keyring(last.text!);
      this.#keep();
    } else {
      throw new ConfigError(
        "Cannot start the head: the token that it was given was changed on " +
          `${dateText(this.#rows.get(given)!.replaced_at!)} for another.`,
        `Leave the former one out (BEAM_TOKEN, --token-file): the new one is in ${file}.`,
      );
    }
    for (const { id, text, replaced_at, until } of this.#rows.values()) {
      if (replaced_at === null || id === this.ring.id) continue;
      this.ring.remember(id, replaced_at);
      if (text !== null && until !== null && until > now) this.ring.take(text, until);
    }
    this.forget(now);
  }

  /**
   * Makes another token, and takes the former one for `grace` milliseconds more; none that is former,
   * from now on, where nodes are put out.
   * @throws {Error} where it cannot be written down; nothing has changed then.
   */
  renew(grace: number, now: number, change: string, without: readonly string[] = []): void {
    const former = this.ring.token!;
    const row = { text: former, since: now, ...this.#rows.get(this.ring.id!), id: this.ring.id! };
    const text = newToken();
    const id = keyId(new TextEncoder().encode(text));
    writeWhole(this.file, text + "\n", 0o600);
    const isOut = without.length > 0;
    const until = isOut ? now : now + grace;
    this.#replace({ ...row, replaced_at: null, until: null }, now, until);
    this.#put({
      id,
      text,
      since: now,
      replaced_at: null,
      until: null,
      change,
      ...(isOut && { without }),
    });
    this.ring.use(text, now, until);
    if (isOut) this.#honourNone(now);
    this.forget(now);
  }

  #honourNone(now: number): void {
    for (const row of this.#rows.values()) {
      if (row.until !== null && row.until > now) this.#put({ ...row, until: now });
    }
    this.ring.cap(now);
  }

  /** Takes the token that was replaced last for `grace` milliseconds from now. */
  honourFormer(grace: number, now: number): void {
    const former = [...this.#rows.values()].filter((row) => row.replaced_at !== null);
    const last = former.toSorted((a, b) => a.replaced_at! - b.replaced_at!).at(-1);
    if (!last || last.text === null) return;
    this.#put({ ...last, until: now + grace });
    this.ring.take(last.text, now + grace);
  }

  /** Forgets the texts of tokens that are honoured no more, and the oldest of many. */
  forget(now: number): void {
    const former = [...this.#rows.values()].filter((row) => row.replaced_at !== null);
    for (const row of former) {
      if (row.text !== null && row.until! <= now) this.#put({ ...row, text: null });
    }
    for (const { id } of former.slice(0, Math.max(0, former.length - MOST_FORMER))) {
      this.#rows.delete(id);
      this.#journal.deleteRecord("keys", id);
    }
  }

  /** The name of the change that made the present token, where one did. */
  get change(): string | undefined {
    return this.#rows.get(this.ring.id ?? "")?.change;
  }

  /** The nodes that were put out by that change. */
  get without(): readonly string[] {
    return this.#rows.get(this.ring.id ?? "")?.without ?? [];
  }

  /** For how many milliseconds the last former token is still honoured. */
  graceLeft(now: number): number {
    const ends = [...this.#rows.values()].map(({ until }) => until ?? 0);
    return Math.max(0, Math.max(0, ...ends) - now);
  }

  #replace(row: KeyRow, now: number, until: number): void {
    this.#put({ ...row, replaced_at: now, until });
  }

  #put(row: KeyRow): void {
    this.#rows.set(row.id, row);
    this.#journal.putRecord("keys", row.id, row);
  }

  /** The head ended between the journal and the file. */
  #keep(): void {
    try {
      if (Deno.readTextFileSync(this.file).trim() === this.ring.token) return;
    } catch { /* it is written now */ }
    writeWhole(this.file, this.ring.token + "\n", 0o600);
  }
}

/** `2026-11-21 16:05 UTC`. */
export function dateText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

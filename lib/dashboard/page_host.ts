/** What the page needs of the head besides jobs. */
import type { ActorDetails, LogFile } from "./picture.ts";
import type { Board } from "./board.ts";
import type { PageFiles } from "./page_files.ts";

/** A session in the head's journal. Times in milliseconds since the epoch. */
export interface SessionRow {
  /** Digest of what the cookie says. */
  id: string;
  /** Digest of the token that it was opened with: it ends with that one. */
  key: string;
  opened: number;
  until: number;
}

/** Where sessions outlive the head. */
export interface SessionStore {
  all(): SessionRow[];
  put(row: SessionRow): void;
  delete(id: string): void;
}

/** See the top of this file. */
export interface PageHost {
  /** The page's own files. */
  load(): Promise<PageFiles>;
  sessions: SessionStore;
  board: Board;
  /** The head's clock. */
  now(): number;
  /** Somebody watches the board until the signal aborts: it is kept up to date meanwhile. */
  watch(signal: AbortSignal): void;
  /** Settles when the board has another version than `version`, or the signal aborts. */
  changed(version: number | undefined, signal: AbortSignal): Promise<void>;
  actor(id: string): ActorDetails | undefined;
  /** Log files of a node. @throws {HttpFailure} 404 or 503 where it cannot be asked */
  logs(node_id: string): Promise<LogFile[]>;
  /** A log file's last `lines` lines, as it grows, until the signal aborts. */
  followLog(
    node_id: string,
    name: string,
    options: { lines: number; signal: AbortSignal },
  ): AsyncIterable<string>;
  /** Starts the doctor over all nodes; its findings come to the board. False: it runs already. */
  runDoctor(): boolean;
}

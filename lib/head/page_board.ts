/**
 * Keeps the page's board up to date while somebody watches it. Nothing is done while nobody does, and
 * never more than a small part of the head's time: a picture that took long is made less often.
 */
import { Board } from "../dashboard/board.ts";
import type { DoctorRow, EventRow, FindingRow } from "../dashboard/picture.ts";
import { bookRows, clusterRow, readingsRow, taskRows } from "./page_rows.ts";
import type { HeadState } from "./state.ts";

/** How often it is looked what has changed, in milliseconds. */
const LOOK_MS = 1000;
/** A picture may take one part in so many of the head's time. */
const SHARE = 25;
/** Tasks are counted every so many looks: thousands are unpacked for it. */
const TASK_LOOKS = 5;
/** Events that the page has. */
const MOST_EVENTS = 1000;

/** What the doctor says, where there is one. */
export interface DoctorNews {
  row: DoctorRow;
  findings: readonly FindingRow[];
}

/** What the board has from elsewhere. */
export interface BoardSources {
  doctor(): DoctorNews;
  /** What changes when the page's own files do. */
  digest(): Promise<string>;
}

/** See the top of this file. */
export class PageBoard {
  readonly board = new Board();
  #watchers = 0;
  #waiting = new Set<() => void>();
  #stop: (() => void) | undefined;
  #looks = 0;
  #events = 0;
  #page = "";
  readonly #started: number;

  constructor(readonly state: HeadState, readonly sources: BoardSources) {
    this.#started = state.clock.now();
  }

  /** Up to date until the signal aborts. */
  watch(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watchers += 1;
    signal.addEventListener("abort", () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.close();
    }, { once: true });
    if (this.#stop) return;
    this.sources.digest().then((digest) => this.#page = digest, () => {});
    this.#look();
  }

  /** Settles when the board has another version, or the signal aborts. */
  changed(version: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.board.version !== version || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }

  /** Looks no more, until somebody watches again. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Something is to be told before the next look. */
  now(): void {
    if (!this.#stop) return;
    this.#stop();
    this.#look();
  }

  #look(): void {
    const begun = performance.now();
    const { version } = this.board;
    try {
      this.#draw();
    } catch (error) {
      this.state.log.write("error", `the page's picture failed: ${(error as Error).stack}`);
    }
    const took = performance.now() - begun;
    this.#stop = this.state.clock.after(Math.max(LOOK_MS, took * SHARE), () => this.#look());
    if (this.board.version !== version) { for (const done of [...this.#waiting]) done(); }
  }

  #draw(): void {
    const { state, board } = this;
    board.update("cluster", [["", {
      ...clusterRow(state),
      page: this.#page,
      started_at: this.#started,
    }]]);
    const rows = bookRows(state);
    for (const [name, table] of Object.entries(rows)) board.update(name, table);
    void state.readings.want();
    board.update(
      "readings",
      rows.nodes.flatMap(([id]) => {
        const readings = state.readings.get(id);
        return readings ? [[id, readingsRow(readings, state.readings.rtt(id))] as const] : [];
      }),
    );
    if (this.#looks++ % TASK_LOOKS === 0) {
      board.update("tasks", taskRows(state.tasks.view(state.brain.books, state.workers)));
    }
    const doctor = this.sources.doctor();
    board.update("doctor", [["", doctor.row]]);
    board.update("findings", doctor.findings.map((one, at) => [String(at), one] as const));
    this.#addEvents();
  }

  #addEvents(): void {
    const { events } = this.state;
    const fresh = this.#events === 0 ? events.newest(MOST_EVENTS) : events.since(this.#events);
    this.#events = Math.max(events.last, 1);
    const rows = fresh.slice(-MOST_EVENTS).map((one): [string, EventRow] => [String(one.seq), one]);
    this.board.append("events", rows, MOST_EVENTS);
  }
}

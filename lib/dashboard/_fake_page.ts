/** A head's side of the page for tests: one actor, one log, and sessions in memory. */
import { Board } from "./board.ts";
import { Login } from "./login.ts";
import type { PageHost, SessionRow, SessionStore } from "./page_host.ts";
import type { ActorRow } from "./picture.ts";

/** Sessions that end with the test. */
export function fakeSessions(rows = new Map<string, SessionRow>()): SessionStore {
  return {
    all: () => [...rows.values()],
    put: (row) => rows.set(row.id, row),
    delete: (id) => rows.delete(id),
  };
}

/** A login over such sessions. */
export function fakeLogin(cluster: string, now = () => 0): Login {
  return new Login({ sessions: fakeSessions(), now, cluster });
}

/** See the top of this file. */
export function fakePage(changes: Partial<PageHost> = {}): PageHost {
  const board = new Board();
  board.update("nodes", [["n1", { id: "n1" }]]);
  const names = ["index.html", "page.js", "page.css", "icon.svg"];
  const files = new Map(names.map((path) => {
    const bytes = new TextEncoder().encode(`<main>${path}</main>`);
    return [path, { path, bytes, mode: 0o644 }];
  }));
  return {
    load: () => Promise.resolve({ digest: "d", files }),
    sessions: fakeSessions(),
    board,
    now: () => 0,
    watch() {},
    changed: (_, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    actor: (id) => id === "a1" ? { actor: { id } as ActorRow, deaths: [], events: [] } : undefined,
    logs: () => Promise.resolve([]),
    async *followLog(_, name, { lines }) {
      yield `${lines} lines of ${name}\n`;
    },
    runDoctor: () => true,
    ...changes,
  };
}

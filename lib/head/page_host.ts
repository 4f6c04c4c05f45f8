/** What the head does for the page: its board, its logs, an actor in all detail, the doctor. */
import { deathsView } from "../cluster/deaths.ts";
import { actorText } from "../cluster/actors.ts";
import { actorView } from "../cluster/views.ts";
import { loadPage } from "../dashboard/page_files.ts";
import type { PageHost, SessionRow, SessionStore } from "../dashboard/page_host.ts";
import type { ActorDetails, DeathDetails } from "../dashboard/picture.ts";
import type { Journal } from "./journal.ts";
import { PageBoard } from "./page_board.ts";
import { PageDoctor } from "./page_doctor.ts";
import { followLog, logFiles } from "./page_logs.ts";
import { actorRow } from "./page_rows.ts";
import type { HeadState } from "./state.ts";

/** Events of one actor that are shown. */
const MOST_EVENTS = 200;

/**
 * See the top of this file.
 * @param load reads the page's own files
 */
export function pageHost(state: HeadState, load = loadPage): PageHost {
  const doctor = new PageDoctor(state, () => board.now());
  const board = new PageBoard(state, {
    doctor: () => doctor.news,
    digest: async () => (await load()).digest,
  });
  return {
    load,
    sessions: sessionStore(state.shell.journal),
    board: board.board,
    now: () => state.clock.now(),
    watch: (signal) => board.watch(signal),
    changed: (version, signal) => board.changed(version, signal),
    actor: (id) => actorDetails(state, id),
    logs: (node_id) => logFiles(state, node_id),
    followLog: (node_id, name, options) => followLog(state, { node_id, name, ...options }),
    runDoctor: () => doctor.run(),
  };
}

function actorDetails(
  { brain: { books }, events }: HeadState,
  id: string,
): ActorDetails | undefined {
  const actor = books.actors.get(id);
  if (!actor) return undefined;
  const known = deathsView(books);
  const deaths = known.filter(({ actor_id }) => actor_id === id).map((one): DeathDetails => {
    const first = known.find(({ death_id }) => death_id === one.first);
    return {
      id: one.death_id,
      heard_at: one.heard_at,
      life: one.incarnation,
      restarted: one.restarted,
      report: one.report,
      ...(first && {
        first: {
          id: first.death_id,
          actor_id: first.actor_id,
          who: first.report.who ?? actorText(first),
          heard_at: first.heard_at,
          report: first.report,
        },
      }),
    };
  });
  return {
    actor: actorRow(actorView(books, actor)),
    ...(actor.death && { death: actor.death }),
    deaths: deaths.sort((a, b) => a.life - b.life),
    events: events.since(0).filter(({ actor_id }) => actor_id === id).slice(-MOST_EVENTS),
  };
}

function sessionStore(journal: Journal): SessionStore {
  return {
    all: () => journal.records("sessions") as SessionRow[],
    // Written at once: a head that ends now must neither forget who came in nor who went out.
    put(row) {
      journal.putRecord("sessions", row.id, row);
      journal.flush();
    },
    delete(id) {
      journal.deleteRecord("sessions", id);
      journal.flush();
    },
  };
}

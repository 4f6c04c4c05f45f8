/** What `ray list` and `ray get` know: each kind, whom to ask for it, and the column of its id. */
import { UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";
import { LISTED, type Listed, type Row, rowsOf } from "./ray_rows.ts";
import { type ClusterEvent, MOST_EVENTS } from "../head/event_log.ts";
import {
  environmentRows,
  eventRow,
  taskRow,
  type TaskView,
  workerRow,
  type WorkerView,
} from "./ray_process_rows.ts";
import { askJson, clusterStatus, type Query } from "./status_source.ts";

/** Everything that can be listed. */
export const KINDS = [...LISTED, "workers", "tasks", "runtime-envs", "cluster-events"] as const;
export type Kind = typeof KINDS[number];

/** What Ray lists and only a program here can. */
const ABSENT: Readonly<Record<string, string>> = {
  objects: "Each process knows its own: call ray.util.state.list_objects() in it.",
};

/** The column of the id; kinds without one cannot be got. */
export const ID_COLUMNS: Readonly<Partial<Record<Kind, string>>> = {
  nodes: "node_id",
  actors: "actor_id",
  "placement-groups": "placement_group_id",
  workers: "worker_id",
  tasks: "task_id",
};

/** The kind that `text` names. @throws {UsageError} where it names none; `verb` is list or get */
export function kindNamed(verb: string, text: string | undefined, kinds: readonly Kind[]): Kind {
  if ((kinds as readonly string[]).includes(text ?? "")) return text as Kind;
  const mend = `Use \`ray ${verb} ${kinds.join("|")}\`.`;
  if (text === undefined) {
    throw new UsageError(`Cannot ${verb} nothing: say what to ${verb}`, mend);
  }
  if (Object.hasOwn(ABSENT, text)) {
    throw new UsageError(`Cannot ${verb} ${text} from here`, ABSENT[text]!);
  }
  const near = nearest(text, kinds);
  throw new UsageError(
    `Cannot ${verb} ${text}: there is no such list`,
    near ? `Did you mean \`ray ${verb} ${near}\`?` : mend,
  );
}

/** All rows of a kind. `timeout` is in milliseconds. */
export async function fetchRows(
  kind: Kind,
  { address, timeout, detail }: { address: string | undefined; timeout: number; detail: boolean },
): Promise<Row[]> {
  const ask = <T>(message: Query) => askJson<T[]>(message, { address, timeout });
  switch (kind) {
    case "workers": {
      const workers = await ask<WorkerView>({ kind: "query.workers" });
      return workers.map((worker) => workerRow(worker, detail));
    }
    case "runtime-envs":
      return environmentRows(await ask<WorkerView>({ kind: "query.workers" }), detail);
    case "tasks": {
      const tasks = await ask<TaskView>({ kind: "query.tasks" });
      return tasks.map((task) => taskRow(task, detail));
    }
    case "cluster-events": {
      const events = await ask<ClusterEvent>({ kind: "query.events", limit: MOST_EVENTS });
      return events.map((event) => eventRow(event, detail));
    }
    default:
      return rowsOf(await clusterStatus(address, { timeout }), kind satisfies Listed, detail);
  }
}

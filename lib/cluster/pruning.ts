/** Forgetting what ended long ago, so that a head that runs for months stays small. */
import type { Books } from "./books.ts";

/** Keeps the newest `keep_ended` of each kind. */
export function prune(books: Books): void {
  // Looked at at every tick: most of the time nothing has to go.
  const { keep_ended } = books.config;
  const small = [books.actors, books.groups, books.jobs, books.nodes]
    .every((records) => records.size <= keep_ended);
  if (small) return;
  const over = (table: "nodes" | "jobs" | "actors" | "groups", ended: string[]) => {
    const excess = ended.length - books.config.keep_ended;
    for (const id of ended.slice(0, Math.max(0, excess))) books.forget(table, id);
  };
  const actors = [...books.actors.values()]
    .filter((one) => one.step === "ended" && one.leaving.length === 0);
  // Workers for tasks come and go by the thousand: they must not push out actors.
  for (const tasks of [false, true]) {
    const alike = actors.filter((one) => (one.kind === "task") === tasks);
    over("actors", alike.map((one) => one.actor_id));
  }
  const groups = [...books.groups.values()];
  over(
    "groups",
    groups.filter((one) => one.state === "REMOVED" && one.grants.every((grant) => grant === null))
      .map((one) => one.pg_id),
  );
  const jobs = [...books.jobs.values()];
  over("jobs", jobs.filter((one) => one.state === "ended").map((one) => one.job_id));
  const nodes = [...books.nodes.values()];
  over("nodes", nodes.filter((one) => one.state === "dead").map((one) => one.node_id));
}

/** Forgetting what ended long ago, so that a head that runs for months stays small. */
import type { Books } from "./books.ts";

/** Keeps of each kind the `keep_ended` that ended last. */
export function prune(books: Books): void {
  // Looked at at every tick: most of the time nothing has to go.
  const { keep_ended } = books.config;
  const small = [books.actors, books.groups, books.jobs, books.nodes]
    .every((records) => records.size <= keep_ended);
  if (small) return;
  const over = (
    table: "nodes" | "jobs" | "actors" | "groups",
    ended: [string, number | undefined][],
  ) => {
    const excess = ended.length - keep_ended;
    if (excess <= 0) return;
    // By their ends: what has lived for long has only just ended.
    const oldest = ended.sort(([, a = 0], [, b = 0]) => a - b).slice(0, excess);
    for (const [id] of oldest) books.forget(table, id);
  };
  const actors = [...books.actors.values()]
    .filter((one) => one.step === "ended" && one.leaving.length === 0);
  // Workers for tasks come and go by the thousand: they must not push out actors.
  for (const tasks of [false, true]) {
    const alike = actors.filter((one) => (one.kind === "task") === tasks);
    over("actors", alike.map((one) => [one.actor_id, one.ended_at]));
  }
  const groups = [...books.groups.values()]
    .filter((one) => one.state === "REMOVED" && one.grants.every((grant) => grant === null));
  over("groups", groups.map((one) => [one.pg_id, one.removed_at]));
  const jobs = [...books.jobs.values()].filter((one) => one.state === "ended");
  over("jobs", jobs.map((one) => [one.job_id, one.end]));
  const nodes = [...books.nodes.values()].filter((one) => one.state === "dead");
  over("nodes", nodes.map((one) => [one.node_id, one.ended_at]));
}

/** Drivers: the beginning and the end of their jobs. */
import { randomUUID } from "node:crypto";
import type { JobRecord, JobSpec } from "../cluster/jobs.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Message } from "../wire/messages.ts";
import { type Answer, type Asker, type HeadState, takesNewWork } from "./state.ts";

/** How long the answer to `driver.end` waits for the workers to be gone, in milliseconds. */
const END_MS = 10_000;

/** `driver.start`: a job id, and its namespace. Sent again, it is the same job. */
export function startJob(
  state: HeadState,
  asker: Asker,
  message: Message<"driver.start">,
  answer: Answer,
): void {
  const reply = ({ job_id, namespace, parent_actor }: JobSpec) =>
    answer.give({ job_id, namespace, parent_actor, dashboard_url: state.dashboard });
  const known = [...state.brain.books.jobs.values()].find((job) =>
    job.state === "running" && job.node_id === asker.node_id && job.client === asker.client
  );
  if (known) return reply(known);
  takesNewWork(state);
  const job_id = state.brain.nextJobId();
  const { kind: _, protocol: _p, pid, entrypoint, namespace, ...extra } = message;
  const job: JobSpec = {
    job_id,
    node_id: asker.node_id,
    pid,
    client: asker.client,
    namespace: namespace || randomUUID(),
    entrypoint,
    extra,
    ...(asker.actor_id ? { parent_actor: asker.actor_id } : {}),
  };
  const rejected = state.shell.step({ kind: "job.start", job })
    .find((effect) => effect.kind === "job.rejected");
  if (rejected) return answer.refuse(new RequestFailed("owner_dead", rejected.message));
  state.log.write(
    "info",
    `job ${job_id} started: pid ${pid} on node ${asker.node_id}: ${entrypoint}`,
    { job_id, node_id: asker.node_id },
  );
  reply(job);
}

/** `driver.end`: answered when what the job owned is gone. */
export function endJob(state: HeadState, asker: Asker, answer: Answer): void {
  const job_id = asker.job_id;
  if (!job_id) return answer.give({});
  state.shell.step({ kind: "job.end", job_id, reason: "its driver called ray.shutdown()" });
  state.log.write("info", `job ${job_id} ended by its driver`, { job_id });
  const leaves = () =>
    [...state.brain.books.actors.values()].some((actor) =>
      actor.job_id === job_id && !actor.detached && actor.leaving.length > 0
    );
  state.shell.waiting.ask({
    subject: `job/${job_id}`,
    owner: asker.link,
    check: () => !leaves() && (answer.give({}), true),
    late: { ms: END_MS, answer: () => answer.give({}) },
  });
}

/** `client.gone`: the driver's process is no more. */
export function loseDriver(state: HeadState, { job_id, reason }: Message<"client.gone">): void {
  if (state.brain.job(job_id)?.state !== "running") return;
  state.log.write("info", `job ${job_id} ended: ${reason}`, { job_id });
  state.shell.step({ kind: "job.end", job_id, reason });
}

/** The driver's facts as workers of the job get them. */
export function jobFacts(job: JobRecord): Record<string, unknown> {
  const { job_id, node_id, pid, client, namespace, entrypoint, parent_actor, extra } = job;
  return {
    ...extra as Record<string, unknown> | undefined,
    job_id,
    node_id,
    pid,
    client,
    namespace,
    entrypoint,
    ...(parent_actor !== undefined && { parent_actor }),
  };
}

/** A worker that said it is there, from its daemon's words to the registry. */
import type { HeadState } from "./state.ts";

/** What its daemon said of it. */
export interface ToldWorker {
  node_id: string;
  actor_id: string;
  incarnation: number;
  pid: number;
  /** With `worker_id` and `started_at` inside. */
  address?: unknown;
}

/** Registers a worker process, where its daemon said under which id it runs. */
export function registerWorker(
  { workers, specs, brain, clock }: HeadState,
  { node_id, actor_id, incarnation, pid, address }: ToldWorker,
): void {
  const { worker_id, started_at } = (address ?? {}) as {
    worker_id?: unknown;
    started_at?: unknown;
  };
  const actor = brain.actor(actor_id);
  if (typeof worker_id !== "string" || actor === undefined) return;
  const now = clock.now();
  const spec = specs.get(actor_id);
  workers.ready({
    worker_id,
    node_id,
    pid,
    job_id: actor.job_id,
    actor_id,
    incarnation,
    launched_at: typeof started_at === "number" ? started_at : now,
    ready_at: now,
    runtime_env: { ...mapOf(spec?.job["runtime_env"]), ...mapOf(spec?.actor["runtime_env"]) },
  });
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

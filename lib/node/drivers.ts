/** The drivers of this node and their jobs. */
import type { JobSpec } from "../cluster/jobs.ts";
import type { Fields } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import { ancestry } from "./proc.ts";
import type { Worker } from "./worker.ts";

/** A driver's job. */
export interface Job {
  job_id: string;
  client: Client;
  namespace: string;
  /** What the driver said of itself. */
  facts: Fields<"driver.start">;
  parent_actor?: string;
}

/** See the top of this file. */
export class Drivers {
  #byJob = new Map<string, Job>();

  add(job: Job): void {
    this.#byJob.set(job.job_id, job);
    job.client.job_id = job.job_id;
  }

  get(job_id: string): Job | undefined {
    return this.#byJob.get(job_id);
  }

  remove(job_id: string): Job | undefined {
    const job = this.#byJob.get(job_id);
    this.#byJob.delete(job_id);
    return job;
  }

  get all(): Job[] {
    return [...this.#byJob.values()];
  }

  /** The jobs as the head keeps them, for the report at a join. */
  specs(node_id: string): JobSpec[] {
    return this.all.map((job) => {
      const spec: JobSpec = {
        job_id: job.job_id,
        node_id,
        pid: job.facts.pid,
        client: job.client.id,
        namespace: job.namespace,
        entrypoint: job.facts.entrypoint,
        extra: job.facts,
      };
      if (job.parent_actor !== undefined) spec.parent_actor = job.parent_actor;
      return spec;
    });
  }
}

/** The worker inside which a process runs: itself or its nearest ancestor that is one. */
export function enclosingWorker(
  pid: number,
  workerOf: (pid: number) => Worker | undefined,
): Worker | undefined {
  for (const at of ancestry(pid)) {
    const worker = workerOf(at);
    if (worker) return worker;
  }
  return undefined;
}

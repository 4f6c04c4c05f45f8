/**
 * Submitted jobs: what `ray job submit` makes.
 *
 * Each is run by a supervisor, which is an actor in the brain's books: it is placed, holds resources,
 * is restarted with the head and ends as actors do. What is more than that lies here and in the
 * journal.
 */
import { randomBytes, randomInt } from "node:crypto";
import type { ActorRecord, ActorSpec, SchedulingStrategy } from "../cluster/actors.ts";
import { AmountError, toAmounts } from "../cluster/amounts.ts";
import type { DeathReport } from "../cluster/death.ts";
import { HttpFailure } from "../dashboard/http_failure.ts";
import type { JobDetails, JobRequest, JobsApi } from "../dashboard/jobs_api.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { connectable } from "./actor_view.ts";
import { detailsOf, driverDetails } from "./job_details.ts";
import { jobOutput } from "./job_output.ts";
import type { Journal } from "./journal.ts";
import { type HeadState, takesNewWork } from "./state.ts";
import { asksForResources, followed, hasEnded, type Submission } from "./submission.ts";

/** How many that have ended stay listed; those that ended first go first. */
const KEPT = 1000;
const STOPPED: DeathReport = { kind: "killed", message: "The job was stopped." };
const LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ23456789";

/** See the top of this file. */
export class Submissions implements JobsApi {
  #all = new Map<string, Submission>();
  #byActor = new Map<string, string>();
  #waiting = new Map<string, Set<() => void>>();

  constructor(readonly state: HeadState, readonly journal: Journal) {
    for (const row of journal.submissions()) this.#keep(row as Submission);
    // What became of their supervisors when the last head was at its end.
    for (const { actor_id } of [...this.#all.values()]) this.#look(actor_id);
  }

  submit(request: JobRequest): string {
    const { state } = this;
    const submission_id = request.submission_id ?? newId();
    if (this.#all.has(submission_id)) {
      throw new HttpFailure(
        400,
        `Job with submission_id ${submission_id} already exists. Please use a different ` +
          "submission_id.",
      );
    }
    refusing(() => takesNewWork(state), 503);
    const actor_id = randomBytes(16).toString("hex");
    const spec = refusing(() => this.#supervisor(actor_id, submission_id, request), 400);
    const start_time = state.clock.now();
    this.#put({ ...request, submission_id, actor_id, status: "PENDING", start_time });
    state.specs.put(
      actor_id,
      orderOf(spec, submission_id, request),
      bodyOf(submission_id, request),
    );
    const rejected = state.shell.step({ kind: "actor.create", actor: spec })
      .find((effect) => effect.kind === "actor.rejected");
    if (rejected) {
      state.specs.drop(actor_id);
      this.#forget(submission_id);
      throw new HttpFailure(400, rejected.message);
    }
    state.log.write("info", `job ${submission_id} submitted: ${request.entrypoint}`);
    this.#trim();
    return submission_id;
  }

  details(id: string): JobDetails | undefined {
    const submission = this.#all.get(id) ?? this.#ofDriver(id);
    if (submission) return detailsOf(this.state, submission);
    const job = this.state.brain.job(id);
    return job && driverDetails(this.state, job);
  }

  list(): JobDetails[] {
    const submitted = [...this.#all.values()];
    const supervisors = new Set(submitted.map(({ actor_id }) => actor_id));
    const drivers = [...this.state.brain.books.jobs.values()]
      .filter(({ parent_actor }) => parent_actor === undefined || !supervisors.has(parent_actor));
    return [
      ...submitted.map((submission) => detailsOf(this.state, submission)),
      ...drivers.map((job) => driverDetails(this.state, job)),
    ];
  }

  stop(submission_id: string): boolean {
    const submission = this.#all.get(submission_id);
    if (!submission || hasEnded(submission)) return false;
    this.#put({ ...submission, stopping: true });
    const { brain, nodes, shell } = this.state;
    const actor = brain.actor(submission.actor_id);
    const link = actor && connectable(actor) ? nodes.get(actor.node_id) : undefined;
    if (!actor || !link) {
      const { actor_id } = submission;
      shell.step({ kind: "actor.kill", actor_id, no_restart: true, report: STOPPED });
      this.#look(actor_id);
      return true;
    }
    shell.journal.flush();
    link.send(stopOrder(actor));
    return true;
  }

  /** The order to stop may have been lost with the node's former link, or with the head that gave it. */
  stopAgain(actor: ActorRecord, link: Link): void {
    const submission = this.#all.get(this.#byActor.get(actor.actor_id) ?? "");
    if (submission?.stopping) link.send(stopOrder(actor));
  }

  delete(submission_id: string): void {
    const submission = this.#all.get(submission_id);
    if (!submission) return;
    if (!hasEnded(submission)) {
      throw new HttpFailure(
        400,
        `Cannot delete job ${submission_id}: it must have ended, and is ${submission.status}. ` +
          "Stop it first.",
      );
    }
    this.#forget(submission_id);
    this.journal.flush();
  }

  output(
    submission_id: string,
    options: { follow: boolean; signal: AbortSignal },
  ): AsyncIterable<string> {
    return jobOutput(this.state, {
      ...options,
      submission_id,
      find: () => this.#all.get(submission_id),
      changed: (signal, ms) => this.#changed(submission_id, { signal, ms }),
    });
  }

  /** The brain's record of an actor changed. */
  follow({ actor_id }: ActorRecord): void {
    if (this.#byActor.has(actor_id)) this.#look(actor_id);
  }

  #look(actor_id: string): void {
    const submission = this.#all.get(this.#byActor.get(actor_id) ?? "");
    if (!submission) return;
    const { brain, clock, log } = this.state;
    const now = followed(submission, brain.actor(actor_id), clock.now());
    if (now === submission) return;
    this.#put(now);
    if (now.status !== submission.status) {
      log.write("info", `job ${now.submission_id} is ${now.status}`);
    }
    for (const wake of this.#waiting.get(now.submission_id) ?? []) wake();
  }

  /** Settles when the submission changes next, the signal aborts, or time is up. */
  #changed(id: string, { signal, ms }: { signal: AbortSignal; ms: number }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakes = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, wakes.add(resolve));
    const stop = this.state.clock.after(ms, resolve);
    const aborted = () => resolve();
    signal.addEventListener("abort", aborted);
    return promise.finally(() => {
      stop();
      signal.removeEventListener("abort", aborted);
      wakes.delete(resolve);
      if (wakes.size === 0) this.#waiting.delete(id);
    });
  }

  #ofDriver(job_id: string): Submission | undefined {
    const parent = this.state.brain.job(job_id)?.parent_actor;
    return parent === undefined ? undefined : this.#all.get(this.#byActor.get(parent) ?? "");
  }

  #supervisor(actor_id: string, submission_id: string, request: JobRequest): ActorSpec {
    const amounts = toAmounts({
      ...request.entrypoint_resources,
      CPU: request.entrypoint_num_cpus ?? 0,
      GPU: request.entrypoint_num_gpus ?? 0,
      memory: request.entrypoint_memory ?? 0,
    });
    return {
      actor_id,
      job_id: "",
      owner: { job_id: "" },
      kind: "actor",
      class_name: "JobSupervisor",
      // Ray's names for it, which its own tools look for.
      name: `_ray_internal_job_actor_${submission_id}`,
      namespace: "SUPERVISOR_ACTOR_RAY_NAMESPACE",
      place: amounts,
      run: amounts,
      strategy: this.#strategy(request),
      max_restarts: 0,
      detached: true,
    };
  }

  /** The head's node, unless the entrypoint asks for something. */
  #strategy(request: JobRequest): SchedulingStrategy {
    const hard = request.entrypoint_label_selector;
    if (hard && Object.keys(hard).length > 0) return { kind: "labels", hard, soft: {} };
    const own = asksForResources(request) ? undefined : this.state.brain.books.nodes.values()
      .find((node) => node.is_head && node.state !== "dead");
    return own ? { kind: "node", node_id: own.node_id, soft: false } : { kind: "default" };
  }

  #put(submission: Submission): void {
    this.#keep(submission);
    this.journal.putSubmission(submission.submission_id, submission);
  }

  #keep(submission: Submission): void {
    this.#all.set(submission.submission_id, submission);
    this.#byActor.set(submission.actor_id, submission.submission_id);
  }

  #forget(submission_id: string): void {
    this.#byActor.delete(this.#all.get(submission_id)?.actor_id ?? "");
    this.#all.delete(submission_id);
    this.journal.deleteSubmission(submission_id);
  }

  #trim(): void {
    // By their ends: who asks after a job asks when it has ended.
    const ended = [...this.#all.values()].filter(hasEnded)
      .sort((a, b) => (a.end_time ?? 0) - (b.end_time ?? 0));
    for (const { submission_id } of ended.slice(0, Math.max(0, ended.length - KEPT))) {
      this.#forget(submission_id);
    }
  }
}

/** The order to a supervisor to stop its entrypoint; given twice it is one. */
function stopOrder({ actor_id, incarnation }: ActorRecord): Message<"worker.stop"> {
  return { kind: "worker.stop", actor_id, incarnation, report: { ...STOPPED }, drain: true };
}

/** What travels to the node as `worker.start`'s `actor` and `job`. */
function orderOf(spec: ActorSpec, submission_id: string, { runtime_env }: JobRequest) {
  const { actor_id, class_name, name, namespace, max_restarts, detached } = spec;
  const actor = { actor_id, class_name, name, namespace, max_restarts, detached };
  return { actor: { ...actor, submission_id, runtime_env }, job: { job_id: "" } };
}

function bodyOf(submission_id: string, request: JobRequest): Uint8Array {
  const { entrypoint, metadata, runtime_env } = request;
  const body = { submission_id, entrypoint, metadata, runtime_env };
  return new TextEncoder().encode(JSON.stringify(body));
}

function newId(): string {
  return `raysubmit_${
    Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]).join("")
  }`;
}

/** Our own refusals as answers to a request. */
function refusing<T>(run: () => T, status: number): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RequestFailed || error instanceof AmountError)) throw error;
    throw new HttpFailure(status, error.message, { cause: error });
  }
}

/** A submitted job as the head keeps it, and what its supervisor's life says of it. Pure. */
import type { ActorRecord } from "../cluster/actors.ts";
import type { DeathReport } from "../cluster/death.ts";
import type { JobErrorType, JobRequest, JobStatus } from "../dashboard/jobs_api.ts";

/** See the top of this file; a row of the journal. Times are milliseconds since the epoch. */
export interface Submission extends JobRequest {
  submission_id: string;
  /** Its supervisor in the brain's books. */
  actor_id: string;
  status: JobStatus;
  message?: string;
  error_type?: JobErrorType;
  start_time: number;
  end_time?: number;
  /** Where it runs or ran: its log lies there. */
  driver_node_id?: string;
  driver_exit_code?: number;
  /** Somebody asked for its end. */
  stopping?: boolean;
}

/** True once nothing changes any more. */
export function hasEnded({ status }: Pick<Submission, "status">): boolean {
  return status === "STOPPED" || status === "SUCCEEDED" || status === "FAILED";
}

/** What a submission becomes by its supervisor's present state; the same object where nothing changed. */
export function followed(
  submission: Submission,
  actor: ActorRecord | undefined,
  now: number,
): Submission {
  if (hasEnded(submission)) return submission;
  if (actor === undefined || actor.step === "ended") {
    return { ...submission, ...ending(submission, actor?.death), end_time: now };
  }
  const placed = actor.node_id === "" ? {} : { driver_node_id: actor.node_id };
  const status = actor.step === "running" ? "RUNNING" : "PENDING";
  const same = submission.status === status &&
    (actor.node_id === "" || submission.driver_node_id === actor.node_id);
  return same ? submission : { ...submission, ...placed, status };
}

/** The sentence that goes with a status where nothing more is known: Ray's, which programs look for. */
export function messageOf(submission: Submission): string {
  if (submission.message !== undefined) return submission.message;
  switch (submission.status) {
    case "PENDING": {
      const waits = [
        ...asksForResources(submission)
          ? ["resources (CPUs, GPUs, memory, custom resources) to become available"]
          : [],
        ...Object.keys(submission.runtime_env).length > 0
          ? ["the runtime environment to be set up"]
          : [],
      ];
      return ["Job has not started yet.", ...waits.map((what) => `It may be waiting for ${what}.`)]
        .join(" ");
    }
    case "RUNNING":
      return "Job is currently running.";
    case "STOPPED":
      return "Job was intentionally stopped.";
    case "SUCCEEDED":
      return "Job finished successfully.";
    case "FAILED":
      return "Job failed.";
  }
}

/** True where the entrypoint is to hold something while it runs. */
export function asksForResources(request: JobRequest): boolean {
  const { entrypoint_num_cpus, entrypoint_num_gpus, entrypoint_memory, entrypoint_resources } =
    request;
  return [entrypoint_num_cpus, entrypoint_num_gpus, entrypoint_memory].some((one) => !!one) ||
    Object.values(entrypoint_resources ?? {}).some((one) => one > 0);
}

type Ending = Pick<Submission, "status" | "message" | "error_type" | "driver_exit_code">;

function ending({ stopping, status }: Submission, death: DeathReport | undefined): Ending {
  if (stopping) return { status: "STOPPED" };
  if (death === undefined) {
    const message = "The head was restarted and no longer knows what became of the job.";
    return { status: "FAILED", message, error_type: "JOB_SUPERVISOR_ACTOR_DIED" };
  }
  const { kind, exit_code, message, mend } = death;
  if (kind === "exit" && exit_code === 0) return { status: "SUCCEEDED", driver_exit_code: 0 };
  const told = mend === undefined ? message : `${message} ${mend}`;
  if (kind === "exit" && exit_code !== undefined) {
    const error_type = "JOB_ENTRYPOINT_COMMAND_ERROR";
    return { status: "FAILED", message: told, error_type, driver_exit_code: exit_code };
  }
  return { status: "FAILED", message: told, error_type: failureOf(kind, status, message) };
}

function failureOf(kind: DeathReport["kind"], status: JobStatus, message: string): JobErrorType {
  if (kind === "environment") return "RUNTIME_ENV_SETUP_FAILURE";
  if (kind !== "start") return "JOB_SUPERVISOR_ACTOR_DIED";
  if (/entrypoint/.test(message)) return "JOB_ENTRYPOINT_COMMAND_START_ERROR";
  return status === "PENDING"
    ? "JOB_SUPERVISOR_ACTOR_START_FAILURE"
    : "JOB_ENTRYPOINT_COMMAND_START_ERROR";
}

/** Submitted jobs as Ray's job API names them, and what the dashboard asks of the head about them. */

/** Ray's words; a job in one of the last three has ended. */
export type JobStatus = "PENDING" | "RUNNING" | "STOPPED" | "SUCCEEDED" | "FAILED";

/** Why a job failed, in Ray's words. */
export type JobErrorType =
  | "RUNTIME_ENV_SETUP_FAILURE"
  | "JOB_SUPERVISOR_ACTOR_START_FAILURE"
  | "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE"
  | "JOB_SUPERVISOR_ACTOR_DIED"
  | "JOB_ENTRYPOINT_COMMAND_START_ERROR"
  | "JOB_ENTRYPOINT_COMMAND_ERROR";

/** The body of `POST /api/jobs/`, checked. */
export interface JobRequest {
  /** A shell's command line. */
  entrypoint: string;
  /** Absent: one is made. */
  submission_id?: string;
  runtime_env: Record<string, unknown>;
  metadata: Record<string, string>;
  /** What the entrypoint holds while it runs, as Ray names it; memory in bytes. */
  entrypoint_num_cpus?: number;
  entrypoint_num_gpus?: number;
  entrypoint_memory?: number;
  entrypoint_resources?: Record<string, number>;
  entrypoint_label_selector?: Record<string, string>;
}

/** The driver that a job started last. */
export interface DriverInfo {
  id: string;
  node_ip_address: string;
  pid: string;
}

/** What `GET /api/jobs/{id}` answers. Times are milliseconds since the epoch. */
export interface JobDetails {
  type: "SUBMISSION" | "DRIVER";
  job_id: string | null;
  submission_id: string | null;
  driver_info: DriverInfo | null;
  status: JobStatus;
  entrypoint: string;
  message: string | null;
  error_type: JobErrorType | null;
  start_time: number | null;
  end_time: number | null;
  metadata: Record<string, string> | null;
  runtime_env: Record<string, unknown> | null;
  driver_agent_http_address: string | null;
  driver_node_id: string | null;
  driver_exit_code: number | null;
}

/** What the dashboard asks of the head. Ids are submission ids, or job ids of drivers. */
export interface JobsApi {
  /** @throws {HttpFailure} 400 for an id that is taken, 503 while the head takes no new work */
  submit(request: JobRequest): string;
  details(id: string): JobDetails | undefined;
  list(): JobDetails[];
  /** Asks a submitted job to end; false where it has ended. */
  stop(submission_id: string): boolean;
  /** Forgets a submitted job. @throws {HttpFailure} 400 for one that has not ended */
  delete(submission_id: string): void;
  /**
   * A job's output as it is written, to its end. Ends when the signal aborts.
   * @param follow waits for more until the job has ended
   */
  output(
    submission_id: string,
    options: { follow: boolean; signal: AbortSignal },
  ): AsyncIterable<string>;
}

/** Jobs in the words of Ray's job API. */
import type { JobRecord } from "../cluster/jobs.ts";
import type { DriverInfo, JobDetails } from "../dashboard/jobs_api.ts";
import type { HeadState } from "./state.ts";
import { messageOf, type Submission } from "./submission.ts";

/** A submitted job, with the driver that it started last. */
export function detailsOf(state: HeadState, submission: Submission): JobDetails {
  const drivers = [...state.brain.books.jobs.values()]
    .filter(({ parent_actor }) => parent_actor === submission.actor_id);
  const driver = drivers.at(-1);
  return {
    type: "SUBMISSION",
    job_id: driver?.job_id ?? null,
    submission_id: submission.submission_id,
    driver_info: driver ? driverInfo(state, driver) : null,
    status: submission.status,
    entrypoint: submission.entrypoint,
    message: messageOf(submission),
    error_type: submission.error_type ?? null,
    start_time: submission.start_time,
    end_time: submission.end_time ?? null,
    metadata: submission.metadata,
    runtime_env: submission.runtime_env,
    driver_agent_http_address: null,
    driver_node_id: submission.driver_node_id ?? null,
    driver_exit_code: submission.driver_exit_code ?? null,
  };
}

/** A driver that nobody submitted. */
export function driverDetails(state: HeadState, job: JobRecord): JobDetails {
  const metadata = (job.extra as { metadata?: Record<string, string> } | undefined)?.metadata;
  return {
    type: "DRIVER",
    job_id: job.job_id,
    submission_id: null,
    driver_info: driverInfo(state, job),
    status: job.state === "running" ? "RUNNING" : "SUCCEEDED",
    entrypoint: job.entrypoint,
    message: null,
    error_type: null,
    start_time: job.start,
    end_time: job.end ?? null,
    metadata: metadata ?? {},
    runtime_env: {},
    driver_agent_http_address: null,
    driver_node_id: job.node_id,
    driver_exit_code: null,
  };
}

function driverInfo(state: HeadState, { job_id, node_id, pid }: JobRecord): DriverInfo {
  const node_ip_address = state.brain.node(node_id)?.ip ?? "";
  return { id: job_id, node_ip_address, pid: String(pid) };
}

/** `/api/jobs/…`: Ray's job API, but for the logs. */
import { jsonAnswer } from "./answers.ts";
import { jsonBody } from "./body.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import { jobRequestOf } from "./job_request.ts";
import type { JobDetails } from "./jobs_api.ts";

/** `POST /api/jobs/`. */
export async function submitJob({ jobs }: DashboardHost, request: Request): Promise<Response> {
  const submission_id = jobs.submit(jobRequestOf(await jsonBody(request)));
  return jsonAnswer({ job_id: submission_id, submission_id });
}

/** `GET /api/jobs/`. */
export function listJobs({ jobs }: DashboardHost): Response {
  return jsonAnswer(jobs.list());
}

/** `GET /api/jobs/{id}`. */
export function showJob(host: DashboardHost, id: string): Response {
  return jsonAnswer(jobCalled(host, id));
}

/** `POST /api/jobs/{id}/stop`. */
export function stopJob(host: DashboardHost, id: string): Response {
  return jsonAnswer({ stopped: host.jobs.stop(submittedJob(host, id, "stop")) });
}

/** `DELETE /api/jobs/{id}`. */
export function deleteJob(host: DashboardHost, id: string): Response {
  host.jobs.delete(submittedJob(host, id, "delete"));
  return jsonAnswer({ deleted: true });
}

/** The submission id behind an id. @throws {HttpFailure} 404, or 400 for a driver that nobody submitted */
export function submittedJob(host: DashboardHost, id: string, verb: string): string {
  const { submission_id } = jobCalled(host, id);
  if (submission_id !== null) return submission_id;
  throw new HttpFailure(400, `Can only ${verb} submission type jobs`);
}

function jobCalled({ jobs }: DashboardHost, id: string): JobDetails {
  const details = jobs.details(id);
  if (details) return details;
  throw new HttpFailure(404, `Job ${id} does not exist`);
}

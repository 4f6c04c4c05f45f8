/** Which request is answered by what. The one place that turns failures into answers. */
import { RAY_VERSION } from "../runtime/ray_version.ts";
import { jsonAnswer, textAnswer } from "./answers.ts";
import { checkHost, checkOrigin, checkToken, type Doorkeeper } from "./auth.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import { followLog, wholeLog } from "./job_logs.ts";
import { deleteJob, listJobs, showJob, stopJob, submitJob } from "./jobs.ts";
import { findPackage, takePackage } from "./packages.ts";
import { metrics, readiness, serviceDiscovery } from "./scrape.ts";

/** Characters of a path that an answer repeats. */
const MOST_SHOWN = 256;
/** The version of the job API: Ray's. */
const API_VERSION = "4";
/** They tell nothing but that the head answers, and probes have no token. */
const HEALTH = ["/healthz", "/-/healthz", "/api/healthz", "/api/gcs_healthz"];

type Handler = (
  host: DashboardHost,
  request: Request,
  name: string,
) => Response | Promise<Response>;

/** Method and path; `*` is one part of the path, handed over. */
const ROUTES: readonly (readonly [string, string, Handler])[] = [
  ["GET", "/api/version", ({ cluster }) => version(cluster)],
  ["GET", "/metrics", metrics],
  ["GET", "/api/prometheus/sd", serviceDiscovery],
  ["POST", "/api/jobs", submitJob],
  ["GET", "/api/jobs", listJobs],
  ["GET", "/api/jobs/*", (host, _, id) => showJob(host, id)],
  ["DELETE", "/api/jobs/*", (host, _, id) => deleteJob(host, id)],
  ["POST", "/api/jobs/*/stop", (host, _, id) => stopJob(host, id)],
  [
    "GET",
    "/api/jobs/*/logs",
    (host, request, id) => wholeLog(host, id, request),
  ],
  [
    "GET",
    "/api/jobs/*/logs/tail",
    (host, request, id) => followLog(host, id, request),
  ],
  ["GET", "/api/packages/gcs/*", (host, _, name) => findPackage(host, name)],
  [
    "PUT",
    "/api/packages/gcs/*",
    (host, request, name) => takePackage(host, name, request),
  ],
];

/** Answers a request; never rejects. */
export async function route(
  host: DashboardHost,
  door: Doorkeeper,
  request: Request,
): Promise<Response> {
  const path = pathOf(request.url);
  try {
    checkHost(request.headers, door);
    if (HEALTH.includes(path)) return textAnswer("success");
    if (path === "/readyz") return readiness(host);
    checkOrigin(request.headers);
    checkToken(request.headers, door);
    return await handle(host, path, request);
  } catch (error) {
    if (error instanceof HttpFailure) {
      return textAnswer(error.message, error.status);
    }
    host.failed(`${request.method} ${path}`, error);
    return textAnswer(
      "The head failed at this request; its log says how.",
      500,
    );
  }
}

function handle(
  host: DashboardHost,
  path: string,
  request: Request,
): Response | Promise<Response> {
  let known = false;
  for (const [method, pattern, handler] of ROUTES) {
    const name = matched(pattern, path);
    if (name === undefined) continue;
    known = true;
    if (method === request.method) return handler(host, request, name);
  }
  const shown = path.length > MOST_SHOWN ? `${path.slice(0, MOST_SHOWN)}…` : path;
  throw known
    ? new HttpFailure(405, `Cannot ${request.method} ${shown}`)
    : new HttpFailure(404, `There is nothing at ${shown}`);
}

/** What stands for the `*`, or "" for a pattern without one; undefined where it does not match. */
function matched(pattern: string, path: string): string | undefined {
  const wanted = pattern.split("/");
  const given = path.replace(/\/$/, "").split("/");
  if (wanted.length !== given.length) return undefined;
  let name = "";
  for (const [at, part] of wanted.entries()) {
    if (part === "*") name = given[at]!;
    else if (part !== given[at]) return undefined;
  }
  return pattern.includes("*") && name === "" ? undefined : decoded(name);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function pathOf(url: string): string {
  return new URL(url.replace(/^http\+unix:/, "http:"), "http://localhost")
    .pathname;
}

function version(cluster: string): Response {
  return jsonAnswer({
    version: API_VERSION,
    ray_version: RAY_VERSION,
    ray_commit: "",
    session_name: `session_${cluster.slice(0, 16)}`,
  });
}

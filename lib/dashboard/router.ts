/** Which request is answered by what. The one place that turns failures into answers. */
import { RAY_VERSION } from "../runtime/ray_version.ts";
import { jsonAnswer, textAnswer } from "./answers.ts";
import { checkHost, checkOrigin, checkToken, type Doorkeeper } from "./auth.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import { followLog, wholeLog } from "./job_logs.ts";
import { deleteJob, listJobs, showJob, stopJob, submitJob } from "./jobs.ts";
import { liveBoard } from "./live.ts";
import { jobLog, listLogs, nodeLog } from "./live_logs.ts";
import type { Login } from "./login.ts";
import { findPackage, takePackage } from "./packages.ts";
import { pageFile } from "./page_files.ts";
import type { PageHost } from "./page_host.ts";
import { requestUrl } from "./request_url.ts";
import { metrics, readiness, serviceDiscovery } from "./scrape.ts";

/** Characters of a path that an answer repeats. */
const MOST_SHOWN = 256;
/** The version of the job API: Ray's. */
const API_VERSION = "4";
/** They tell nothing but that the head answers, and probes have no token. */
const HEALTH = ["/healthz", "/-/healthz", "/api/healthz", "/api/gcs_healthz"];

/** Who may come in, by a token or by a page that is logged in. */
export interface Door extends Doorkeeper {
  login: Login;
}

type Handler = (
  host: DashboardHost,
  request: Request,
  name: string,
  /** Whether who asks may still be answered; for answers that go on. */
  isGood: () => boolean,
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
  ["GET", "/api/jobs/*/logs", (host, request, id) => wholeLog(host, id, request)],
  ["GET", "/api/jobs/*/logs/tail", (host, request, id) => followLog(host, id, request)],
  [
    "GET",
    "/api/jobs/*/logs/live",
    (host, request, id, isGood) => jobLog(host, id, request, isGood),
  ],
  ["GET", "/api/events", ({ page }, request, _, isGood) => liveBoard(page, request, isGood)],
  ["GET", "/api/actors/*", ({ page }, _, id) => showActor(page, id)],
  ["GET", "/api/nodes/*/logs", (host, _, id) => listLogs(host, id)],
  ["GET", "/api/nodes/*/log", (host, request, id, isGood) => nodeLog(host, id, request, isGood)],
  ["POST", "/api/doctor", ({ page }) => jsonAnswer({ started: page.runDoctor() })],
  ["GET", "/api/packages/gcs/*", (host, _, name) => findPackage(host, name)],
  ["PUT", "/api/packages/gcs/*", (host, request, name) => takePackage(host, name, request)],
];

/** Answers a request; never rejects. */
export async function route(
  host: DashboardHost,
  door: Door,
  request: Request,
): Promise<Response> {
  const path = requestUrl(request).pathname;
  try {
    checkHost(request.headers, door);
    if (HEALTH.includes(path)) return textAnswer("success");
    if (path === "/readyz") return readiness(host);
    // Links to the page may stand anywhere; the page itself tells nothing.
    const file = await pageFile(path, request, () => host.page.load());
    if (file) return file;
    checkOrigin(request.headers);
    if (path === "/api/session") return await door.login.answer(request, door);
    return await handle(host, path, request, admit(request, door));
  } catch (error) {
    if (error instanceof HttpFailure) return textAnswer(error.message, error.status);
    host.failed(`${request.method} ${path}`, error);
    return textAnswer("The head failed at this request; its log says how.", 500);
  }
}

/**
 * Lets in who has a token, or a page that is logged in. @returns whether that is so still
 * @throws {HttpFailure} 401 or 403 where it is not
 */
function admit(request: Request, door: Door): () => boolean {
  const { headers } = request;
  if (door.login.isOpen(request, door)) return () => door.login.isGood(headers, door);
  checkToken(headers, door);
  return () => {
    try {
      checkToken(headers, door);
      return true;
    } catch {
      return false;
    }
  };
}

function handle(
  host: DashboardHost,
  path: string,
  request: Request,
  isGood: () => boolean,
): Response | Promise<Response> {
  let known = false;
  for (const [method, pattern, handler] of ROUTES) {
    const name = matched(pattern, path);
    if (name === undefined) continue;
    known = true;
    if (method === request.method) return handler(host, request, name, isGood);
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

function showActor(page: PageHost, id: string): Response {
  const details = page.actor(id);
  if (details) return jsonAnswer(details);
  throw new HttpFailure(404, `Actor ${id} is not known (any more)`);
}

function version(cluster: string): Response {
  return jsonAnswer({
    version: API_VERSION,
    ray_version: RAY_VERSION,
    ray_commit: "",
    session_name: `session_${cluster.slice(0, 16)}`,
  });
}

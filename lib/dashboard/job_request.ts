/** Reads the body of `POST /api/jobs/`. Pure. */
import { HttpFailure } from "./http_failure.ts";
import type { JobRequest } from "./jobs_api.ts";

type Fields = Record<string, unknown>;

/** Names that become part of a file's name and of a URL. */
const SUBMISSION_ID = /^(?!\.{1,2}$)[\w.:@+-]{1,200}$/;

/** @throws {HttpFailure} 400 naming the field, what it must be and what it is */
export function jobRequestOf(body: unknown): JobRequest {
  if (!isMap(body)) throw wrong("the body", "a JSON object", body);
  const entrypoint = body["entrypoint"];
  if (typeof entrypoint !== "string" || entrypoint.trim() === "") {
    throw wrong("entrypoint", "a command line", entrypoint);
  }
  const request: JobRequest = {
    entrypoint,
    runtime_env: mapIn(body, "runtime_env") ?? {},
    metadata: textsIn(body, "metadata") ?? {},
  };
  const id = body["submission_id"] ?? body["job_id"];
  if (isGiven(id)) {
    if (typeof id !== "string" || !SUBMISSION_ID.test(id)) {
      throw wrong(
        "submission_id",
        "1 to 200 letters, digits or any of _ . : @ + -, and more than dots",
        id,
      );
    }
    request.submission_id = id;
  }
  for (const name of ["entrypoint_num_cpus", "entrypoint_num_gpus", "entrypoint_memory"] as const) {
    if (isGiven(body[name])) request[name] = amountIn(body, name);
  }
  const resources = mapIn(body, "entrypoint_resources");
  if (resources) {
    request.entrypoint_resources = Object.fromEntries(
      Object.keys(resources).map((name) => [name, amountIn(resources, name)]),
    );
  }
  const labels = textsIn(body, "entrypoint_label_selector");
  if (labels) request.entrypoint_label_selector = labels;
  return request;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (!isGiven(value)) return undefined;
  if (!isMap(value)) throw wrong(name, "a map", value);
  return value;
}

function textsIn(fields: Fields, name: string): Record<string, string> | undefined {
  const map = mapIn(fields, name);
  for (const [key, value] of Object.entries(map ?? {})) {
    if (typeof value !== "string") throw wrong(`${name}[${JSON.stringify(key)}]`, "a text", value);
  }
  return map as Record<string, string> | undefined;
}

function amountIn(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw wrong(name, "a number of at least 0", value);
}

function wrong(name: string, must: string, value: unknown): HttpFailure {
  const shown = value === undefined ? "nothing" : JSON.stringify(value)?.slice(0, 80);
  return new HttpFailure(400, `Cannot submit the job: ${name} must be ${must}, got ${shown}.`);
}

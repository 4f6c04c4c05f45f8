/** What a submitted job's supervisor is to run, and the environment of the entrypoint. Pure. */
import { type Loose, mapIn, textIn } from "./order.ts";
import type { Environment } from "./worker_env.ts";

/** Ray's word for "the job", under which drivers find what they were submitted with. */
export const JOB_CONFIG_VARIABLE = "RAY_JOB_CONFIG_JSON_ENV_VAR";

/** See the top of this file. */
export interface Entrypoint {
  submission_id: string;
  /** A shell's command line. */
  command: string;
  metadata: Record<string, string>;
  runtime_env: Loose;
}

/** Reads the body of the order for a supervisor. @throws {SyntaxError} for one that is none */
export function entrypointOf(body: Uint8Array): Entrypoint {
  const fields = JSON.parse(new TextDecoder().decode(body)) as Loose;
  return {
    submission_id: textIn(fields, "submission_id"),
    command: textIn(fields, "entrypoint"),
    metadata: mapIn(fields, "metadata") as Record<string, string>,
    runtime_env: mapIn(fields, "runtime_env"),
  };
}

/** The entrypoint's whole environment: a driver in it joins this cluster, as this job. */
export function entrypointEnv(
  env: Environment,
  { submission_id, metadata, runtime_env }: Entrypoint,
  gcs_address: string,
): Environment {
  const names = { job_submission_id: submission_id, job_name: submission_id };
  return {
    ...env,
    RAY_ADDRESS: gcs_address,
    [JOB_CONFIG_VARIABLE]: JSON.stringify({ runtime_env, metadata: { ...names, ...metadata } }),
    // Else a log that is followed shows nothing until a buffer is full.
    PYTHONUNBUFFERED: "1",
  };
}

/** By which signal and with how much patience a stopped job is ended: Ray's variables. */
export function stopManner(env: Environment): { signal: "SIGTERM" | "SIGINT"; patience: number } {
  const seconds = Number(env["RAY_JOB_STOP_WAIT_TIME_S"] ?? "3");
  return {
    signal: env["RAY_JOB_STOP_SIGNAL"] === "SIGINT" ? "SIGINT" : "SIGTERM",
    patience: (Number.isFinite(seconds) && seconds >= 0 ? seconds : 3) * 1000,
  };
}

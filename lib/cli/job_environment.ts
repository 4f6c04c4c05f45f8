/**
 * The runtime environment of a job that is submitted. Folders of this machine have to travel, and YAML
 * has to be read: both are done by the Python package, as its own client does them.
 */
import { join } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { processEnv, runtimeDir } from "../runtime/paths.ts";
import { ensureShim } from "../runtime/shim.ts";
import type { JobClient } from "./job_client.ts";

/** What the flags say. */
export interface EnvironmentFlags {
  /** YAML or JSON. */
  file: string | undefined;
  env: Record<string, unknown>;
  working_dir: string | undefined;
}

/** The environment as it is submitted: without a path of this machine. */
export async function jobEnvironment(
  { file, env, working_dir }: EnvironmentFlags,
  client: Pick<JobClient, "url" | "headers">,
): Promise<Record<string, unknown>> {
  const given = working_dir === undefined ? env : { ...env, working_dir };
  if (file === undefined && !needsPython(given)) return given;
  const { url, headers } = client;
  return await prepared({ url, headers, file: file ?? null, env: given });
}

/** True where a field names something that lies here: a folder, a module, a file of requirements. Pure. */
export function needsPython(env: Record<string, unknown>): boolean {
  const modules = env["py_modules"];
  return [env["working_dir"], ...Array.isArray(modules) ? modules : []].some(isPath) ||
    ["pip", "uv", "conda"].some((name) => typeof env[name] === "string");
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}

async function prepared(order: Record<string, unknown>): Promise<Record<string, unknown>> {
  const python = interpreter();
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(python, {
      args: ["-m", "ray.job_submission._prepare"],
      env: { PYTHONPATH: await pythonPath() },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    throw new Trouble(
      `Cannot pack what the job needs: ${python} cannot be run`,
      "Set BEAM_PYTHON to a Python, or give the runtime environment without files of this machine.",
      { cause: error },
    );
  }
  const stdin = child.stdin.getWriter();
  // In standard input, not among the arguments: the headers hold the token.
  await stdin.write(new TextEncoder().encode(JSON.stringify(order)));
  await stdin.close();
  const { success, stdout } = await child.output();
  const text = new TextDecoder().decode(stdout).trim();
  if (success) return JSON.parse(text.split("\n").at(-1)!);
  throw new Trouble(
    `Cannot set up the job's runtime environment: ${text || "its preparation failed, see above"}`,
    "Correct --working-dir, --runtime-env or --runtime-env-json.",
  );
}

function interpreter(): string {
  const environment = processEnv("VIRTUAL_ENV");
  return processEnv("BEAM_PYTHON") ??
    (environment ? join(environment, "bin", "python") : "python3");
}

async function pythonPath(): Promise<string> {
  const rest = processEnv("PYTHONPATH");
  const shim = await ensureShim(runtimeDir());
  return rest ? `${shim}:${rest}` : shim;
}

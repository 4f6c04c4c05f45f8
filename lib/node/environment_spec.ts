/** What a runtime environment asks a node to set up, read once into names and types. */
import { join } from "node:path";
import { LONGEST_TIMER } from "../runtime/clock.ts";
import { listIn, type Loose, mapIn, textIn } from "./order.ts";

/** How long a setup may take where nobody says otherwise, in milliseconds: Ray's ten minutes. */
export const SETUP_TIMEOUT = 600_000;
/** `requirements` refer to the unpacked working directory by this variable. */
export const WORKING_DIR_VARIABLE = "RAY_RUNTIME_ENV_CREATE_WORKING_DIR";

/** See the top of this file. */
export interface EnvironmentSpec {
  /** URI of the working directory. */
  working_dir: string | undefined;
  /** URIs of modules. */
  py_modules: string[];
  /** What a shell runs instead of the interpreter. */
  py_executable: string | undefined;
  install: InstallSpec | undefined;
  /** Options of the profiler under which workers run, or "default". */
  nsight: string | Loose | undefined;
  /** In milliseconds; undefined: without limit. */
  timeout: number | undefined;
  eager: boolean;
  /** Files of the log folder that the setup's log goes to as well. */
  log_files: string[];
  vars: Record<string, string>;
}

/** Packages for a virtual environment. */
export interface InstallSpec {
  installer: "pip" | "uv";
  packages: string[];
  options?: string[];
  check?: boolean;
  version?: string;
}

/** A job's environment with what an actor asked for besides; variables are merged one by one. */
export function mergedEnvironment(job: Loose, actor: Loose): Loose {
  const env = { ...job, ...actor };
  const env_vars = { ...mapIn(job, "env_vars"), ...mapIn(actor, "env_vars") };
  // One environment has one installer: the actor's takes the place of the job's.
  if (actor["pip"] && !actor["uv"]) delete env["uv"];
  if (actor["uv"] && !actor["pip"]) delete env["pip"];
  return Object.keys(env_vars).length > 0 ? { ...env, env_vars } : env;
}

/** What is to be set up for a runtime environment; undefined where variables are all there is. */
export function environmentSpec(env: Loose): EnvironmentSpec | undefined {
  const spec: EnvironmentSpec = {
    working_dir: textIn(env, "working_dir") || undefined,
    py_modules: listIn(env, "py_modules").map(String),
    py_executable: textIn(env, "py_executable") || undefined,
    install: installOf(env, "uv") ?? installOf(env, "pip"),
    nsight: (env["_nsight"] || undefined) as string | Loose | undefined,
    ...settings(mapIn(env, "config")),
    vars: Object.fromEntries(
      Object.entries(mapIn(env, "env_vars")).map(([name, value]) => [name, String(value)]),
    ),
  };
  const { working_dir, py_modules, py_executable, install, nsight } = spec;
  const asked = working_dir || py_modules.length || py_executable || install || nsight;
  return asked ? spec : undefined;
}

function settings(config: Loose): Pick<EnvironmentSpec, "timeout" | "eager" | "log_files"> {
  const seconds = config["setup_timeout_seconds"];
  return {
    timeout: typeof seconds !== "number"
      ? SETUP_TIMEOUT
      : seconds < 0
      ? undefined
      : Math.min(seconds * 1000, LONGEST_TIMER),
    eager: config["eager_install"] !== false,
    // Names of the log folder only: a path would write anywhere.
    log_files: listIn(config, "log_files").map(String).filter((name) => /^[\w.-]+$/.test(name)),
  };
}

function installOf(env: Loose, installer: "pip" | "uv"): InstallSpec | undefined {
  const given = env[installer];
  const fields: Loose = Array.isArray(given) ? { packages: given } : mapIn(env, installer);
  const packages = listIn(fields, "packages").map(String);
  if (packages.length === 0) return undefined;
  const spec: InstallSpec = { installer, packages };
  const version = textIn(fields, `${installer}_version`);
  const options = fields[installer === "pip" ? "pip_install_options" : "uv_pip_install_options"];
  if (version !== "") spec.version = version;
  if (Array.isArray(options)) spec.options = options.map(String);
  if (fields[`${installer}_check`] === true) spec.check = true;
  return spec;
}

/** Ray's words for `nsight="default"`. */
const NSIGHT_DEFAULT = { t: "cuda,cudnn,cublas,nvtx", "stop-on-exit": "true" };
const NSIGHT_OUTPUT = "worker_process_%p";

/** The profiler's command, in words; its report goes into `folder`. */
export function nsightCommand(given: string | Loose, folder: string): string[] {
  const asked: Loose = typeof given === "string" ? NSIGHT_DEFAULT : given;
  const { o = NSIGHT_OUTPUT, ...options } = asked;
  const words = ["nsys", "profile"];
  for (const [name, value] of Object.entries(options)) {
    if (name.length > 1) words.push(`--${name}=${value}`);
    else words.push(`-${name}`, String(value));
  }
  return [...words, "-o", join(folder, String(o).replaceAll("'", ""))];
}

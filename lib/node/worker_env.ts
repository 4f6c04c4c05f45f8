/**
 * The environment of a worker: the daemon's, the network's variables where nobody set them, the
 * `env_vars` of job and actor, and last the devices, so that nothing can give a worker GPUs that
 * were not granted to it.
 */
import { deviceEnvironment, type GpuVendor } from "../probe/gpus.ts";
import { isPrivate, withoutPrivate } from "../runtime/private_env.ts";

/** Names and values of a process's environment. */
export type Environment = Record<string, string>;

/** What takes effect only where a fresh interpreter starts. */
const NEEDS_EXEC =
  /^(PYTHON.*|LD_.*|MALLOC_.*|(_RJEM_|JE_)?MALLOC_CONF|TCMALLOC_.*|MIMALLOC_.*|GLIBC_TUNABLES|LANG|LANGUAGE|LC_.*|TZ)$/;

/** See {@link workerEnv}. */
export interface WorkerEnvParts {
  /** See {@link nodeEnv}. */
  node: Environment;
  /** The folder that holds the Python package `ray`. */
  shim: string;
  /** `env_vars` of the job's and the actor's runtime environment; the actor's win. */
  jobVars: Environment;
  actorVars: Environment;
  vendor: GpuVendor | null;
  /** Ids of the granted devices; empty: none were asked for. */
  devices: readonly string[];
}

/** The part that all processes of a node share: no secrets, the network's variables filled in. */
export function nodeEnv(daemon: Environment, network: Environment): Environment {
  const env = withoutPrivate(daemon);
  for (const [name, value] of Object.entries(network)) env[name] ??= value;
  return env;
}

/** The environment of a template, and of every worker before its own variables. */
export function templateEnv(node: Environment, shim: string): Environment {
  return { ...node, PYTHONPATH: withShim(shim, node["PYTHONPATH"]) };
}

/** The whole environment of a worker. */
export function workerEnv(parts: WorkerEnvParts): Environment {
  const env = templateEnv(parts.node, parts.shim);
  // Merged before they are expanded, as Ray does: `PATH=${PATH}:/x` in both must not apply twice.
  for (const [name, value] of Object.entries({ ...parts.jobVars, ...parts.actorVars })) {
    if (!isPrivate(name)) env[name] = expand(String(value), env);
  }
  env["PYTHONPATH"] = withShim(parts.shim, env["PYTHONPATH"]);
  return { ...env, ...devicesEnv(parts.vendor, parts.devices, env) };
}

/** `env` with what a runtime environment unpacked and installed in front. */
export function withPlaces(
  env: Environment,
  shim: string,
  places: { paths: string[]; virtual_env: string | undefined },
): Environment {
  const { paths, virtual_env } = places;
  const path = [...paths, ...(env["PYTHONPATH"] ?? "").split(":")].join(":");
  const made: Environment = { ...env, PYTHONPATH: withShim(shim, path) };
  if (virtual_env === undefined) return made;
  const bin = `${virtual_env}/bin`;
  return { ...made, VIRTUAL_ENV: virtual_env, PATH: env["PATH"] ? `${bin}:${env["PATH"]}` : bin };
}

/** True where a fork of the template could not give a process this environment. */
export function needsExec(template: Environment, worker: Environment): boolean {
  for (const name of new Set([...Object.keys(template), ...Object.keys(worker)])) {
    if (NEEDS_EXEC.test(name) && template[name] !== worker[name]) return true;
  }
  return false;
}

/** `$NAME` and `${NAME}` from `env`; a braced name that is not set becomes empty, a bare one stays. */
function expand(value: string, env: Environment): string {
  return value.replace(
    /\$(?:\{([^}]*)\}|(\w+))/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare!;
      if (Object.hasOwn(env, name)) return env[name]!;
      return braced === undefined ? whole : unset(whole, braced);
    },
  );
}

/** Ray empties what looks like a variable and leaves the rest alone. */
function unset(whole: string, name: string): string {
  return /^[A-Z0-9_]+$/.test(name) ? "" : whole;
}

function withShim(shim: string, path: string | undefined): string {
  const rest = (path ?? "").split(":").filter((entry) => entry !== "" && entry !== shim);
  return [...new Set([shim, ...rest])].join(":");
}

function devicesEnv(
  vendor: GpuVendor | null,
  devices: readonly string[],
  env: Environment,
): Environment {
  // Ray sets one variable on AMD; its switch must hold for the second one too that is set here.
  const untouched = vendor === "amd" &&
    (isOn(env["RAY_EXPERIMENTAL_NOSET_HIP_VISIBLE_DEVICES"]) ||
      isOn(env["RAY_EXPERIMENTAL_NOSET_ROCR_VISIBLE_DEVICES"]));
  if (untouched) return {};
  if (devices.length > 0) return deviceEnvironment(vendor, devices, env);
  if (!isOn(env["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"])) return {};
  // The same variables that one device would set, so that the same switches hold.
  const names = Object.keys(deviceEnvironment(vendor, ["0"], env));
  return Object.fromEntries(names.map((name) => [name, ""]));
}

function isOn(value: string | undefined): boolean {
  return value === "1" || value?.toLowerCase() === "true";
}

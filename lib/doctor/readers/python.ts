/**
 * The interpreter that runs workers, and what it would import. It is started once, with the workers'
 * environment, and asked without importing any of the packages: versions are those of dist-info files,
 * and what torch was built for stands in its version file.
 */
import type { PythonFacts } from "../facts.ts";
import { deadline, inTime } from "../in_time.ts";
import type { System } from "../system.ts";

/** Distributions whose versions matter between nodes. */
const PACKAGES = [
  "vllm",
  "torch",
  "ray",
  "numpy",
  "transformers",
  "triton",
  "flashinfer-python",
  "nvidia-nccl-cu11",
  "nvidia-nccl-cu12",
  "nvidia-nccl-cu13",
  "nixl",
  "cupy-cuda12x",
];

/**
 * Prints one line of JSON. `find_spec` of a top-level name imports nothing. In the folder where it runs
 * `python -c` looks first, as `python -m` does.
 */
const PROGRAM = `
import importlib.util, json, os, platform, sys
from importlib.metadata import PackageNotFoundError, version
def origin(name):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:
        return None
    if spec is None:
        return None
    if spec.origin and spec.origin != "namespace":
        return spec.origin
    return next(iter(spec.submodule_search_locations or []), None)
def built_for(path, name):
    try:
        for line in open(os.path.join(os.path.dirname(path), "version.py"), encoding="utf-8"):
            left, equals, right = line.partition("=")
            if equals and left.split(":")[0].strip() == name:
                return right.strip().strip("'\\"") if right.strip() != "None" else None
    except (OSError, TypeError):
        return None
packages = {}
for name in sys.argv[1:]:
    try:
        packages[name] = version(name)
    except PackageNotFoundError:
        pass
torch = origin("torch")
ray = origin("ray")
print(json.dumps({
    "executable": sys.executable, "version": platform.python_version(), "packages": packages,
    "torch_cuda": built_for(torch, "cuda"), "torch_hip": built_for(torch, "hip"), "ray": ray,
    "ray_is_beam": bool(ray) and os.path.exists(os.path.join(os.path.dirname(ray), "_worker", "start.py")),
    "sys_path": sys.path,
}))
`;

/** How long the interpreter may take, in milliseconds: from a network file system it may be some seconds. */
const START_MS = 7000;

export interface PythonReaderOptions {
  /** What starts workers; the words before `-m` start the interpreter. */
  worker_command: readonly string[];
  /** As workers have it. */
  env: Record<string, string>;
  signal: AbortSignal;
}

/**
 * Never rejects: an interpreter that is missing or fails is itself a fact. Null where the command is a
 * program of somebody's own, which is not run to see what it does.
 */
export async function readPython(
  system: System,
  { worker_command, env, signal }: PythonReaderOptions,
): Promise<PythonFacts | null> {
  const command = interpreterIn(worker_command);
  if (command === undefined) return null;
  const none = (error: string): PythonFacts => ({
    command,
    error,
    executable: null,
    version: null,
    packages: {},
    torch_cuda: null,
    torch_hip: null,
    nccl: null,
    ray: null,
    ray_is_beam: false,
    vllm_python: interpreterOf(system, "vllm", env.PATH),
    sys_path: [],
  });
  const program = command[0] ?? "";
  const found = system.find(program, env.PATH);
  if (found === null) {
    return none(program.includes("/") ? "it is not there" : "it is not on PATH");
  }
  try {
    const words = [found, ...command.slice(1), "-c", PROGRAM, ...PACKAGES];
    using until = deadline(START_MS, signal);
    const running = system.run(words, env, until.signal);
    const { code, stdout, stderr } = await inTime(running, until.signal);
    if (code !== 0) return none(lastWords(stderr) || `it ended with code ${code}`);
    return { ...none(""), ...parsePython(stdout), error: null };
  } catch (error) {
    return none((error as Error).message);
  }
}

/** The words that start the interpreter: those before `-m ray._worker`, or an interpreter alone. */
function interpreterIn(words: readonly string[]): string[] | undefined {
  const at = words.findIndex((word, place) => word === "-m" && words[place + 1] === "ray._worker");
  if (at > 0) return words.slice(0, at);
  const program = words[0]?.slice(words[0].lastIndexOf("/") + 1) ?? "";
  return /^(python|pypy)[\d.]*$/.test(program) ? words.slice(0, 1) : undefined;
}

/** Of a traceback the exception, else the first line. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const line = lines.some((one) => one.startsWith("Traceback")) ? lines.at(-1) : lines[0];
  return line!.replace(/\.$/, "");
}

/** @throws where the last line is not what the program prints */
export function parsePython(stdout: string): Omit<
  PythonFacts,
  "command" | "error" | "vllm_python"
> {
  // What a site's start-up files print comes before it.
  const told = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  const packages = told.packages as Record<string, string>;
  const nccl = Object.keys(packages).find((name) => name.startsWith("nvidia-nccl-"));
  const { executable, version, torch_cuda, torch_hip, ray, ray_is_beam, sys_path } = told;
  return {
    executable,
    version,
    packages,
    torch_cuda,
    torch_hip,
    nccl: nccl === undefined ? null : packages[nccl]!,
    ray,
    ray_is_beam,
    sys_path,
  };
}

/** What the first line of a script on PATH names. */
function interpreterOf(system: System, name: string, path: string | undefined): string | null {
  const script = system.find(name, path);
  const line = script === null ? "" : (system.read(script).text ?? "").split("\n", 1)[0]!;
  const found = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(line);
  if (found === null) return null;
  return found[1]!.endsWith("/env") ? system.find(found[2] ?? "", path) : found[1]!;
}

/** The environment that a program needs to find the package, the launchers and the network. */
import { join } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { type Env, processEnv, runtimeDir } from "../runtime/paths.ts";
import { ensureShim } from "../runtime/shim.ts";
import { withDaemon } from "./daemon_choice.ts";
import { daemonInfo } from "./patience.ts";

/** Variables to set, and whether a node was there to ask for the network's. */
export interface ProgramEnv {
  variables: Record<string, string>;
  hasNode: boolean;
}

/** What a program started now, here, needs. Network variables that are set already stay. */
export async function programEnv(env: Env = processEnv): Promise<ProgramEnv> {
  const runtime = runtimeDir(env);
  const variables: Record<string, string> = {
    PYTHONPATH: inFront(await ensureShim(runtime), env("PYTHONPATH")),
    PATH: inFront(join(runtime, "bin"), env("PATH")),
  };
  if (env("BEAM_RUNTIME_DIR")) variables["BEAM_RUNTIME_DIR"] = runtime;
  const network = await networkEnv(env);
  for (const [name, value] of Object.entries(network ?? {})) {
    if (!env(name)) variables[name] = value;
  }
  return { variables, hasNode: network !== undefined };
}

/** The node's network variables, or undefined where none runs. */
async function networkEnv(env: Env): Promise<Record<string, string> | undefined> {
  try {
    const { network_env } = await withDaemon({ env }, (link) => daemonInfo(link));
    return network_env as Record<string, string>;
  } catch (error) {
    if (error instanceof Trouble && error.code === "none") return undefined;
    throw error;
  }
}

/** `first` and then the rest of the list, where it does not stand there already. */
function inFront(first: string, list: string | undefined): string {
  const rest = (list ?? "").split(":").filter((part) => part !== "" && part !== first);
  return [first, ...rest].join(":");
}

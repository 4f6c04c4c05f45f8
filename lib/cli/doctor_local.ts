/** Looks at this machine for `beam doctor`: through its node's daemon, and from the shell that asks. */
import type { Finding } from "../doctor/check.ts";
import { SHELL_CHECKS } from "../doctor/checks.ts";
import { otherPackage } from "../doctor/checks/python.ts";
import { diagnose, type NodeDiagnosis } from "../doctor/main.ts";
import { type FactsRequest, readFacts } from "../doctor/read_facts.ts";
import { runChecks, unfinished } from "../doctor/run_checks.ts";
import { templateCommand } from "../node/interpreter.ts";
import { Trouble } from "../runtime/errors.ts";
import { type Env, machineDir, realPath, runtimeDir } from "../runtime/paths.ts";
import { withoutPrivate } from "../runtime/private_env.ts";
import { raysTlsFiles } from "../runtime/tls_config.ts";
import { withDaemon } from "./daemon_choice.ts";
import { daemonInfo } from "./patience.ts";

/** How long the daemon may take, in milliseconds: its own limit is shorter. */
const PATIENCE = 35_000;

/** What is found here; `silent`: a node runs, and its daemon does not answer. */
export type LocalDiagnosis = NodeDiagnosis & { silent?: boolean };

/** What is found here. @param env variables, else the configuration file's settings */
export async function diagnoseHere(env: Env): Promise<LocalDiagnosis> {
  const [daemon, shell] = await Promise.all([askDaemon(), diagnoseShell(env)]);
  if (daemon === undefined) return await diagnose(shellRequest(env));
  if (daemon instanceof Error) {
    const own = await diagnose(shellRequest(env));
    const findings = [unfinished("Asking the node's daemon", daemon), ...own.findings];
    return { ...own, findings, silent: true };
  }
  const known = new Set(daemon.findings.map(({ code, seen }) => `${code} ${seen}`));
  const { ray = null, ray_is_beam = false } = shell.facts.python ?? {};
  const { node } = daemon.facts;
  const other = ray !== null && ray_is_beam && node ? otherPackage(realPath(ray), node) : undefined;
  const further = [...shell.findings, ...other ? [other] : []]
    .filter(({ code, seen }) => !known.has(`${code} ${seen}`));
  return { ...daemon, findings: [...daemon.findings, ...further.map(inShell)] };
}

function inShell(one: Finding): Finding {
  return { ...one, seen: `In this shell: ${one.seen}` };
}

/** Undefined: no node runs here. An error: it runs, and cannot tell. */
async function askDaemon(): Promise<NodeDiagnosis | Error | undefined> {
  try {
    return await withDaemon({}, async (link) => {
      try {
        await daemonInfo(link); // one that stands still is told of soon
        const signal = AbortSignal.timeout(PATIENCE);
        const { body } = await link.request<"daemon.doctor">({ kind: "daemon.doctor" }, { signal });
        return JSON.parse(new TextDecoder().decode(body));
      } catch (error) {
        return error;
      }
    });
  } catch (error) {
    // Several that serve other runtime directories are not what is asked about.
    if (error instanceof Trouble && ["none", "several"].includes(error.code)) return undefined;
    throw error;
  }
}

/** What programs that are started from this shell meet. */
async function diagnoseShell(env: Env): Promise<NodeDiagnosis> {
  const facts = { ...await readFacts(shellRequest(env)), unread: [] };
  return { findings: await runChecks(SHELL_CHECKS, facts), facts };
}

function shellRequest(env: Env): FactsRequest {
  const own = withoutPrivate(Deno.env.toObject());
  for (const name of ["BEAM_NODE_IP", "BEAM_NUM_GPUS"]) {
    const value = env(name);
    if (value) own[name] = value;
  }
  let files = null;
  let files_fault: string | null = null;
  try {
    files = raysTlsFiles() ?? null;
  } catch (error) {
    files_fault = (error as Error).message;
  }
  return {
    node: null,
    runtime_dir: runtimeDir(),
    machine_dir: machineDir(),
    worker_command: templateCommand({
      worker_cmd: env("BEAM_WORKER_CMD"),
      python: own["BEAM_PYTHON"],
      virtual_env: own["VIRTUAL_ENV"],
    }),
    env: own,
    shim_path: null,
    security: {
      open: null,
      tls: null,
      files,
      files_fault,
      listens_on: null,
      certificate_until: null,
    },
  };
}

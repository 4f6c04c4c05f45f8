/**
 * The entry of `beam doctor-node`, by which a daemon looks at its machine: in a process of its own, so
 * that a file system or a vendor's command that hangs cannot hold up the node. It inherits the daemon's
 * environment and limits, which are those of workers. A request in, findings and facts out.
 */
import { StartInput } from "../runtime/start_input.ts";
import { CHECKS } from "./checks.ts";
import type { Finding } from "./check.ts";
import type { Facts } from "./facts.ts";
import { type FactsRequest, readFacts } from "./read_facts.ts";
import { runChecks } from "./run_checks.ts";

/** What a node answers when it is asked for its doctor. */
export interface NodeDiagnosis {
  findings: Finding[];
  facts: Facts;
}

/** Looks at this machine. */
export async function diagnose(
  request: FactsRequest,
  signal?: AbortSignal,
): Promise<NodeDiagnosis> {
  const options = signal ? { signal } : {};
  const facts = await readFacts(request, options);
  return { findings: await runChecks(CHECKS, facts, options), facts };
}

/** Reads the request's line, prints the diagnosis as one line of JSON; the process's exit code. */
export async function runDoctorNode(): Promise<number> {
  const request = JSON.parse(await new StartInput().line()) as FactsRequest;
  const diagnosis = new TextEncoder().encode(JSON.stringify(await diagnose(request)) + "\n");
  for (let at = 0; at < diagnosis.length;) at += Deno.stdout.writeSync(diagnosis.subarray(at));
  return 0;
}

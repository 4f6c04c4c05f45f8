/** What `ray start` prints; people and test suites look for these lines. */
import { shellWord } from "../runtime/launcher.ts";
import type { DaemonRecord } from "../runtime/records.ts";

/** Facts of a node that was started. */
export interface RayStartFacts {
  record: Pick<DaemonRecord, "node_ip" | "head_address" | "is_head" | "shim_path">;
  /** Absent in an open cluster. */
  token?: string | undefined;
  block: boolean;
}

/** The text for standard output. */
export function rayStartText({ record, token, block }: RayStartFacts): string {
  const started = "Ray runtime started.";
  const rule = "-".repeat(started.length);
  const secret = token === undefined ? "" : `BEAM_TOKEN=${shellWord(token)} `;
  const next = [
    "Next steps",
    "  To add another node to this Ray cluster, run",
    `    ${secret}ray start --address='${record.head_address}'`,
    "",
    "  To connect to this Ray cluster:",
    "    import ray",
    "    ray.init()",
    "",
    "  The package is found with",
    `    export PYTHONPATH=${shellWord(record.shim_path)}`,
    "",
    "  To terminate the Ray runtime, run",
    "    ray stop",
    "",
    "  To view the status of the cluster, use",
    "    ray status",
  ];
  const joined = ["To terminate the Ray runtime, run", "  ray stop"];
  return [
    `Local node IP: ${record.node_ip}`,
    "",
    rule,
    started,
    rule,
    "",
    ...(record.is_head ? next : joined),
    ...(block ? ["", "--block: this command stays in front until the node ends."] : []),
  ].join("\n");
}

/** The one line about an open cluster. */
export function openWarning(address: string): string {
  return `ray: warning: this cluster is open: whoever reaches ${address} can run programs in it; ` +
    "`RAY_AUTH_MODE=token ray start --head …` closes it.";
}

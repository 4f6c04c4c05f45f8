/** What the doctor finds in a cluster under test. */
import assert from "assert";
import { linkTo } from "../../../lib/cli/daemon_choice.ts";
import type { Finding } from "../../../lib/doctor/check.ts";
import type { ClusterExamination } from "../../../lib/head/doctor.ts";
import { LinkClosed } from "../../../lib/wire/errors.ts";
import type { Node } from "../../e2e/harness/node.ts";

/** Longer than any examination takes, in milliseconds. */
const PATIENCE = 90_000;

/** Has the head examine its cluster, asked at that node's socket. */
export async function examine(node: Node): Promise<ClusterExamination> {
  const link = await linkTo({ socket: node.record.socket });
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const { body } = await link.request({ kind: "query.doctor" }, { signal });
    return JSON.parse(new TextDecoder().decode(body));
  } finally {
    link.close(new LinkClosed("done"));
  }
}

/** The findings, told in a way that a failed test shows them. */
export function listedFindings(findings: readonly Finding[]): string {
  return findings.map((one) =>
    `${one.code} ${one.severity} ${one.node ?? ""}: ${one.seen}\n    ${one.mend}`
  ).join("\n");
}

/** Asserts that just one thing is found beyond what this machine has anyway; returns it. */
export function onlyFinding(
  { findings }: ClusterExamination,
  code: string,
  known: ReadonlySet<string> = new Set(),
): Finding {
  const fresh = findings.filter((one) => !known.has(one.code));
  assert.deepEqual(fresh.map((one) => one.code), [code], listedFindings(fresh));
  return fresh[0]!;
}

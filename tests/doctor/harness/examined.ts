/** What the doctor finds in a cluster under test. */
import assert from "assert";
import { linkTo } from "../../../lib/cli/daemon_choice.ts";
import type { Finding } from "../../../lib/doctor/check.ts";
import type { ClusterExamination } from "../../../lib/head/doctor.ts";
import { LinkClosed } from "../../../lib/wire/errors.ts";
import type { Node } from "../../e2e/harness/node.ts";

/** Longer than any examination takes, in milliseconds. */
const PATIENCE = 90_000;

/**
 * What is found of the kernel and the C library, which machines of a test share with the one that tests:
 * who keeps its clock, its memory's rules, its log. The tests of those checks have made-up facts.
 */
const OF_THIS_MACHINE = ["BD024", "BD029", "BD031", "BD032", "BD033"];

/** Has the head examine its cluster, asked at that node's socket. */
export async function examine(node: Node): Promise<ClusterExamination> {
  const link = await linkTo({ socket: node.record.socket });
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const { body } = await link.request({ kind: "query.doctor" }, { signal });
    const examination: ClusterExamination = JSON.parse(new TextDecoder().decode(body));
    const findings = examination.findings.filter(({ code }) => !OF_THIS_MACHINE.includes(code));
    return { ...examination, findings };
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

/** Asserts that just one thing is found; returns it. */
export function onlyFinding({ findings }: ClusterExamination, code: string): Finding {
  assert.deepEqual(findings.map((one) => one.code), [code], listedFindings(findings));
  return findings[0]!;
}

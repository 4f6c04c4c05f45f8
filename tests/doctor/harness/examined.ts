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
 * What is found of what machines of a test share with the one that tests: its kernel's clock, memory and log,
 * its C library, and other programs, which tests that run at the same time may be. The tests of those checks
 * have made-up facts.
 */
const OF_THIS_MACHINE = ["BD024", "BD029", "BD031", "BD032", "BD033", "BD034", "BD035"];

/** Has the head examine its cluster, asked at that node's socket. */
export async function examine(node: Node): Promise<ClusterExamination> {
  const link = await linkTo({ socket: node.record.socket });
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const { body } = await link.request({ kind: "query.doctor" }, { signal });
    const examination: ClusterExamination = JSON.parse(new TextDecoder().decode(body));
    return { ...examination, findings: ofTheCluster(examination.findings) };
  } finally {
    link.close(new LinkClosed("done"));
  }
}

/** Without those of the machine that tests. */
export function ofTheCluster(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ code }) => !OF_THIS_MACHINE.includes(code));
}

/** The findings, told in a way that a failed test shows them. */
export function listedFindings(findings: readonly Finding[]): string {
  return findings.map((one) =>
    `${one.code} ${one.severity} ${one.node ?? ""}: ${one.seen}\n    ${one.mend}`
  ).join("\n");
}

/** Asserts that just one thing is found; returns it. */
export function onlyFinding({ findings }: { findings: Finding[] }, code: string): Finding {
  assert.deepEqual(findings.map((one) => one.code), [code], listedFindings(findings));
  return findings[0]!;
}

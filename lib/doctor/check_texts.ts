/** What is said of every check, of nodes, joins and clusters, by code. */
import type { CheckText } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { CLUSTER_CHECK_TEXTS } from "./cluster/cluster_checks.ts";
import { CONFIGURATION } from "./configuration.ts";
import { JOIN_TEXTS } from "./join_texts.ts";
import { UNFINISHED } from "./run_checks.ts";

export const CHECK_TEXTS: readonly CheckText[] = byCode([
  UNFINISHED,
  CONFIGURATION,
  ...CHECKS,
  ...JOIN_TEXTS,
  ...CLUSTER_CHECK_TEXTS,
]);

export function byCode(checks: readonly CheckText[]): CheckText[] {
  return checks.toSorted((a, b) => a.code.localeCompare(b.code));
}

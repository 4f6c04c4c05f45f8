/** What nodes found of themselves and what was found between them, as one list that says nothing twice. */
import { type Finding, sorted } from "../check.ts";
import { listText } from "../words.ts";

/** What a node finds of itself and is told better, of the same node, by who looks from elsewhere. */
const TOLD_BY: Readonly<Record<string, readonly string[]>> = { BD002: ["BD058", "BD059"] };

/** The worst first. What several nodes find in the same words is told once, with all of their names. */
export function together(findings: readonly Finding[]): Finding[] {
  const has = new Set(findings.map(({ code, node_id }) => `${code} ${node_id}`));
  const same = new Map<string, Finding[]>();
  for (const found of findings) {
    const { code, severity, seen, breaks, mend, node_id } = found;
    if (TOLD_BY[code]?.some((better) => has.has(`${better} ${node_id}`))) continue;
    const key = JSON.stringify([code, severity, seen, breaks, mend]);
    same.set(key, [...same.get(key) ?? [], found]);
  }
  return sorted([...same.values()].map(inOne));
}

function inOne(findings: Finding[]): Finding {
  const [first] = findings as [Finding];
  const names = [...new Set(findings.flatMap(({ node }) => node ?? []))];
  if (names.length < 2) return first;
  const { node_id: _, ...rest } = first;
  return { ...rest, node: listText(names) };
}

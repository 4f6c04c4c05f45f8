/** What a cluster still has of programs that have ended: in its books, its processes and its files. */
import { join } from "node:path";
import type { Node } from "../../e2e/harness/node.ts";
import { childrenOf, commandOf } from "../../e2e/harness/processes.ts";
import { storeFiles } from "../../e2e/harness/store_files.ts";
import { until } from "../../e2e/harness/until.ts";
import { isPresent } from "../../../lib/cli/cluster_status.ts";

/** Those of daemon and head. */
const OWN_SOCKETS = ["http.sock", "outgoing.sock"];

/** Waits until nothing is left on `nodes`, of which the first is asked; throws with what is. */
export async function nothingLeft(nodes: Node[], patience?: number): Promise<void> {
  const found = async () => [...await inBooks(nodes[0]!), ...nodes.flatMap(onNode)];
  await until("nothing is left behind", async () => (await found()).length === 0, {
    found,
    ...patience !== undefined && { patience },
  });
}

/** In the head's books: jobs, actors, groups, requests, amounts. */
async function inBooks(node: Node): Promise<string[]> {
  const { nodes, jobs, actors, groups, pending } = await node.status();
  const used = nodes.filter(isPresent).flatMap(({ ip, total, available }) =>
    Object.keys(total).filter((name) => total[name] !== (available[name] ?? 0))
      .map((name) => `${name} of ${ip}: ${available[name] ?? 0} of ${total[name]}`)
  );
  return [
    ...used,
    ...jobs.filter(({ state }) => state !== "ended").map(({ job_id }) => `job ${job_id}`),
    ...actors.filter(({ state }) => state !== "DEAD").map((one) => `actor ${one.actor_id}`),
    ...groups.filter(({ state }) => state !== "REMOVED").map(({ pg_id }) => `group ${pg_id}`),
    ...pending.map((one) => `pending ${JSON.stringify(one)}`),
  ];
}

/** On a node: processes below its daemon that are neither head nor template, sockets, markers, objects. */
function onNode(node: Node): string[] {
  const { pid } = node.record;
  const below = childrenOf(pid).flatMap((child) =>
    / head$/.test(commandOf(child))
      ? []
      : /ray\._worker/.test(commandOf(child))
      ? childrenOf(child)
      : [child]
  );
  const files = storeFiles(node);
  return [
    ...below.map((one) => `process ${one} ${commandOf(one)}`),
    ...namesIn(join(node.instanceDir!, "s")).filter((name) => !OWN_SOCKETS.includes(name)).map((
      name,
    ) => `socket ${name}`),
    ...namesIn(join(node.instanceDir!, "workers")).map((name) => `marker ${name}`),
    ...[...files.memory, ...files.disk].map((path) => `object ${path}`),
  ];
}

function namesIn(dir: string): string[] {
  try {
    return [...Deno.readDirSync(dir)].map(({ name }) => name);
  } catch {
    return [];
  }
}

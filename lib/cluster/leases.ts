/**
 * Fairness between those who lease workers for tasks. Whoever has one keeps it as long as it has
 * tasks for it and nobody else waits; when another owner waits for what it holds, it is asked for
 * it once, and asks for another at the end of the queue where it has more to run.
 */
import type { ActorRecord } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import { neverText } from "./feasibility.ts";
import { ownerNode } from "./scheduling.ts";

/**
 * Asks the owners of leased workers for what others wait for, and for those on nodes that are to be
 * empty; called once per tick.
 */
export function askBack(books: Books): void {
  const draining = new Set(
    [...books.nodes.values()].filter((node) => node.draining).map((node) => node.node_id),
  );
  if (books.queue.size === 0 && draining.size === 0) return;
  const leases = [...books.actors.values()].filter((actor) =>
    actor.kind === "task" && actor.step === "running" && !actor.returned && !actor.wanted
  );
  if (leases.length === 0) return;
  const waiting = waitingOwners(books);
  for (const lease of leases) {
    const own = ownerKey(lease.owner);
    const asked = draining.has(lease.node_id) ||
      [...waiting].some(([owner, names]) =>
        owner !== own && Object.keys(lease.grant?.amounts ?? {}).some((name) => names.has(name))
      );
    if (!asked) continue;
    lease.wanted = true;
    const { actor_id } = lease;
    books.act({ kind: "lease.wanted", node_id: ownerNode(books, lease.owner), actor_id });
  }
}

/** True where a task waits because tasks run: a queue, and nothing to warn of. */
export function isQueueing(books: Books, actor: ActorRecord): boolean {
  if (actor.kind !== "task" || neverText(books, actor) !== undefined) return false;
  const names = Object.keys(largerOf(actor.place, actor.run));
  return [...books.actors.values()].some((other) =>
    other.kind === "task" && other.step === "running" && other.lent_cpu === 0 &&
    names.some((name) => (other.grant?.amounts[name] ?? 0) > 0)
  );
}

/** Names of the resources that wait to be granted, by owner. */
function waitingOwners(books: Books): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  const add = (owner: ActorRecord["owner"], amounts: Amounts) => {
    const key = ownerKey(owner);
    const names = owners.get(key) ?? new Set();
    owners.set(key, names);
    for (const name of Object.keys(amounts)) names.add(name);
  };
  for (const id of books.queue) {
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    if (actor !== undefined) add(actor.owner, largerOf(actor.place, actor.run));
    for (const bundle of group?.bundles ?? []) add(group!.owner, bundle);
  }
  return owners;
}

function ownerKey({ job_id, actor_id }: ActorRecord["owner"]): string {
  return `${job_id}/${actor_id ?? ""}`;
}

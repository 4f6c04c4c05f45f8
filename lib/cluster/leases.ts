/**
 * Fairness between those who lease workers for tasks. Whoever has one keeps it as long as it has
 * tasks for it and nothing else waits; when something waits that could have its place without leased
 * workers, their owners are asked for them once, and ask for others at the end of the queue where they
 * have more to run. Between its own kinds of tasks an owner decides by itself.
 */
import type { ActorRecord } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import { heldBy } from "./books.ts";
import { chooseNode } from "./choose_node.ts";
import { neverText } from "./feasibility.ts";
import type { GroupRecord } from "./groups.ts";
import { copyLedger, returnGrant } from "./ledger.ts";
import { waitingShape } from "./pending.ts";
import type { RoomyNode } from "./placement.ts";
import { placeBundles } from "./placement.ts";
import { ownerNode, roomyNodes } from "./scheduling.ts";

/** What waits and could have its place if leased workers were given back. */
interface Waiting {
  /** Of a worker for tasks: who asked for it, and deals with its own leases. */
  owner?: string;
  /** The placement group inside which it waits. */
  pg_id: string | undefined;
  amounts: Amounts;
}

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
    actor.kind === "task" && actor.step === "running" && !actor.returned
  );
  if (leases.every((lease) => lease.wanted)) return;
  const waiting = waitingFor(books, leases);
  for (const lease of leases) {
    if (lease.wanted) continue;
    const asked = draining.has(lease.node_id) || waiting.some((one) => isInTheWay(lease, one));
    if (!asked) continue;
    lease.wanted = true;
    const { actor_id } = lease;
    books.act({ kind: "lease.wanted", node_id: ownerNode(books, lease.owner), actor_id });
  }
}

/** A node has joined (again): what its processes were asked for may have been lost on the way. */
export function askAnew(books: Books, node_id: string): void {
  for (const lease of books.actors.values()) {
    if (lease.wanted && ownerNode(books, lease.owner) === node_id) delete lease.wanted;
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

function isInTheWay(lease: ActorRecord, { owner, pg_id, amounts }: Waiting): boolean {
  return owner !== ownerKey(lease.owner) && pg_id === lease.pg?.pg_id &&
    Object.keys(lease.grant?.amounts ?? {}).some((name) => name in amounts);
}

function waitingFor(books: Books, leases: ActorRecord[]): Waiting[] {
  const nodes = nodesWithout(books, leases);
  const seen = new Set<string>();
  const waiting: Waiting[] = [];
  for (const id of books.queue) {
    const group = books.groups.get(id);
    if (group !== undefined && groupFits(group, nodes)) {
      const missing = group.bundles.filter((_, index) => group.nodes[index] === "");
      for (const amounts of missing) waiting.push({ pg_id: undefined, amounts });
    }
    const actor = books.actors.get(id);
    if (actor === undefined || actor.not_before > books.now) continue;
    const owner = actor.kind === "task" ? ownerKey(actor.owner) : undefined;
    // Thousands may wait alike.
    const shape = `${owner} ${waitingShape(actor)}`;
    if (seen.has(shape)) continue;
    seen.add(shape);
    if (actor.pg === undefined && !actorFits(actor, nodes)) continue;
    const amounts = largerOf(actor.place, actor.run);
    waiting.push({ pg_id: actor.pg?.pg_id, amounts, ...(owner !== undefined && { owner }) });
  }
  return waiting;
}

/** Nodes that take work, with what would be free there without these leases. */
function nodesWithout(books: Books, leases: ActorRecord[]): RoomyNode[] {
  const nodes = new Map(
    roomyNodes(books).map((
      { node, ledger },
    ) => [node.node_id, { node, ledger: copyLedger(ledger) }]),
  );
  for (const lease of leases) {
    const ledger = lease.pg === undefined ? nodes.get(lease.node_id)?.ledger : undefined;
    if (ledger && lease.grant) returnGrant(ledger, heldBy(lease, lease.grant));
  }
  return [...nodes.values()];
}

function actorFits({ place, run, strategy }: ActorRecord, nodes: RoomyNode[]): boolean {
  const request = { place: largerOf(place, run), strategy, nodes, workers: new Map() };
  return chooseNode(request) !== undefined;
}

function groupFits(group: GroupRecord, nodes: RoomyNode[]): boolean {
  const { strategy, bundles, selectors = [], nodes: fixed } = group;
  return placeBundles({ strategy, bundles, selectors, fixed, nodes }) !== undefined;
}

function ownerKey({ job_id, actor_id }: ActorRecord["owner"]): string {
  return `${job_id}/${actor_id ?? ""}`;
}

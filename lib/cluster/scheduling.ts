/**
 * Giving places to what waits.
 *
 * Requests are looked at in the order of arrival; one that cannot be placed does not hold up those
 * behind it. Each is looked at when it arrives and whenever something became free.
 */
import type { ActorRecord } from "./actors.ts";
import { nextStep, stateOf } from "./actor_states.ts";
import { bundleFault } from "./admission.ts";
import type { Amounts } from "./amounts.ts";
import { amountsText, largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import { fullLedger, placeOf } from "./books.ts";
import { chooseNode } from "./choose_node.ts";
import type { DeathReport } from "./death.ts";
import { endIncarnation } from "./endings.ts";
import type { GroupRecord } from "./groups.ts";
import { groupText } from "./groups.ts";
import type { Grant } from "./ledger.ts";
import { findGrant, ledgerOf } from "./ledger.ts";
import { localise, nodeText, takesWork } from "./node.ts";
import type { NodeRecord } from "./node.ts";
import type { RoomyNode } from "./placement.ts";
import { placeBundles } from "./placement.ts";

/** Places what can be placed now. */
export function schedule(books: Books): void {
  if (onHold(books)) return;
  while (books.retry_all || books.fresh.size > 0) {
    const ids = [...(books.retry_all ? books.queue : books.fresh)];
    books.retry_all = false;
    books.fresh.clear();
    // Within one pass ledgers only shrink, so what failed once need not be tried in the same shape.
    const failed = new Set<string>();
    for (const id of inTurn(books, ids)) {
      if (!books.queue.has(id)) continue;
      const group = books.groups.get(id);
      const actor = books.actors.get(id);
      // A group that got its bundles opens room for actors queued before it.
      if (group !== undefined && placeGroup(books, group)) books.retry_all = true;
      else if (actor !== undefined) placeActor(books, actor, failed);
    }
  }
}

/** True while a restarted head waits for nodes that were there before. */
export function onHold(books: Books): boolean {
  return books.now < books.hold_until &&
    [...books.nodes.values()].some((node) => node.state === "away");
}

/** Nodes that take new work, in the order in which they joined. */
export function roomyNodes(books: Books): RoomyNode[] {
  const nodes: RoomyNode[] = [];
  for (const node of books.nodes.values()) {
    const ledger = books.node_ledgers.get(node.node_id);
    if (takesWork(node) && ledger !== undefined) nodes.push({ node, ledger });
  }
  return nodes;
}

/** The same nodes as if nobody used them: what could ever be placed. */
export function emptyNodes(books: Books): RoomyNode[] {
  return [...books.nodes.values()]
    .filter((node) => node.state !== "dead" && node.state !== "draining")
    .map((node) => ({ node, ledger: fullLedger(node) }));
}

/** The node of whoever asked. */
export function ownerNode(books: Books, owner: { job_id: string; actor_id?: string }): string {
  const actor = owner.actor_id === undefined ? undefined : books.actors.get(owner.actor_id);
  return actor?.node_id || (books.jobs.get(owner.job_id)?.node_id ?? "");
}

/**
 * The requests in the order in which they are looked at: that of their arrival, but of workers for
 * tasks whoever has fewer of them goes first, so that one owner's many do not keep another's few out.
 */
function inTurn(books: Books, ids: string[]): string[] {
  const sorted = ids.sort((a, b) => seqOf(books, a) - seqOf(books, b));
  const ownerOf = (actor: ActorRecord) => `${actor.owner.job_id}/${actor.owner.actor_id ?? ""}`;
  const leases = sorted.map((id) => books.actors.get(id)).filter((one) => one?.kind === "task");
  const had = new Map(leases.map((lease) => [ownerOf(lease!), 0]));
  if (had.size < 2) return sorted;
  const count = (actor: ActorRecord) => {
    const before = had.get(ownerOf(actor)) ?? 0;
    had.set(ownerOf(actor), before + 1);
    return before;
  };
  for (const actor of books.actors.values()) {
    if (actor.kind === "task" && actor.grant !== undefined && !actor.returned) count(actor);
  }
  const turns = new Map(leases.map((lease) => [lease!.actor_id, count(lease!)]));
  const turn = (id: string) => turns.get(id) ?? 0;
  return sorted.sort((a, b) => turn(a) - turn(b) || seqOf(books, a) - seqOf(books, b));
}

function seqOf(books: Books, id: string): number {
  return books.groups.get(id)?.seq ?? books.actors.get(id)?.seq ?? 0;
}

function placeGroup(books: Books, group: GroupRecord): boolean {
  group.attempts += 1;
  const placed = placeBundles({
    strategy: group.strategy,
    bundles: group.bundles,
    selectors: group.selectors ?? [],
    fixed: group.nodes,
    nodes: roomyNodes(books),
    preferred: ownerNode(books, group.owner),
  });
  if (placed === undefined) return false;
  const ledgers = books.bundle_ledgers.get(group.pg_id)!;
  for (const { bundle_index, node_id, grant } of placed) {
    books.take({ node_id }, grant);
    group.nodes[bundle_index] = node_id;
    group.grants[bundle_index] = grant;
    ledgers[bundle_index] = ledgerOf(grant);
  }
  group.state = "CREATED";
  group.created_at ??= books.now;
  group.since = books.now;
  delete group.warned_at;
  books.dequeue(group.pg_id);
  books.touch("groups", group.pg_id);
  return true;
}

function placeActor(books: Books, actor: ActorRecord, failed: Set<string>): void {
  if (actor.not_before > books.now) return;
  const shape = JSON.stringify([actor.place, actor.run, actor.pg ?? actor.strategy]);
  if (failed.has(shape)) return;
  const hopeless = hopelessness(books, actor);
  if (hopeless !== undefined) {
    endIncarnation(books, actor, { report: hopeless, restart: false, gone: true });
    return;
  }
  const found = actor.pg === undefined ? findNode(books, actor) : findBundle(books, actor);
  if (found === undefined) {
    failed.add(shape);
    return;
  }
  startActor(books, actor, found);
}

interface Found {
  node: NodeRecord;
  bundle_index: number;
  grant: Grant;
}

function startActor(books: Books, actor: ActorRecord, { node, bundle_index, grant }: Found): void {
  actor.step = nextStep(actor.step, "placed")!;
  actor.state = stateOf(actor.step, actor.incarnation);
  actor.node_id = node.node_id;
  actor.bundle_index = bundle_index;
  actor.grant = grant;
  actor.since = books.now;
  actor.not_before = 0;
  delete actor.warned_at;
  books.take(placeOf(actor), grant);
  books.dequeue(actor.actor_id);
  books.touch("actors", actor.actor_id);
  actStart(books, actor);
}

/** Asks the actor's node to start its worker (again). */
export function actStart(books: Books, actor: ActorRecord): void {
  const node = books.nodes.get(actor.node_id);
  if (node === undefined || actor.grant === undefined) return;
  books.act({
    kind: "worker.start",
    node_id: actor.node_id,
    actor_id: actor.actor_id,
    incarnation: actor.incarnation,
    grant: actor.grant,
    device_ids: actor.grant.gpus.map(([index]) => node.gpu_ids[index]!),
    epoch: books.epoch,
  });
}

function findNode(books: Books, actor: ActorRecord): Found | undefined {
  const workers = new Map<string, number>();
  if (actor.strategy.kind === "spread") {
    for (const other of books.actors.values()) {
      if (other.grant !== undefined) {
        workers.set(other.node_id, (workers.get(other.node_id) ?? 0) + 1);
      }
    }
  }
  const chosen = chooseNode({
    place: largerOf(actor.place, actor.run),
    strategy: actor.strategy,
    nodes: roomyNodes(books),
    preferred: actor.near ?? ownerNode(books, actor.owner),
    workers,
  });
  const node = chosen && books.nodes.get(chosen.node_id);
  const ledger = node && books.node_ledgers.get(node.node_id);
  const grant = ledger && findGrant(ledger, localise(node, actor.run));
  return node && grant ? { node, bundle_index: -1, grant } : undefined;
}

function findBundle(books: Books, actor: ActorRecord): Found | undefined {
  const group = books.groups.get(actor.pg!.pg_id);
  const ledgers = books.bundle_ledgers.get(actor.pg!.pg_id);
  if (group === undefined || ledgers === undefined) return undefined;
  const at = actor.pg!.bundle_index;
  for (const index of at === -1 ? group.bundles.keys() : [at]) {
    const node = books.nodes.get(group.nodes[index] ?? "");
    const ledger = ledgers[index];
    // A draining node keeps what was reserved on it before, but where it is to lose that.
    if (!ledger || !node || (node.state !== "alive" && node.state !== "draining")) continue;
    if (node.evicting === true) continue;
    const local = (amounts: Amounts) => localise(node, amounts);
    if (findGrant(ledger, local(largerOf(actor.place, actor.run))) === undefined) continue;
    const grant = findGrant(ledger, local(actor.run));
    if (grant !== undefined) return { node, bundle_index: index, grant };
  }
  return undefined;
}

/** Why waiting would be for nothing, as a report, or undefined. */
function hopelessness(books: Books, actor: ActorRecord): DeathReport | undefined {
  if (actor.pg !== undefined) {
    const group = books.groups.get(actor.pg.pg_id);
    if (group === undefined) {
      if (books.now - actor.since < books.config.unknown_group_ms) return undefined;
      return {
        kind: "group",
        message: `It was to be placed in placement group ${actor.pg.pg_id}, which is not known.`,
        mend: "Create the group before the actor, in the same cluster.",
      };
    }
    if (group.state === "REMOVED") {
      return { kind: "group", message: `Its ${groupText(group)} was removed.` };
    }
    const fault = bundleFault(group, actor);
    return fault === undefined
      ? undefined
      : { kind: "start", message: `Cannot place it: ${fault}` };
  }
  if (actor.strategy.kind !== "node" || actor.strategy.soft) return undefined;
  const unschedulable = true;
  const mend = "Name a node that is there (ray.nodes()), or use soft=True.";
  const node = books.nodes.get(actor.strategy.node_id);
  if (node === undefined || node.state === "dead") {
    const what = node === undefined ? `node ${actor.strategy.node_id}` : `node ${nodeText(node)}`;
    return {
      kind: "start",
      message: `It may run on ${what} only, which is not there.`,
      mend,
      unschedulable,
    };
  }
  const need = localise(node, largerOf(actor.place, actor.run));
  if (findGrant(fullLedger(node), need) !== undefined) return undefined;
  return {
    kind: "start",
    message: `It may run on node ${nodeText(node)} only, which even empty cannot hold ` +
      `${amountsText(need)}.`,
    mend,
    unschedulable,
  };
}

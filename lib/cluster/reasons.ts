/**
 * Why a request waits, in words a user can act on: which bundle, which resource, what each node
 * has free and who holds the rest, and whether the present nodes could ever hold it.
 */
import type { ActorRecord } from "./actors.ts";
import { actorText } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { amountsText, largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import type { GroupRecord } from "./groups.ts";
import { groupText } from "./groups.ts";
import { labelsMatch } from "./labels.ts";
import type { Ledger } from "./ledger.ts";
import { copyLedger, findGrant, takeGrant } from "./ledger.ts";
import { localise, mayHold, nodeText } from "./node.ts";
import type { NodeRecord } from "./node.ts";
import type { PlacedBundle, RoomyNode } from "./placement.ts";
import { placeBundles, placeMost } from "./placement.ts";
import { onHold, ownerNode } from "./scheduling.ts";
import { shortageText } from "./shortage.ts";
import { Survey } from "./survey.ts";

const MOST_NODES = 8;

/**
 * Why the group or actor waits, or undefined where it does not.
 * @param survey of these books as they are, where many are explained
 */
export function explain(
  books: Books,
  id: string,
  survey: Survey = new Survey(books),
): string | undefined {
  const group = books.groups.get(id);
  if (group !== undefined && (group.state === "PENDING" || group.state === "RESCHEDULING")) {
    return explainGroup(survey, group);
  }
  const actor = books.actors.get(id);
  return actor && explainActor(survey, actor);
}

function explainGroup(survey: Survey, group: GroupRecord): string {
  const { books } = survey;
  const lost = group.nodes.flatMap((node_id, index) => node_id === "" ? [String(index)] : []);
  const head = group.state === "RESCHEDULING"
    ? `${capital(groupText(group))} lost ${plural("bundle", lost)} with a node and waits: `
    : `${capital(groupText(group))} waits: `;
  if (onHold(books)) return head + holdText(books);
  const never = survey.never(group);
  return head + groupShortage(survey, group) + (never === undefined ? "" : ` ${never}`);
}

function groupShortage(survey: Survey, group: GroupRecord): string {
  const { books, roomy: nodes } = survey;
  if (nodes.length === 0) return `no node takes work now${othersText(books)}.`;
  if (group.strategy === "STRICT_PACK") return packShortage(survey, group);
  const { index, before } = firstUnplaceable(books, group, nodes);
  const bundle = group.bundles[index]!;
  const ledgers = new Map(nodes.map(({ node, ledger }) => [node.node_id, copyLedger(ledger)]));
  for (const { node_id, grant } of before) takeGrant(ledgers.get(node_id)!, grant);
  const taken = (node: NodeRecord) => [
    ...before.filter((one) => one.node_id === node.node_id).map((one) => one.bundle_index),
    ...group.nodes.flatMap((node_id, at) => node_id === node.node_id ? [at] : []),
  ];
  const describe = (node: NodeRecord): string => {
    const own = taken(node).map(String);
    if (group.strategy === "STRICT_SPREAD" && own.length > 0) {
      return `has ${plural("bundle", own)} of this group (STRICT_SPREAD wants distinct nodes)`;
    }
    const selectors = group.selectors?.[index] ?? {};
    if (!labelsMatch(node.labels, selectors)) return "has other labels than the bundle asks for";
    const ledger = ledgers.get(node.node_id)!;
    const mine = before.filter((one) => one.node_id === node.node_id);
    return nodeShortage(survey, { node, ledger, need: bundle, job_id: group.job_id, mine });
  };
  return `bundle ${index} needs ${amountsText(bundle)}; ${nodesText(survey, bundle, describe)}${
    othersText(books)
  }.`;
}

/** All bundles of a STRICT_PACK group as the one request that they are. */
function packShortage(survey: Survey, group: GroupRecord): string {
  const { books, roomy: nodes } = survey;
  const free = new Map(nodes.map(({ node, ledger }) => [node.node_id, ledger]));
  const need: Amounts = {};
  for (const bundle of group.bundles) {
    for (const [name, units] of Object.entries(bundle)) need[name] = (need[name] ?? 0) + units;
  }
  const describe = (node: NodeRecord) => {
    const ledger = free.get(node.node_id)!;
    return nodeShortage(survey, { node, ledger, need, job_id: group.job_id, mine: [] });
  };
  const count = group.bundles.length;
  const what = count === 1
    ? "bundle 0 needs"
    : `its ${count} bundles need, together on one node (STRICT_PACK),`;
  return `${what} ${amountsText(need)}; ${nodesText(survey, need, describe)}${othersText(books)}.`;
}

/** The first bundle that does not fit beside those before it, and where those would go. */
function firstUnplaceable(
  books: Books,
  group: GroupRecord,
  nodes: RoomyNode[],
): { index: number; before: PlacedBundle[] } {
  const missing = group.bundles.flatMap((_, index) => (group.nodes[index] === "" ? [index] : []));
  const whole = {
    strategy: group.strategy,
    bundles: group.bundles,
    selectors: group.selectors ?? [],
    fixed: group.nodes,
    nodes,
    preferred: ownerNode(books, group.owner),
  };
  const upTo = (count: number) => {
    const bundles = group.bundles.slice(0, (missing[count - 1] ?? -1) + 1);
    return count === 0 ? [] : placeBundles({ ...whole, bundles });
  };
  if (areAlike(group, missing)) {
    const before = placeMost(whole);
    const index = missing[before.length];
    if (index !== undefined) return { index, before };
  }
  // The longest run of bundles from the first that can be placed; all of them cannot.
  let [fits, fails] = [0, missing.length];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (upTo(middle) === undefined) fails = middle;
    else fits = middle;
  }
  return { index: missing[fits]!, before: upTo(fits) ?? [] };
}

function areAlike({ bundles, selectors }: GroupRecord, indices: number[]): boolean {
  const shapes = indices.map((at) => JSON.stringify([bundles[at], selectors?.[at]]));
  return shapes.every((shape) => shape === shapes[0]);
}

function explainActor(survey: Survey, actor: ActorRecord): string | undefined {
  const { books } = survey;
  const head = `${capital(actorText(actor))} `;
  const seconds = Math.round((books.now - actor.since) / 1000);
  const node = books.nodes.get(actor.node_id);
  if (actor.step === "starting") {
    return `${head}was placed on node ${node && nodeText(node)} ${seconds} s ago; its worker has ` +
      "not connected yet.";
  }
  if (actor.step === "ready") {
    return `${head}has run __init__ on node ${node && nodeText(node)} (pid ${actor.pid}) for ` +
      `${seconds} s.`;
  }
  if (actor.step !== "waiting") return undefined;
  if (onHold(books)) return `${head}waits: ${holdText(books)}`;
  if (actor.not_before > books.now) {
    const next = Math.ceil((actor.not_before - books.now) / 1000);
    return `${head}waits: its worker failed to start (${actor.death?.message ?? "no reason"}); ` +
      `it is tried again in ${next} s.`;
  }
  return actor.pg === undefined ? actorShortage(survey, actor, head) : head +
    inGroupShortage(survey, actor);
}

function actorShortage(survey: Survey, actor: ActorRecord, head: string): string {
  const { books } = survey;
  const need = largerOf(actor.place, actor.run);
  const free = new Map(survey.roomy.map(({ node, ledger }) => [node.node_id, ledger]));
  const { strategy } = actor;
  const describe = (node: NodeRecord): string => {
    const wrong = strategy.kind === "labels" && [strategy.hard, ...strategy.fallback ?? []]
      .every((selectors) => !labelsMatch(node.labels, selectors));
    if (wrong) {
      return "has other labels than it asks for";
    }
    if (strategy.kind === "node" && !strategy.soft && strategy.node_id !== node.node_id) {
      return "is not the node it may run on";
    }
    const ledger = free.get(node.node_id)!;
    return nodeShortage(survey, { node, ledger, need, job_id: actor.job_id, mine: [] });
  };
  if (free.size === 0) return `${head}waits: no node takes work now${othersText(books)}.`;
  const never = survey.never(actor);
  return `${head}waits: it needs ${amountsText(need)}; ${nodesText(survey, need, describe)}${
    othersText(books)
  }.${never === undefined ? "" : ` ${never}`}`;
}

function inGroupShortage(survey: Survey, actor: ActorRecord): string {
  const { books } = survey;
  const pg = actor.pg!;
  const group = books.groups.get(pg.pg_id);
  if (group === undefined) {
    return `waits for placement group ${pg.pg_id}, which has not been heard of yet.`;
  }
  if (group.state !== "CREATED" && !group.nodes.some((node_id) => node_id !== "")) {
    return `waits for its placement group. ${explainGroup(survey, group)}`;
  }
  const need = largerOf(actor.place, actor.run);
  const indices = pg.bundle_index === -1 ? [...group.bundles.keys()] : [pg.bundle_index];
  const parts = indices.slice(0, MOST_NODES).map((index) => {
    const ledger = books.bundle_ledgers.get(pg.pg_id)?.[index];
    const node = books.nodes.get(group.nodes[index] ?? "");
    if (!ledger || node === undefined) return `bundle ${index} has lost its node`;
    if (node.state !== "alive" && node.state !== "draining") {
      return `bundle ${index} is on node ${nodeText(node)}, which is ${node.state}`;
    }
    const whole = group.grants[index]?.amounts ?? {};
    const holders = survey.holdings.inBundle(pg.pg_id, index);
    const local = localise(node, need);
    const { job_id } = actor;
    const short = shortageText({ books, ledger, whole, need: local, holders, job_id });
    return `bundle ${index} on node ${node.ip} ${short ?? "has room"}`;
  });
  if (indices.length > MOST_NODES) parts.push(`and ${indices.length - MOST_NODES} more bundles`);
  const waits = group.state === "RESCHEDULING" ? ` ${explainGroup(survey, group)}` : "";
  return `waits: it needs ${amountsText(need)} in ${groupText(group)}; ${
    parts.join("; ")
  }.${waits}`;
}

interface Shortage {
  node: NodeRecord;
  ledger: Ledger;
  need: Amounts;
  job_id: string;
  /** Bundles of the same group that would go there. */
  mine: PlacedBundle[];
}

function nodeShortage(
  survey: Survey,
  { node, ledger, need, job_id, mine }: Shortage,
): string {
  const holders = [...survey.holdings.onNode(node.node_id)];
  if (mine.length > 0) {
    for (const { bundle_index, grant } of mine) {
      const text = `bundle ${bundle_index} of this group, which would go there`;
      holders.push({ kind: "group", id: "", job_id, text, grant });
    }
  }
  const local = localise(node, need);
  const { books } = survey;
  return shortageText({ books, ledger, whole: node.total, need: local, holders, job_id }) ??
    (findGrant(ledger, local) === undefined ? "has no fitting devices" : "has room");
}

/** One clause per node, those that have what is asked for first. */
function nodesText(
  { books, roomy }: Survey,
  need: Amounts,
  describe: (node: NodeRecord) => string,
): string {
  const names = Object.keys(need);
  const addressed = names.filter((name) => name.startsWith("node:"));
  const has = (node: NodeRecord, name: string) =>
    (node.total[Object.keys(localise(node, { [name]: 1 }))[0]!] ?? 0) > 0;
  const nodes = roomy.map(({ node }) => books.nodes.get(node.node_id)!);
  const named = nodes.filter((node) => addressed.every((name) => has(node, name)));
  if (named.length === 0) {
    const shown = nodes.slice(0, MOST_NODES).map((node) => node.ip);
    if (nodes.length > MOST_NODES) shown.push(`${nodes.length - MOST_NODES} more`);
    return `none of the nodes that take work (${shown.join(", ")}) has ` +
      addressed.join(" and ");
  }
  const score = (node: NodeRecord) => names.filter((name) => !has(node, name)).length;
  const sorted = [...named].sort((a, b) => score(a) - score(b));
  const parts = sorted.slice(0, MOST_NODES).map((node) => `node ${node.ip} ${describe(node)}`);
  if (sorted.length > MOST_NODES) parts.push(`and ${sorted.length - MOST_NODES} more nodes`);
  return parts.join("; ");
}

/** The nodes that are there and take nothing, with the reason. */
function othersText(books: Books): string {
  const words = {
    suspect: "is out of contact",
    draining: "is draining",
    away: "has not come back since the head restarted",
  };
  const parts = [...books.nodes.values()].filter(mayHold).flatMap((node) =>
    node.state === "alive" || node.state === "dead" ? [] : [`node ${node.ip} ${words[node.state]}`]
  );
  const shown = parts.slice(0, MOST_NODES);
  if (parts.length > MOST_NODES) shown.push(`${parts.length - MOST_NODES} more nodes take none`);
  return parts.length === 0 ? "" : `; ${shown.join("; ")}`;
}

function holdText(books: Books): string {
  const away = [...books.nodes.values()].filter((node) => node.state === "away");
  const left = Math.ceil((books.hold_until - books.now) / 1000);
  return `the head was restarted and waits up to ${left} s more for ${
    plural("node", away.map(nodeText))
  } to come back.`;
}

function plural(word: string, items: string[]): string {
  const shown = items.slice(0, MOST_NODES).join(", ");
  const rest = items.length > MOST_NODES ? ` and ${items.length - MOST_NODES} more` : "";
  return `${word}${items.length === 1 ? "" : "s"} ${shown}${rest}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Pictures of the cluster for those who ask. */
import { deathsView } from "../cluster/deaths.ts";
import { demandLines, demandsView, pendingReasons } from "../cluster/pending.ts";
import { Survey } from "../cluster/survey.ts";
import {
  actorsView,
  availablePerNode,
  clusterTotals,
  groupsView,
  jobsView,
  nodesView,
  totalPerNode,
} from "../cluster/views.ts";
import { addressText } from "../wire/address.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Fields, Reply } from "../wire/messages.ts";
import { isFormat, metricsText } from "./metrics_text.ts";
import type { HeadState } from "./state.ts";
import { lessStores, totalsWithStores, withStores } from "./store_use.ts";
import { recentTrouble, warningsOf } from "./warnings.ts";
import type { NodeFinder } from "./worker_registry.ts";

/** `query.groups`: one, those of a name, or all. */
export function groupsOf(
  { brain }: HeadState,
  { pg_id, name }: Fields<"query.groups">,
): Reply<"query.groups"> {
  const wanted = (given: string | null | undefined, own: string) =>
    given === undefined || given === null || given === own;
  const groups = groupsView(brain.books)
    .filter((group) => wanted(pg_id, group.pg_id) && wanted(name, group.name));
  return { groups };
}

/** The brain's nodes, as far as the registries of processes need them. */
export function nodeFinder({ brain }: Pick<HeadState, "brain">): NodeFinder {
  return {
    node: (node_id) => {
      const node = brain.node(node_id);
      return node && { ip: node.ip, dead: node.state === "dead" };
    },
  };
}

/** What `get_session_name()` of a runtime context answers. */
export function sessionName(cluster: string): string {
  return `session_${cluster.slice(0, 16)}`;
}

/** `query.workers`. */
export function workersOf({ brain, workers }: HeadState): Reply<"query.workers"> {
  return { workers: workers.view(brain.books.jobs.values()) };
}

/** `query.tasks`: the answer and its body. */
export function tasksOf(
  { brain, tasks, workers }: HeadState,
): [Reply<"query.tasks">, Uint8Array] {
  const found = tasks.view(brain.books, workers);
  const body = new TextEncoder().encode(JSON.stringify(found));
  return [{ count: found.length, dropped: tasks.dropped }, body];
}

/** `query.deaths`: the answer and its body. */
export function deathsOf({ brain }: HeadState): [Reply<"query.deaths">, Uint8Array] {
  const found = deathsView(brain.books);
  return [{ count: found.length }, new TextEncoder().encode(JSON.stringify(found))];
}

/** `query.metrics`: the body of the answer. @throws {RequestFailed} for a format that there is not */
export async function metricsOf(
  state: HeadState,
  { format = "prometheus" }: Fields<"query.metrics">,
): Promise<Uint8Array> {
  if (!isFormat(format)) {
    throw new RequestFailed(
      "bad_request",
      `Cannot tell metrics as ${JSON.stringify(format.slice(0, 40))}: it must be prometheus, ` +
        "openmetrics or json",
    );
  }
  const { text } = await metricsText(state, format);
  return new TextEncoder().encode(text);
}

/** `query.resources`. */
export function resourcesOf({ brain, objects }: HeadState): Reply<"query.resources"> {
  const { books } = brain;
  return { total: totalPerNode(books), available: lessStores(availablePerNode(books), objects) };
}

/**
 * `query.status`: everything, at one moment; the answer and its body. As JSON, which the runtime writes
 * and reads ten times as fast as anything in JavaScript: of a large cluster this is megabytes.
 */
export function statusOf(state: HeadState): [Reply<"query.status">, Uint8Array] {
  const { books, epoch } = state.brain;
  const lines = demandLines(books);
  const survey = new Survey(books);
  const picture = {
    nodes: withStores(nodesView(books), state.objects),
    actors: actorsView(books),
    groups: groupsView(books, survey),
    jobs: jobsView(books),
    pending: pendingReasons(books, survey),
    demands: demandsView(books).map((demand, index) => ({ ...demand, line: lines[index] })),
    submissions: state.submissions.list().filter(({ type }) => type === "SUBMISSION"),
    warnings: warningsOf(state),
    recent: recentTrouble(state),
    ...resourcesOf(state),
    usage: { ...totalsWithStores(clusterTotals(books), books.nodes.keys(), state.objects) },
  };
  const head_address = addressText(state);
  const body = new TextEncoder().encode(JSON.stringify(picture));
  return [{ cluster: state.cluster, epoch, head_address }, body];
}

/** `query.nodes`, `query.actors`, `query.jobs`. */
export function listOf(
  { brain: { books }, objects }: HeadState,
  what: "nodes" | "actors" | "jobs",
): Record<string, unknown> {
  switch (what) {
    case "nodes":
      return { nodes: withStores(nodesView(books), objects) };
    case "actors":
      return { actors: actorsView(books) };
    case "jobs":
      return { jobs: jobsView(books) };
  }
}

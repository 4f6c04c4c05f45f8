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
import type { Fields, Reply, RequestKind } from "../wire/messages.ts";
import { isFormat, metricsText } from "./metrics_text.ts";
import type { HeadState } from "./state.ts";
import { lessStores, totalsWithStores, withStores } from "./store_use.ts";
import { recentTrouble, warningsOf } from "./warnings.ts";
import type { NodeFinder } from "./worker_registry.ts";

/**
 * An answer's fields and its body: JSON, which the runtime writes and reads ten times as fast as
 * anything in JavaScript, and which may be longer than a header: of a large cluster this is megabytes.
 */
type Told<K extends RequestKind> = [Reply<K>, Uint8Array];

function packed(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function listed(rows: unknown[]): [{ count: number }, Uint8Array] {
  return [{ count: rows.length }, packed(rows)];
}

/** `query.groups`: one, those of a name, or all. */
export function groupsOf(
  { brain }: HeadState,
  { pg_id, name }: Fields<"query.groups">,
): Told<"query.groups"> {
  const wanted = (given: string | null | undefined, own: string) =>
    given === undefined || given === null || given === own;
  const groups = groupsView(brain.books)
    .filter((group) => wanted(pg_id, group.pg_id) && wanted(name, group.name));
  return listed(groups);
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
export function workersOf({ brain, workers }: HeadState): Told<"query.workers"> {
  return listed(workers.view(brain.books.jobs.values()));
}

/** `query.tasks`. */
export function tasksOf({ brain, tasks, workers }: HeadState): Told<"query.tasks"> {
  const [{ count }, body] = listed(tasks.view(brain.books, workers));
  return [{ count, dropped: tasks.dropped }, body];
}

/** `query.deaths`. */
export function deathsOf({ brain }: HeadState): Told<"query.deaths"> {
  return listed(deathsView(brain.books));
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
export function resourcesOf(state: HeadState): Told<"query.resources"> {
  return [{}, packed(amountsOf(state))];
}

function amountsOf({ brain: { books }, objects }: HeadState) {
  return { total: totalPerNode(books), available: lessStores(availablePerNode(books), objects) };
}

/** `query.status`: everything, at one moment. */
export function statusOf(state: HeadState): Told<"query.status"> {
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
    ...amountsOf(state),
    usage: { ...totalsWithStores(clusterTotals(books), books.nodes.keys(), state.objects) },
  };
  const head_address = addressText(state);
  return [{ cluster: state.cluster, epoch, head_address }, packed(picture)];
}

/** `query.nodes`, `query.actors`, `query.jobs`. */
export function listOf(
  { brain: { books }, objects }: HeadState,
  what: "nodes" | "actors" | "jobs",
): Told<`query.${typeof what}`> {
  switch (what) {
    case "nodes":
      return listed(withStores(nodesView(books), objects));
    case "actors":
      return listed(actorsView(books));
    case "jobs":
      return listed(jobsView(books));
  }
}

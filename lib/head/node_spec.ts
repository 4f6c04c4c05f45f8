/** What a daemon says of its node and of what runs there, read into the brain's types. */
import type { Amounts } from "../cluster/amounts.ts";
import { bounded, type DeathReport } from "../cluster/death.ts";
import type { NodeReport } from "../cluster/events.ts";
import type { JobSpec } from "../cluster/jobs.ts";
import type { Grant } from "../cluster/ledger.ts";
import type { NodeSpec } from "../cluster/node.ts";
import { ProtocolError } from "../wire/errors.ts";
import { checkFields } from "../wire/validate.ts";
import { checkBounds } from "./node_bounds.ts";

type Fields = Record<string, unknown>;

const NODE_FIELDS = {
  node_id: "str",
  ip: "str?",
  aliases: "list?",
  hostname: "str?",
  is_head: "bool?",
  total: "map",
  gpu_ids: "list?",
  labels: "map?",
} as const;

/**
 * Reads the `node` of `node.join`. Fields that the brain has no word for (the node's port) are kept
 * in `extra`.
 * @param seen_ip the address the daemon dialed from, its node's where it names none
 * @throws ProtocolError naming the field that is missing, wrong or too large
 */
export function nodeSpecOf(node: Fields, seen_ip: string): NodeSpec {
  checkFields("node.join", node, { ...NODE_FIELDS, extra: "map?" });
  const extra = { ...(node["extra"] as Fields | undefined) };
  for (const [name, value] of Object.entries(node)) {
    if (!(name in NODE_FIELDS) && name !== "extra") extra[name] = value;
  }
  const spec = {
    node_id: node["node_id"] as string,
    ip: node["ip"] as string || seen_ip,
    aliases: (node["aliases"] as unknown[] ?? []).map(String),
    hostname: node["hostname"] as string ?? "",
    is_head: node["is_head"] as boolean ?? false,
    total: node["total"] as Amounts,
    gpu_ids: (node["gpu_ids"] as unknown[] ?? []).map(String),
    labels: node["labels"] as Record<string, string> ?? {},
    extra,
  };
  checkBounds(spec);
  return spec;
}

/** Most that is believed of the number of an incarnation: it counts one actor's restarts. */
const MOST_INCARNATION = 2 ** 31;

/**
 * Reads the `report` of `node.join`.
 * @throws ProtocolError where a part is missing or wrong, or of another node
 */
export function nodeReportOf(report: Fields, node_id: string): NodeReport {
  checkFields("node.join", report, { actors: "list?", jobs: "list?", deaths: "list?" });
  const list = (name: string, fields: Record<string, string>) =>
    (report[name] as unknown[] ?? []).map((item) => {
      checkFields("node.join", { [name]: item }, { [name]: "map" });
      checkFields("node.join", item as Fields, fields);
      const { incarnation = 1, node_id: of = node_id } = item as Fields;
      if (of !== node_id) {
        throw new ProtocolError(
          `Cannot take the report of node ${node_id}: it has ${name} of ${of}`,
        );
      }
      if (!(Number(incarnation) >= 0 && Number(incarnation) <= MOST_INCARNATION)) {
        throw new ProtocolError(
          `Cannot take the report of node ${node_id}: it has an incarnation ${incarnation}`,
        );
      }
      return item as Fields;
    });
  const worker = { actor_id: "str", incarnation: "int" };
  return {
    actors: list("actors", {
      ...worker,
      pid: "int?",
      initialized: "bool?",
      grant: "map?",
    }).map((one) => ({
      actor_id: one["actor_id"] as string,
      incarnation: one["incarnation"] as number,
      pid: one["pid"] as number ?? 0,
      initialized: one["initialized"] as boolean ?? false,
      ...(one["blocked"] === true && { blocked: true }),
      ...(one["returned"] === true && { returned: true }),
      ...(one["grant"] ? { grant: grantOf(one["grant"] as Fields) } : {}),
      ...(one["address"] !== undefined && one["address"] !== null && { address: one["address"] }),
    })),
    jobs: list("jobs", {
      job_id: "str",
      node_id: "str",
      pid: "int",
      client: "str",
      namespace: "str",
      entrypoint: "str",
      parent_actor: "str?",
    }) as unknown as JobSpec[],
    deaths: list("deaths", { ...worker, report: "map" }).map((one) => ({
      actor_id: one["actor_id"] as string,
      incarnation: one["incarnation"] as number,
      report: deathReportOf(one["report"]),
      ...(one["intended"] === true && { intended: true }),
    })),
  };
}

/** The actors that processes there hear of, from the `report` of `node.join`. */
export function watchedOf(report: Fields | null | undefined): string[] {
  const watched = report?.["watched"];
  return Array.isArray(watched) ? watched.map(String) : [];
}

function grantOf(grant: Fields): Grant {
  checkFields("node.join", grant, { amounts: "map", gpus: "list" });
  const gpus = grant["gpus"] as unknown[];
  const isShare = (share: unknown): share is Grant["gpus"][number] =>
    Array.isArray(share) && share.length === 2 && share.every(isCount);
  if (!gpus.every(isShare) || !Object.values(grant["amounts"] as Fields).every(isCount)) {
    throw new ProtocolError("Cannot take a worker's grant: its amounts must be whole numbers");
  }
  return { amounts: grant["amounts"] as Amounts, gpus: gpus as Grant["gpus"] };
}

/** Whole and not negative; memory in units may be more than what is safe. */
function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}

/** Reads a death report. @throws ProtocolError where it has no words */
export function deathReportOf(report: unknown): DeathReport {
  const map = report as Fields | undefined | null;
  if (typeof map?.["kind"] !== "string" || typeof map["message"] !== "string") {
    throw new ProtocolError("Cannot take a death report: it must have the texts kind and message");
  }
  return bounded(map as unknown as DeathReport);
}

/** The port of the node's daemon, from its facts; 0 where it has none. */
export function portOf(node: NodeSpec | undefined): number {
  const port = (node?.extra as Fields | undefined)?.["port"];
  return typeof port === "number" ? port : 0;
}

/** The name in the certificate of its port; undefined where it shows none of the cluster's authority. */
export function tlsNameOf(node: NodeSpec): string | undefined {
  const name = (node.extra as Fields | undefined)?.["tls_name"];
  return typeof name === "string" ? name : undefined;
}

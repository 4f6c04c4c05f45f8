/**
 * What the cluster's processes count with `ray.util.metrics`: the last report of each, dropped when
 * the process or its node is gone. Reports stay packed until somebody reads them.
 */
import { decode } from "msgpack";
import { type Family, type Sample, valueText } from "./prometheus.ts";

/** Largest report, in bytes, and most reports of one node's processes. */
const MOST_BYTES = 4 * 2 ** 20;
const MOST_REPORTS = 10_000;

/** Who counts. */
export interface MetricsProcess {
  node_id: string;
  /** The process, as its daemon calls it. */
  client: string;
  worker_id: string;
  job_id: string;
}

/** As a process packs it: value is a number, or for histograms `[sum, count per bucket]`. */
type Series = [tags: Record<string, string>, value: number | [sum: number, counts: number[]]];
type Metric = [
  name: string,
  kind: "counter" | "gauge" | "histogram",
  description: string,
  boundaries: number[],
  series: Series[],
];

interface Report {
  process: MetricsProcess;
  packed: Uint8Array;
}

/** What the text needs of the cluster. */
export interface MetricsCluster {
  /** Ray's name of this cluster's life. */
  session: string;
  version: string;
  /** The node's address; undefined for one that is dead. */
  ip(node_id: string): string | undefined;
  /** The actor of a worker process; undefined for one that runs tasks, and for drivers. */
  actor(worker_id: string): string | undefined;
}

/** See the top of this file. */
export class ProcessMetrics {
  #reports = new Map<string, Report>();
  /** How many each node has of them. */
  #perNode = new Map<string, number>();

  constructor(readonly cluster: MetricsCluster) {}

  /** Takes a process's `metrics.report`; an empty one says that it is gone. */
  report(process: MetricsProcess, packed: Uint8Array): void {
    const key = `${process.node_id} ${process.client}`;
    if (packed.length === 0) return this.#forget(key);
    if (packed.length > MOST_BYTES) return;
    if (!this.#reports.has(key)) {
      const count = this.#perNode.get(process.node_id) ?? 0;
      if (count >= MOST_REPORTS) return;
      this.#perNode.set(process.node_id, count + 1);
    }
    this.#reports.set(key, { process, packed });
  }

  /** A node has joined (again), and tells anew: of processes that ended meanwhile nothing. */
  forgetNode(node_id: string): void {
    if (!this.#perNode.has(node_id)) return;
    for (const [key, { process }] of this.#reports) {
      if (process.node_id === node_id) this.#forget(key);
    }
  }

  /** Everything, with Ray's names and labels; beside those `NodeId`, and of an actor `ActorId`. */
  families(): Family[] {
    const families = new Map<string, Family>();
    for (const [key, { process, packed }] of this.#reports) {
      const ip = this.cluster.ip(process.node_id);
      if (ip === undefined) {
        this.#forget(key);
        continue;
      }
      const actor = this.cluster.actor(process.worker_id);
      const labels = {
        Component: "core_worker",
        JobId: process.job_id,
        NodeAddress: ip,
        NodeId: process.node_id,
        SessionName: this.cluster.session,
        Version: this.cluster.version,
        WorkerId: process.worker_id,
        ...(actor !== undefined && { ActorId: actor }),
      };
      for (const metric of metricsOf(packed)) add(families, metric, labels);
    }
    return [...families.values()];
  }

  #forget(key: string): void {
    const report = this.#reports.get(key);
    if (report === undefined || !this.#reports.delete(key)) return;
    const { node_id } = report.process;
    const left = (this.#perNode.get(node_id) ?? 1) - 1;
    if (left === 0) this.#perNode.delete(node_id);
    else this.#perNode.set(node_id, left);
  }
}

function metricsOf(packed: Uint8Array): Metric[] {
  try {
    const metrics = decode(packed);
    return Array.isArray(metrics) ? metrics.filter(isMetric) : [];
  } catch {
    return []; // a process's own mistake must not hide what the others count
  }
}

function isMetric(metric: unknown): metric is Metric {
  if (!Array.isArray(metric) || metric.length !== 5) return false;
  const [name, kind, description, boundaries, series] = metric as unknown[];
  const areNumbers = (list: unknown) =>
    Array.isArray(list) && list.every((value) => typeof value === "number");
  const isSeries = (one: unknown) => {
    if (!Array.isArray(one) || one.length !== 2) return false;
    const [tags, value] = one as unknown[];
    const named = typeof tags === "object" && tags !== null &&
      Object.values(tags).every((tag) => typeof tag === "string");
    if (kind !== "histogram") return named && typeof value === "number";
    return named && Array.isArray(value) && value.length === 2 &&
      typeof value[0] === "number" && areNumbers(value[1]);
  };
  return typeof name === "string" && /^[A-Za-z_:][\w:]*$/.test(name) &&
    ["counter", "gauge", "histogram"].includes(kind as string) &&
    typeof description === "string" && areNumbers(boundaries) &&
    Array.isArray(series) && series.every(isSeries);
}

function add(families: Map<string, Family>, metric: Metric, labels: Record<string, string>): void {
  const [given, type, help, boundaries, series] = metric;
  const name = `ray_${given}${type === "counter" && !given.endsWith("_total") ? "_total" : ""}`;
  const family = families.get(name) ?? { name, type, help, samples: [] };
  families.set(name, family);
  if (family.type !== type) return; // the same name for two kinds: the first one counts
  for (const [tags, value] of series) {
    const own = { ...labels, ...tags };
    if (Array.isArray(value)) family.samples.push(...buckets(name, own, boundaries, value));
    else family.samples.push({ name, labels: own, value });
  }
}

function buckets(
  name: string,
  labels: Record<string, string>,
  boundaries: number[],
  [sum, counts]: [number, number[]],
): Sample[] {
  let count = 0;
  const samples = counts.map((each, at) => {
    count += each;
    const le = at < boundaries.length ? valueText(boundaries[at]!) : "+Inf";
    return { name: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...samples,
    { name: `${name}_count`, labels, value: count },
    { name: `${name}_sum`, labels, value: sum },
  ];
}

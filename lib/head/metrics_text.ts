/** Everything that `/metrics` serves, in the format that is wanted. */
import { headMetrics, nodeMetrics, workMetrics } from "./cluster_metrics.ts";
import { Collector } from "./collector.ts";
import { machineMetrics } from "./machine_metrics.ts";
import { OPENMETRICS_TYPE, openMetricsText } from "./openmetrics.ts";
import { type Family, PROMETHEUS_TYPE, prometheusText } from "./prometheus.ts";
import type { HeadState } from "./state.ts";

/** How long a scrape waits for the nodes' first readings, in milliseconds. */
const PATIENCE = 3000;

/** The formats there are. */
export type MetricsFormat = "prometheus" | "openmetrics" | "json";

/** True for one of them. */
export function isFormat(text: string): text is MetricsFormat {
  return ["prometheus", "openmetrics", "json"].includes(text);
}

/** A text and its content type. */
export interface MetricsText {
  text: string;
  type: string;
}

/** What there is, after the nodes that answer soon have told what their machines do. */
export async function metricsText(state: HeadState, format: MetricsFormat): Promise<MetricsText> {
  const over = Promise.withResolvers<void>();
  const stop = state.clock.after(PATIENCE, over.resolve);
  await Promise.race([state.readings.want(), over.promise]);
  stop();
  return written(familiesOf(state), format);
}

/** Beam's own, in the order of their table, then what programs count. */
export function familiesOf(state: HeadState): Family[] {
  const out = new Collector();
  headMetrics(state, out);
  nodeMetrics(state, out);
  machineMetrics(state, out);
  workMetrics(state, out);
  return [...out.families(), ...state.metrics.families()];
}

function written(families: Family[], format: MetricsFormat): MetricsText {
  switch (format) {
    case "prometheus":
      return { text: prometheusText(families), type: PROMETHEUS_TYPE };
    case "openmetrics":
      return { text: openMetricsText(families), type: OPENMETRICS_TYPE };
    case "json": {
      const text = JSON.stringify(families.filter(({ samples }) => samples.length > 0));
      return { text, type: "application/json" };
    }
  }
}

/** The table of metrics in `docs/metrics.md`, made from their declaration. */
import { METRICS, type MetricSpec } from "./metric_table.ts";

/** The marks between which the table stands. */
export const TABLE_BEGIN = "<!-- metrics begin (scripts/metrics_doc) -->";
export const TABLE_END = "<!-- metrics end -->";

/** All of beam's own metrics. */
export function metricTable(): string {
  const rows = (Object.entries(METRICS) as [string, MetricSpec][]).map(([name, spec]) => {
    const labels = spec.labels.map((label) => `\`${label}\``).join(", ") || "–";
    return `| \`${name}\` | ${spec.type} | ${labels} | ${spec.help} |`;
  });
  return ["| metric | kind | labels | what it says |", "|---|---|---|---|", ...rows].join("\n");
}

/** `text` with the table between its marks renewed. */
export function renewMetrics(text: string): string {
  const begin = text.indexOf(TABLE_BEGIN);
  const end = text.indexOf(TABLE_END);
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot renew the table: the text must hold ${TABLE_BEGIN} and ${TABLE_END}`);
  }
  return `${text.slice(0, begin)}${TABLE_BEGIN}\n\n${metricTable()}\n\n${text.slice(end)}`;
}

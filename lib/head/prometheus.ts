/** Prometheus' text format. */

/** One line: a name, labels, a value. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
  /** Of a counter: since when it counts, in seconds since the epoch. */
  created?: number;
}

/** What is counted under one name. */
export interface Family {
  /** Of a counter it ends in `_total`, of an info in `_info`. */
  name: string;
  type: "counter" | "gauge" | "histogram" | "info";
  help: string;
  samples: Sample[];
}

/** The content type that goes with the text over HTTP. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text of these families; empty for none. */
export function prometheusText(families: readonly Family[]): string {
  const lines = families.filter(({ samples }) => samples.length > 0).flatMap((family) => [
    `# HELP ${family.name} ${escaped(family.help, false)}`,
    `# TYPE ${family.name} ${family.type === "info" ? "gauge" : family.type}`,
    ...family.samples.map(({ name, labels, value }) => sampleLine(name, labels, valueText(value))),
  ]);
  return lines.length === 0 ? "" : lines.join("\n") + "\n";
}

/** One line of either format, without its end. */
export function sampleLine(name: string, labels: Record<string, string>, value: string): string {
  const pairs = Object.keys(labels).sort().map((key) =>
    `${labelName(key)}="${escaped(String(labels[key]), true)}"`
  );
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

/** Letters, digits and underscores only, and no digit first. */
function labelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=[0-9])/, "_");
}

/** A text as both formats want it; in quotes, and, in OpenMetrics, always, quotes are escaped too. */
export function escaped(text: string, quoted: boolean): string {
  const safe = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quoted ? safe.replaceAll('"', '\\"') : safe;
}

/** A number as Prometheus reads it. */
export function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

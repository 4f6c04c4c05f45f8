/**
 * OpenMetrics' text format (1.0): stricter than Prometheus' own. It knows when a counter began, and a text
 * that was cut is seen by its missing end.
 */
import { escaped, type Family, type Sample, sampleLine, valueText } from "./prometheus.ts";

/** The content type that goes with the text over HTTP. */
export const OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** What a family's samples add to its name. */
const SUFFIXES: Readonly<Record<Family["type"], readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  info: ["_info"],
};

/** The text of these families. One whose names another has already is left out. */
export function openMetricsText(families: readonly Family[]): string {
  const lines: string[] = [];
  const taken = new Set<string>();
  for (const family of families) {
    const samples = family.samples.filter((sample) => mayBe(family, sample));
    const name = baseName(family);
    const names = new Set([name, ...SUFFIXES[family.type].map((suffix) => name + suffix)]);
    if (samples.length === 0 || !names.isDisjointFrom(taken)) continue;
    for (const own of names) taken.add(own);
    lines.push(`# TYPE ${name} ${family.type}`, `# HELP ${name} ${escaped(family.help, true)}`);
    for (const { name: full, labels, value, created } of samples) {
      lines.push(sampleLine(full, labels, valueText(value)));
      if (created !== undefined) {
        lines.push(sampleLine(`${name}_created`, labels, valueText(created)));
      }
    }
  }
  return [...lines, "# EOF", ""].join("\n");
}

/** Without what every sample of a counter or an info ends in. */
function baseName({ name, type }: Family): string {
  if (type === "counter") return name.replace(/_total$/, "");
  return type === "info" ? name.replace(/_info$/, "") : name;
}

/** What is counted is never negative, and a number. */
function mayBe({ type }: Family, { value }: Sample): boolean {
  return type !== "counter" || value >= 0;
}

/**
 * True where who asks would rather have OpenMetrics than Prometheus' own text.
 * @param accept the request's `Accept`
 */
export function prefersOpenMetrics(accept: string | null): boolean {
  const wanted = (accept ?? "").split(",").map((one) => {
    const [type, ...parameters] = one.split(";").map((part) => part.trim().toLowerCase());
    const parameter = (name: string) =>
      parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    return { type, weight: Number(parameter("q") ?? 1), version: parameter("version") };
  });
  const open = wanted.filter(({ type, version = "1.0.0" }) =>
    type === "application/openmetrics-text" && ["0.0.1", "1.0.0"].includes(version)
  );
  const best = Math.max(0, ...open.map(({ weight }) => weight));
  const plain = wanted.filter(({ type }) => type === "text/plain");
  return best > 0 && best >= Math.max(0, ...plain.map(({ weight }) => weight));
}

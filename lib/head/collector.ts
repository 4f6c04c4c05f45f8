/** Gathers samples under the names of the table, and no others. */
import { type LabelsOf, type MetricName, METRICS } from "./metric_table.ts";
import type { Family, Sample } from "./prometheus.ts";

/** See the top of this file. */
export class Collector {
  #samples = new Map<MetricName, Sample[]>();

  /** @param created of a counter: since when it counts, in milliseconds since the epoch */
  put<N extends MetricName>(name: N, labels: LabelsOf<N>, value: number, created?: number): void {
    const samples = this.#samples.get(name) ?? [];
    this.#samples.set(name, samples);
    samples.push({
      name,
      labels,
      value,
      ...(created !== undefined && { created: created / 1000 }),
    });
  }

  /** The same where there is a value. */
  maybe<N extends MetricName>(name: N, labels: LabelsOf<N>, value: number | undefined): void {
    if (value !== undefined) this.put(name, labels, value);
  }

  /** One sample for each of `states`, counted; those in `all` also where there are none. */
  count<N extends MetricName>(
    name: N,
    label: keyof LabelsOf<N> & string,
    states: Iterable<string>,
    all: readonly string[] = [],
  ): void {
    const counts = new Map<string, number>(all.map((state) => [state, 0]));
    for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) {
      this.put(name, { [label]: state } as LabelsOf<N>, count);
    }
  }

  /** In the order of the table. */
  families(): Family[] {
    return Object.entries(METRICS).map(([name, { type, help }]) => ({
      name,
      type,
      help,
      samples: this.#samples.get(name as MetricName) ?? [],
    }));
  }
}

/** The dashboard and the alerts in `deploy/` speak of metrics and labels that there are. */
import assert from "assert";
import { METRICS, type MetricSpec } from "../../lib/head/metric_table.ts";

const ROOT = new URL("../../", import.meta.url);
const DASHBOARD = JSON.parse(Deno.readTextFileSync(new URL("deploy/grafana/beam.json", ROOT)));
const RULES = Deno.readTextFileSync(new URL("deploy/prometheus/beam-rules.yml", ROOT));
/** What vLLM (looked at: 0.23 and 0.32) counts under these names, as it comes here. */
const VLLMS = [
  "num_requests_running",
  "num_requests_waiting",
  "prompt_tokens_total",
  "generation_tokens_total",
  "time_to_first_token_seconds_bucket",
  "kv_cache_usage_perc",
].map((name) => [`ray_vllm_${name}`, { labels: ["model_name", "engine", "le"] }] as const);
const TABLE = { ...METRICS, ...Object.fromEntries(VLLMS) } as Record<string, MetricSpec>;
/** Labels that Prometheus adds to what it scrapes. */
const SCRAPED = ["job", "instance"];

/** Everything under this name, however deep. */
function* valuesOf(tree: unknown, name: string): Generator<string> {
  if (typeof tree !== "object" || tree === null) return;
  for (const [key, value] of Object.entries(tree)) {
    if (key === name && typeof value === "string") yield value;
    else yield* valuesOf(value, name);
  }
}

/** Names that look like a metric of beam's, of the head's process, or of vLLM's. */
function metricsIn(text: string): string[] {
  return text.match(/\b(?:beam|process|ray_vllm)_[a-z0-9_]+\b/g) ?? [];
}

Deno.test("every panel has a metric of the table, and the labels that it shows", () => {
  const panels = DASHBOARD.panels.filter(({ type }: { type: string }) => type !== "row");
  assert.ok(panels.length > 20);
  for (const { title, targets } of panels) {
    for (const { expr, legendFormat } of targets) {
      const names = metricsIn(expr);
      assert.ok(names.length > 0, `${title} asks for nothing`);
      for (const name of names) assert.ok(name in TABLE, `${title}: there is no ${name}`);
      const labels = new Set(names.flatMap((name) => TABLE[name]!.labels));
      for (const [, label] of String(legendFormat).matchAll(/\{\{(\w+)\}\}/g)) {
        assert.ok(labels.has(label!), `${title}: ${names} have no label ${label}`);
      }
      for (const [, label] of expr.matchAll(/[{,]\s*(\w+)\s*(?:=~|!=|=)/g)) {
        const known = labels.has(label) || SCRAPED.includes(label);
        assert.ok(known, `${title}: ${names} have no label ${label}`);
      }
    }
  }
});

Deno.test("variables are asked of metrics that have those labels; ids and places are each once", () => {
  for (const query of valuesOf(DASHBOARD.templating, "query")) {
    const [, name, label] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    if (name === undefined) continue;
    const known = TABLE[name]!.labels.includes(label!) || SCRAPED.includes(label!);
    assert.ok(known, query);
  }
  const ids = DASHBOARD.panels.map(({ id }: { id: number }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const cells = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of DASHBOARD.panels) {
    assert.ok(x + w <= 24, title);
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        const cell = `${row}/${column}`;
        assert.ok(!cells.has(cell), `${title} lies over another panel`);
        cells.add(cell);
      }
    }
  }
});

Deno.test("every alert has a metric of the table", () => {
  const expressions = [...RULES.matchAll(/^\s+expr: (.*)$/gm)].map(([, text]) => text!);
  assert.ok(expressions.length >= 10);
  for (const expression of expressions) {
    const names = metricsIn(expression);
    assert.ok(names.length > 0, expression);
    for (const name of names) assert.ok(name in TABLE, `there is no ${name}`);
  }
  for (const name of metricsIn(RULES)) assert.ok(name in TABLE, `there is no ${name}`);
});

Deno.test("every alert is seen to tell by a test", () => {
  const cases = Deno.readTextFileSync(new URL("beam-rules-test.yml", import.meta.url));
  const told = cases.split(/(?=^ +- (?:eval_time|\{ eval_time))/m)
    .filter((one) => one.includes("exp_alerts"))
    .map((one) => /alertname: (\w+)/.exec(one)?.[1]);
  const alerts = [...RULES.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
  assert.deepEqual(alerts.filter((name) => !told.includes(name)), []);
});

import assert from "assert";
import { metricTable, renewMetrics, TABLE_BEGIN, TABLE_END } from "./metric_doc.ts";
import { METRICS } from "./metric_table.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("every metric has its row, and docs/metrics.md holds the table of this declaration", () => {
  const rows = metricTable().split("\n").filter((line) => line.startsWith("| `"));
  assert.equal(rows.length, Object.keys(METRICS).length);
  const text = Deno.readTextFileSync(new URL("docs/metrics.md", ROOT));
  assert.ok(text === renewMetrics(text), "docs/metrics.md is behind: run scripts/metrics_doc");
});

Deno.test("a text without marks is refused", () => {
  assert.throws(() => renewMetrics("no marks"), /Cannot renew the table/);
  assert.throws(() => renewMetrics(`${TABLE_END}${TABLE_BEGIN}`), /Cannot renew the table/);
});

Deno.test("names are as Prometheus wants them", () => {
  for (const [name, { type, help }] of Object.entries(METRICS)) {
    assert.match(name, /^(beam|process)_[a-z0-9_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.equal(name.endsWith("_info"), type === "info", name);
    assert.match(help, /^\S.*\.$/, name);
  }
});

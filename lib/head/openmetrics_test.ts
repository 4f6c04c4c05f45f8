import assert from "assert";
import { openMetricsText, prefersOpenMetrics } from "./openmetrics.ts";
import type { Family } from "./prometheus.ts";

Deno.test("a family's name leaves out what its samples end in; the text says that it is whole", () => {
  const families: Family[] = [
    {
      name: "a_info",
      type: "info",
      help: 'A "b"',
      samples: [{ name: "a_info", labels: { x: "1" }, value: 1 }],
    },
    {
      name: "c_total",
      type: "counter",
      help: "",
      samples: [{ name: "c_total", labels: {}, value: 2, created: 9.5 }],
    },
    { name: "empty", type: "gauge", help: "", samples: [] },
    {
      name: "h",
      type: "histogram",
      help: "",
      samples: [
        { name: "h_bucket", labels: { le: "+Inf" }, value: 1 },
        { name: "h_count", labels: {}, value: 1 },
        { name: "h_sum", labels: {}, value: 0.25 },
      ],
    },
  ];
  assert.deepEqual(openMetricsText(families).split("\n"), [
    "# TYPE a info",
    '# HELP a A \\"b\\"',
    'a_info{x="1"} 1.0',
    "# TYPE c counter",
    "# HELP c ",
    "c_total 2.0",
    "c_created 9.5",
    "# TYPE h histogram",
    "# HELP h ",
    'h_bucket{le="+Inf"} 1.0',
    "h_count 1.0",
    "h_sum 0.25",
    "# EOF",
    "",
  ]);
  assert.equal(openMetricsText([]), "# EOF\n");
});

Deno.test("what would break the whole text is left out", () => {
  const one = (name: string, type: Family["type"], value = 1): Family => ({
    name,
    type,
    help: "",
    samples: [{ name, labels: {}, value }],
  });
  const text = openMetricsText([
    one("a_total", "counter"),
    one("a_created", "gauge"), // the counter's own name
    one("b_total", "counter", NaN),
    one("c_total", "counter", -1),
    one("d", "gauge", NaN),
  ]);
  assert.deepEqual(text.match(/^# TYPE .*/gm), ["# TYPE a counter", "# TYPE d gauge"]);
});

Deno.test("who asks is given what is weighed most", () => {
  const prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4," +
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  assert.equal(prefersOpenMetrics(prometheus), true);
  assert.equal(prefersOpenMetrics("application/openmetrics-text"), true);
  assert.equal(prefersOpenMetrics("application/openmetrics-text; version=2.0.0"), false);
  assert.equal(prefersOpenMetrics("text/plain, application/openmetrics-text;q=0.5"), false);
  assert.equal(prefersOpenMetrics("application/openmetrics-text;q=0, */*"), false);
  for (const accept of [null, "", "*/*", "text/html", "nonsense;;;=,"]) {
    assert.equal(prefersOpenMetrics(accept), false, String(accept));
  }
});

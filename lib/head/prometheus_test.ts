import assert from "node:assert/strict";
import { encode } from "msgpack";
import { ProcessMetrics } from "./process_metrics.ts";
import { prometheusText } from "./prometheus.ts";

const process = { node_id: "n", client: "c1", worker_id: "w", job_id: "01000000" };
const LABELS =
  'ActorId="a",Component="core_worker",JobId="01000000",NodeAddress="10.0.0.1",NodeId="n",' +
  'SessionName="s",Version="v"';

function metrics(): ProcessMetrics {
  return new ProcessMetrics({
    session: "s",
    version: "v",
    ip: (id) => id === "n" ? "10.0.0.1" : undefined,
    actor: (worker) => worker === "w" ? "a" : undefined,
  });
}

Deno.test("counters, gauges and histograms have Ray's names, tags as labels", () => {
  const own = metrics();
  own.report(
    process,
    encode([
      ["calls", "counter", "All calls", [], [[{ model: 'a"b' }, 2]]],
      ["load", "gauge", "", [], [[{}, 0.5]]],
      ["time", "histogram", "s", [0.1, 1], [[{}, [1.55, [1, 0, 2]]]]],
    ]),
  );
  assert.deepEqual(prometheusText(own.families()).split("\n"), [
    "# HELP ray_calls_total All calls",
    "# TYPE ray_calls_total counter",
    `ray_calls_total{${LABELS},WorkerId="w",model="a\\"b"} 2.0`,
    "# HELP ray_load ",
    "# TYPE ray_load gauge",
    `ray_load{${LABELS},WorkerId="w"} 0.5`,
    "# HELP ray_time s",
    "# TYPE ray_time histogram",
    `ray_time_bucket{${LABELS},WorkerId="w",le="0.1"} 1.0`,
    `ray_time_bucket{${LABELS},WorkerId="w",le="1.0"} 1.0`,
    `ray_time_bucket{${LABELS},WorkerId="w",le="+Inf"} 3.0`,
    `ray_time_count{${LABELS},WorkerId="w"} 3.0`,
    `ray_time_sum{${LABELS},WorkerId="w"} 1.55`,
    "",
  ]);
});

Deno.test("what a process counted goes with it, and with its node", () => {
  const own = metrics();
  const packed = encode([["calls", "counter", "", [], [[{}, 1]]]]);
  own.report(process, packed);
  own.report({ ...process, node_id: "dead" }, packed);
  assert.equal(prometheusText(own.families()).match(/ray_calls_total\{/g)?.length, 1);
  own.report(process, new Uint8Array(0));
  assert.equal(prometheusText(own.families()), "");
});

Deno.test("a name for two kinds is told once, as the first; broken reports hide nothing", () => {
  const own = metrics();
  own.report(process, encode([["x", "gauge", "", [], [[{}, 1]]]]));
  own.report({ ...process, client: "c2" }, encode([["x", "histogram", "", [1], [[{}, [1, [1]]]]]]));
  own.report({ ...process, client: "c3" }, new Uint8Array([0xc1]));
  assert.equal(prometheusText(own.families()).split("\n").length, 4);
});

Deno.test("values that are no numbers are written as Prometheus reads them", () => {
  const samples = [NaN, Infinity, -Infinity].map((value) => ({ name: "x", labels: {}, value }));
  const text = prometheusText([{ name: "x", type: "gauge", help: "a\\b\nc", samples }]);
  assert.deepEqual(text.split("\n").slice(0, 5), [
    "# HELP x a\\\\b\\nc",
    "# TYPE x gauge",
    "x NaN",
    "x +Inf",
    "x -Inf",
  ]);
});

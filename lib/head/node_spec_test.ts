import assert from "assert";
import { ProtocolError } from "../wire/errors.ts";
import { deathReportOf, nodeReportOf, nodeSpecOf, portOf } from "./node_spec.ts";

const node = { node_id: "a".repeat(56), total: { CPU: 10_000 } };

Deno.test("what a daemon leaves out is made up for, what the brain has no word for is kept", () => {
  const spec = nodeSpecOf({ ...node, port: 7000, python: "3.11", extra: { x: 1 } }, "10.0.0.9");
  assert.deepEqual(spec, {
    ...node,
    ip: "10.0.0.9",
    aliases: [],
    hostname: "",
    is_head: false,
    gpu_ids: [],
    labels: {},
    extra: { x: 1, port: 7000, python: "3.11" },
  });
  assert.equal(portOf(spec), 7000);
  assert.equal(portOf(nodeSpecOf(node, "10.0.0.9")), 0);
  assert.equal(portOf(undefined), 0);
});

Deno.test("a wrong field is named", () => {
  assert.throws(() => nodeSpecOf({ ...node, total: [] }, ""), /`total` must be map/);
  assert.throws(() => nodeReportOf({ actors: [7] }, ""), /`actors` must be map/);
  assert.throws(() => nodeReportOf({ jobs: [{ job_id: "x" }] }, ""), /`node_id` is missing/);
  assert.throws(() => deathReportOf({ kind: "exit" }), ProtocolError);
  assert.throws(() => deathReportOf(undefined), ProtocolError);
  const long = "x".repeat(1_000_000);
  const { message, traceback } = deathReportOf({ kind: "init", message: long, traceback: long });
  assert.ok(message.length + traceback!.length < 100_000);
});

Deno.test("a report is read", () => {
  const death = { kind: "exit", message: "It exited." };
  const report = nodeReportOf({
    actors: [{ actor_id: "a", incarnation: 1, pid: 5, address: null, initialized: true }],
    deaths: [{ actor_id: "b", incarnation: 2, report: death }],
  }, "");
  assert.deepEqual(report, {
    actors: [{ actor_id: "a", incarnation: 1, pid: 5, initialized: true }],
    jobs: [],
    deaths: [{ actor_id: "b", incarnation: 2, report: death }],
  });
});

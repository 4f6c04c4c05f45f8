import assert from "assert";
import { dashboardPlan } from "./dashboard_plan.ts";

const flag = (text: string) => ({ called: "--flag", text });
const env = () => undefined;

Deno.test("by default it is on loopback, at Ray's port, and may be missing", () => {
  assert.deepEqual(dashboardPlan({ env }), { host: "127.0.0.1", port: 8265 });
  assert.deepEqual(dashboardPlan({ host: "localhost", env }), { host: "127.0.0.1", port: 8265 });
});

Deno.test("a port that is named must be had; 0 is any, and so is a driver's", () => {
  assert.deepEqual(dashboardPlan({ host: "0.0.0.0", port: flag("8300"), env }), {
    host: "0.0.0.0",
    port: 8300,
    asked: true,
  });
  assert.deepEqual(dashboardPlan({ port: flag("0"), env }), { host: "127.0.0.1", port: 0 });
  assert.deepEqual(dashboardPlan({ forDriver: true, env }), {
    host: "127.0.0.1",
    port: 8265,
    any: true,
  });
  assert.throws(() => dashboardPlan({ port: flag("http"), env }), /--flag/);
});

Deno.test("it can be left out, in Ray's words for false", () => {
  for (const text of ["false", "False", "0", "no"]) {
    assert.equal(dashboardPlan({ include: flag(text), env }), undefined);
  }
  assert.ok(dashboardPlan({ include: flag("True"), env }));
  assert.throws(() => dashboardPlan({ include: flag("perhaps"), env }), /must be true or false/);
});

Deno.test("further names come from the environment", () => {
  const names = (name: string) => name === "BEAM_DASHBOARD_NAMES" ? "head.svc, head" : undefined;
  assert.deepEqual(dashboardPlan({ env: names })!.names, ["head.svc", "head"]);
});

import assert from "assert";
import { dashboardPlan } from "./dashboard_plan.ts";

const flag = (text: string) => ({ called: "--flag", text });

Deno.test("by default it is on loopback, at Ray's port, and may be missing", () => {
  assert.deepEqual(dashboardPlan({}), { host: "127.0.0.1", port: 8265 });
  assert.deepEqual(dashboardPlan({ host: flag("localhost") }), { host: "127.0.0.1", port: 8265 });
});

Deno.test("a port that is named must be had; 0 is any, and so is a driver's", () => {
  assert.deepEqual(dashboardPlan({ host: flag("0.0.0.0"), port: flag("8300") }), {
    host: "0.0.0.0",
    port: 8300,
    asked: true,
  });
  assert.deepEqual(dashboardPlan({ port: flag("0") }), { host: "127.0.0.1", port: 0 });
  assert.deepEqual(dashboardPlan({ forDriver: true }), {
    host: "127.0.0.1",
    port: 8265,
    any: true,
  });
  assert.throws(() => dashboardPlan({ port: flag("http") }), /--flag/);
  assert.throws(() => dashboardPlan({ host: flag("") }), /Cannot use --flag: it needs an address/);
});

Deno.test("it can be left out, in Ray's words for false", () => {
  for (const text of ["false", "False", "0", "no"]) {
    assert.equal(dashboardPlan({ include: flag(text) }), undefined);
  }
  assert.ok(dashboardPlan({ include: flag("True") }));
  assert.throws(() => dashboardPlan({ include: flag("perhaps") }), /must be true or false/);
});

Deno.test("further names come from the environment", () => {
  const names = "head.svc, head";
  assert.deepEqual(dashboardPlan({ names })!.names, ["head.svc", "head"]);
});

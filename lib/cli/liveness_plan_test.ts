import assert from "assert";
import { livenessPlan } from "./liveness_plan.ts";

const none = () => undefined;
const flag = (text: string) => ({ called: "--flag", text });

Deno.test("nothing said is nothing changed", () => {
  assert.equal(livenessPlan({ env: none }), undefined);
});

Deno.test("a time to death alone moves the time to suspicion with it", () => {
  assert.deepEqual(livenessPlan({ deadAfter: flag("30"), env: none }), {
    suspect_ms: 18_000,
    dead_ms: 30_000,
  });
  assert.deepEqual(livenessPlan({ suspectAfter: flag("4"), deadAfter: flag("30"), env: none }), {
    suspect_ms: 4000,
    dead_ms: 30_000,
  });
  assert.deepEqual(livenessPlan({ suspectAfter: flag("4"), env: none }), { suspect_ms: 4000 });
});

Deno.test("Ray's period and threshold make a time to death; a flag goes before them", () => {
  const env = (name: string) => ({ RAY_health_check_period_ms: "1000" })[name];
  assert.equal(livenessPlan({ env })?.dead_ms, 5000);
  const both = (name: string) =>
    ({ RAY_health_check_period_ms: "500", RAY_health_check_failure_threshold: "40" })[name];
  assert.equal(livenessPlan({ env: both })?.dead_ms, 20_000);
  assert.equal(livenessPlan({ deadAfter: flag("6"), env: both })?.dead_ms, 6000);
});

Deno.test("what would take a busy moment for a death, or stands on its head, is refused", () => {
  assert.throws(() => livenessPlan({ deadAfter: flag("1"), env: none }), /at least 2 s/);
  assert.throws(
    () => livenessPlan({ suspectAfter: flag("9"), deadAfter: flag("6"), env: none }),
    /suspect before it is dead/,
  );
  assert.throws(() => livenessPlan({ deadAfter: flag("soon"), env: none }), /number of seconds/);
});

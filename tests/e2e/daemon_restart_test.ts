/** The daemon of the head's machine is killed and started again in the same runtime directory. */
import assert from "assert";
import { theme } from "./harness/scenario.ts";

const { place, test } = theme("daemon restart");

test("its former node is gone at once, and a group does not wait for it", async () => {
  const head = await place.head({ cpus: 2 });
  const port = head.record.head_address.split(":")[1]!;
  for (const failing of [false, true]) {
    const former = head.record;
    await head.killDaemon();
    if (failing) {
      // A start that fails in between forgets whose place it is.
      const failed = await head.cli(["up", "--head", "--port", port, "--node-ip", "203.0.113.9"]);
      assert.equal(failed.code, 1);
    }
    await head.up(["--head", "--port", port]);
    assert.equal(head.record.cluster, former.cluster);
    const driver = head.driver("after_restart.py");
    assert.deepEqual(await driver.said(), { alive: [head.record.node_id], created: true });
    await driver.ok();
  }
  head.wasKilled = false;
  await head.down();
});

/** The daemon of the head's machine is killed and started again in the same runtime directory. */
import assert from "assert";
import { join } from "node:path";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

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

test("the head's machine starts anew: other nodes' work went on, and is the same cluster's", async () => {
  const head = await place.head();
  const port = head.record.head_address.split(":")[1]!;
  const second = await place.join(head);
  const driver = second.driver("machine_restart.py", [second.ip, head.ip], { input: true });
  assert.deepEqual(await driver.said(), { calling: true });
  const former = head.record;
  await head.killDaemon();
  const away = await second.cli(["status"]);
  assert.equal(away.code, 1);
  assert.match(away.stderr, /it has been away for \d+ s \(Connection refused\)/);
  await head.up(["--head", "--port", port]);
  assert.equal(head.record.cluster, former.cluster);
  assert.equal(head.record.token, former.token);
  await driver.tell("back\n");
  assert.deepEqual(await driver.said(), { keeper: 1, node: head.ip });
  await driver.endInput();
  assert.ok((await driver.said()).calls > 8);
  await driver.ok();

  // Ended on purpose it is the same: the others wait, and come back by themselves.
  await head.down();
  await head.up(["--head", "--port", port]);
  await until("both are there", async () => {
    const { nodes, cluster } = await head.status();
    assert.equal(cluster, former.cluster);
    return nodes.filter(({ state }) => state === "alive").length === 2;
  });
  await head.down();
  Deno.writeTextFileSync(join(head.dir, "head.db"), "no journal ".repeat(1000));
  const ending = await head.cli(["up", "--head", "--port", port, ...head.flags, "--json"]);
  assert.equal(ending.code, 0, ending.stderr);
  head.record = JSON.parse(ending.stdout);
  assert.match(ending.stderr, /head\.db: it is damaged .* set aside as .*head\.db\.damaged/);
  assert.match(ending.stderr, /this is a new one\. On each other machine, end the node/);
  assert.notEqual(head.record.cluster, former.cluster);
  const { stderr } = await until("the joiner is told", async () => {
    const said = await second.cli(["status"]);
    return /belongs to cluster/.test(said.stderr) && said;
  });
  assert.match(stderr, /Cannot let .* in: it belongs to cluster \w+, this is cluster \w+/);
  assert.match(stderr, /End it there with `beam down`, then join this cluster/);
  head.wasKilled = false;
});

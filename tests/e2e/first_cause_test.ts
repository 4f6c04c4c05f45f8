/** Workers that work together fail together: which one was first must be what people read. */
import assert from "assert";
import type { DeathRecord } from "../../lib/cluster/deaths.ts";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
const { place, test } = theme("the first cause", async (place) => {
  head = await place.head();
  await place.join(head);
});

async function deaths(): Promise<DeathRecord[]> {
  return JSON.parse(await head.tell("actors", "--dead", "--json"));
}

for (
  const ips of [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"], [
    "127.0.0.2",
    "127.0.0.1",
  ]]
) {
  test(`of ranks on ${ips.join(" and ")} the first death is in every error`, async () => {
    const before = (await deaths()).length;
    const driver = head.driver("crew.py", ips, { input: true });
    const { together } = await driver.said();
    assert.match(together.text, /SIGKILL/, together.text);
    for (let rank = 0; rank < 4; rank++) {
      const said = await driver.said();
      assert.equal(said.rank, rank);
      const { type, text } = said.error;
      assert.equal(type, rank === 1 ? "RayTaskError(RuntimeError)" : "ActorDiedError", text);
      assert.match(text, /SIGKILL/);
      if (rank === 0) assert.doesNotMatch(text, /The first to end/);
      else assert.match(text, /The first to end was actor rank0 \([0-9a-f]{8}…\): .*SIGKILL/, text);
    }
    await driver.said("done");
    const ended = (await deaths()).slice(before);
    assert.deepEqual(ended.map(({ name }) => name).sort(), ["rank0", "rank2", "rank3"]);
    assert.equal(ended[0]?.name, "rank0");
    assert.deepEqual(ended.map(({ first }) => first), [
      undefined,
      ended[0]?.death_id,
      ended[0]?.death_id,
    ]);
    const table = await head.tell("actors", "--dead");
    assert.match(
      table,
      / rank0 .* SIGKILL +The worker process \(pid \d+ on 127\.0\.0\.\d\) was ended/,
    );
    assert.match(table, / └ rank2 .* SIGABRT /);
    assert.match(await head.tell("actors", "--dead", "rank3"), /the first to end was actor rank0/);
    assert.match(await head.tell("actors", "rank3"), /the first to end was actor rank0/);
    await driver.stop();
  });
}

test("the head remembers deaths after it was started again", async () => {
  const before = await deaths();
  assert.ok(before.length >= 12);
  const { headPid } = head;
  Deno.kill(headPid, "SIGKILL");
  await until("the head is back", async () => {
    const ending = await head.cli(["actors", "--dead", "--json"]);
    return ending.code === 0 && JSON.parse(ending.stdout).length === before.length;
  }, { patience: 20_000 });
  assert.deepEqual(
    (await deaths()).map(({ death_id }) => death_id),
    before.map((one) => one.death_id),
  );
});

test("a node that is lost comes before what was on it", async () => {
  const node = await place.join(head, { ip: "127.0.0.9" });
  const driver = head.driver("elsewhere.py", ["127.0.0.9"]);
  await driver.said();
  await driver.said("waiting");
  await node.killDaemon();
  assert.match((await driver.said()).error.text, /127\.0\.0\.9/);
  await driver.ok();
  const ended = await deaths();
  const at = ended.findIndex(({ of, report }) => of === "node" && report.node_ip === "127.0.0.9");
  assert.ok(at >= 0, JSON.stringify(ended));
  assert.equal(ended[at + 1]?.class_name, "Far");
  assert.equal(ended[at + 1]?.first, ended[at]?.death_id);
  assert.match(await head.tell("actors", "--dead", "127.0.0.9"), /was lost/);
});

/** A node's name is shown beside its host's, not instead of it. */
import assert from "assert";
import { theme } from "./harness/scenario.ts";

const { place, test } = theme("node name");

test("--name and BEAM_NODE_NAME name a node; its host keeps its name", async () => {
  const head = await place.head({ flags: ["--name", "alpha"] });
  const named = place.node({ ip: "127.0.0.2" });
  await named.up(["--join", head.record.head_address], {
    BEAM_TOKEN: head.record.token,
    BEAM_NODE_NAME: "beta",
  });
  await place.join(head, { ip: "127.0.0.3" });
  const host = Deno.hostname();
  const { nodes } = await head.status();
  assert.deepEqual(nodes.map(({ hostname }) => hostname), [host, host, host]);
  assert.match(await head.tell("status"), /127\.0\.0\.2 \w+ \(beta\)/);
  assert.match(await head.tell("nodes"), new RegExp(`${host} \\(alpha\\)`));
  const list = JSON.parse(await head.tell("ray", "list", "nodes", "--format", "json"));
  const names = list.map(({ node_name }: { node_name: string }) => node_name);
  assert.deepEqual(names.sort(), ["127.0.0.3", "alpha", "beta"]);
  const driver = head.driver("node_names.py");
  assert.deepEqual(await driver.said(), {
    nodes: [["127.0.0.3", host], ["alpha", host], ["beta", host]],
  });
  await driver.ok();
});

import assert from "assert";
import type { NodeView } from "./cluster_status.ts";
import { nodeCalled } from "./node_choice.ts";

const node = (id: string, ip: string, more: Partial<NodeView> = {}) =>
  ({ node_id: id.repeat(28), ip, aliases: [], hostname: "host", alive: true, ...more }) as NodeView;
const nodes = [
  node("ab", "10.0.0.1", { aliases: ["192.168.0.1"], extra: { node_name: "rack-1" } }),
  node("cd", "10.0.0.2"),
  node("ab", "10.0.0.3", {
    alive: false,
    hostname: "old",
    death: { kind: "node", message: "It left." },
  }),
];

Deno.test("a node is found by id, the beginning of it, addresses and name", () => {
  for (const called of ["ab".repeat(28), "ABab", "10.0.0.1", "192.168.0.1", "rack-1"]) {
    assert.equal(nodeCalled(nodes, called).ip, "10.0.0.1");
  }
});

Deno.test("what fits none, a dead one or several is told with what is there", () => {
  const refused = (called: string, words: RegExp, among = nodes) =>
    assert.throws(() => nodeCalled(among, called), words);
  refused("aba", /called aba: there are 10\.0\.0\.1 \(abababababab\), 10\.0\.0\.2/);
  refused("old", /the node old: it is dead \(It left\.\)/);
  refused("host", /is meant by host: it fits 10\.0\.0\.1 .*, 10\.0\.0\.2/);
  refused("x", /there is none/, []);
});

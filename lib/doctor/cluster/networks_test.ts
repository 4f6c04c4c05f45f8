import assert from "assert";
import { node, wired } from "./fixture.ts";
import { isAlone, isInNetworkOf, networkOf, subnetOf } from "./networks.ts";

Deno.test("networks of addresses of both families", () => {
  assert.equal(subnetOf("10.1.2.3", 24), "10.1.2.0/24");
  assert.equal(subnetOf("10.1.2.3", 20), "10.1.0.0/20");
  assert.equal(subnetOf("200.1.2.3", 0), "0.0.0.0/0");
  assert.equal(subnetOf("10.1.2.3", 32), "10.1.2.3/32");
  assert.equal(subnetOf("fd00:1:2:3:4:5:6:7", 64), "fd00:1:2:3::/64");
  assert.equal(subnetOf("fd00::1", 128), "fd00::1/128");
  assert.equal(subnetOf("fd00::abcd", 120), "fd00::ab00/120");
  assert.ok(isAlone("fd00::1/128") && isAlone("10.1.2.3/32") && !isAlone("10.1.2.0/24"));
});

Deno.test("the network of a node, and who is in it", () => {
  const one = node(1);
  assert.equal(networkOf(one), "10.0.0.0/24");
  assert.ok(isInNetworkOf(one, "10.0.0.77") && !isInNetworkOf(one, "10.0.1.77"));
  const { facts: _, ...unknown } = node(2, { ip: "fd00::2" });
  assert.equal(networkOf(unknown), "fd00::2/128");
  const six = node(3, { ip: "fd00::3" });
  six.facts!.network.interfaces = [
    wired("", {
      addresses: [{ address: "fd00::3", family: "IPv6", prefix: 64, link_local: false }],
    }),
  ];
  assert.equal(networkOf(six), "fd00::/64");
  assert.ok(isInNetworkOf(six, "fd00::9") && !isInNetworkOf(six, "10.0.0.1"));
});

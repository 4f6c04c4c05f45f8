import assert from "assert";
import {
  addressToward,
  candidateAddresses,
  interfaceOf,
  primaryAddress,
  readNetwork,
} from "./network.ts";
import { treeHost } from "./testdata/tree.ts";

type Row = readonly [name: string, address: string];

function network(rows: readonly Row[], routes = "") {
  return readNetwork({
    host: treeHost({ "/proc/net/route": "header\n" + routes }),
    interfaces: rows.map(([name, address]) => ({
      name,
      address,
      family: address.includes(":") ? "IPv6" : "IPv4",
    })),
  });
}

const LO: Row[] = [["lo", "127.0.0.1"], ["lo", "::1"]];
const HOST = network(
  [
    ...LO,
    ["docker0", "172.17.0.1"],
    ["eth1", "10.1.0.5"],
    ["eth0", "192.0.2.2"],
    ["eth0:1", "192.0.2.9"],
    ["eth0", "fd00::2"],
    ["eth0", "fe80::fc:ff:fe00:1"],
  ],
  "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
    "eth1\t0000010A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n",
);

Deno.test("the interface of an address, without alias, zone or brackets", () => {
  assert.equal(interfaceOf("10.1.0.5", HOST), "eth1");
  assert.equal(interfaceOf("192.0.2.9", HOST), "eth0");
  assert.equal(interfaceOf("[FD00::2]", HOST), "eth0");
  assert.equal(interfaceOf("127.0.0.2", HOST), "lo");
  assert.equal(interfaceOf("203.0.113.1", HOST), null);
});

Deno.test("candidates: the default route's first, bridges late, link-local last", () => {
  assert.deepEqual(candidateAddresses(HOST), [
    "192.0.2.2",
    "192.0.2.9",
    "10.1.0.5",
    "fd00::2",
    "172.17.0.1",
    "fe80::fc:ff:fe00:1",
  ]);
  assert.equal(primaryAddress(HOST), "192.0.2.2");
});

Deno.test("without routes the first address, without addresses loopback", () => {
  assert.equal(primaryAddress(network([...LO, ["veth1", "10.77.0.1"]])), "10.77.0.1");
  assert.equal(primaryAddress(network([...LO, ["eth0", "fd00::2"]])), "fd00::2");
  assert.equal(primaryAddress(network([...LO, ["eth0", "fe80::1"]])), "127.0.0.1");
  assert.equal(primaryAddress(network(LO)), "127.0.0.1");
});

Deno.test("the address toward a target follows the routes", () => {
  assert.equal(addressToward("10.1.0.77", HOST), "10.1.0.5");
  assert.equal(addressToward("198.51.100.3", HOST), "192.0.2.2");
  assert.equal(addressToward("fd00::9", HOST), "fd00::2");
  assert.equal(addressToward("10.1.0.5", HOST), "10.1.0.5");
  assert.equal(addressToward("127.0.0.1", HOST), "127.0.0.1");
});

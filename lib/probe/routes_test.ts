import assert from "assert";
import { defaultInterface, ipv4Number, readRoutes, routeTo } from "./routes.ts";
import { treeHost } from "./testdata/tree.ts";

const HEAD =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const ROUTES = HEAD +
  "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0  \n" +
  "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n" +
  "eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n" +
  "ib0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n" +
  "eth1\t0000010A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n" +
  "down0\t0000020A\t00000000\t0000\t0\t0\t0\t0000FFFF\t0\t0\t0\n" +
  "*\t0000030A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0\n";

const routes = readRoutes(treeHost({ "/proc/net/route": ROUTES }));

Deno.test("the most specific route wins, then the lowest metric", () => {
  assert.equal(routeTo("192.0.2.7", routes), "eth0");
  assert.equal(routeTo("10.1.9.9", routes), "eth1");
  assert.equal(routeTo("10.9.9.9", routes), "ib0");
  assert.equal(routeTo("198.51.100.1", routes), "eth0");
  assert.equal(defaultInterface(routes), "eth0");
});

Deno.test("routes that are down or refuse do not count", () => {
  assert.equal(routeTo("10.2.0.1", routes), "ib0");
  assert.equal(routeTo("10.3.0.1", routes), "ib0");
});

Deno.test("no table, no answer", () => {
  const none = readRoutes(treeHost({}));
  assert.deepEqual(none, []);
  assert.equal(routeTo("192.0.2.7", none), null);
  assert.equal(defaultInterface(none), null);
  assert.equal(routeTo("fd00::1", routes), null);
});

Deno.test("IPv4 only", () => {
  assert.equal(ipv4Number("255.255.255.255"), 0xffffffff);
  for (const wrong of ["256.1.1.1", "1.2.3", "a.b.c.d", "::1", "1.2.3.4.5"]) {
    assert.equal(ipv4Number(wrong), null);
  }
});

import assert from "assert";
import { compareAddresses, normalAddress, sameAddress, scanPci } from "./pci.ts";
import { merge, pciFunction, treeHost } from "./testdata/tree.ts";

Deno.test("addresses: eight digits and capitals are the same as four", () => {
  assert.equal(normalAddress("0000000F:01:00.0"), "000f:01:00.0");
  assert.equal(normalAddress("10000:00:04.0"), "10000:00:04.0");
  assert.equal(normalAddress("01:00.0"), null);
  assert.ok(sameAddress("0000000F:01:00.0", "000f:01:00.0"));
  assert.ok(sameAddress("03F8CFDD:00:00.0", "cfdd:00:00.0"));
  assert.ok(!sameAddress("0001:01:00.0", "000f:01:00.0"));
  assert.ok(!sameAddress("03f8cfdd:00:00.0", "cfdd:01:00.0"));
});

Deno.test("order is by number, five-digit domains last", () => {
  const sorted = ["10000:00:04.0", "0001:01:00.0", "0000:c8:00.0", "0000:07:00.0"];
  assert.deepEqual([...sorted].sort(compareAddresses), sorted.toReversed());
});

Deno.test("a function without class or vendor is passed over", () => {
  const host = treeHost(merge(
    pciFunction("0000:01:00.0", "10de", "2330", "030200"),
    { "/sys/bus/pci/devices/0000:02:00.0/vendor": "0x10de\n" },
    { "/sys/bus/pci/devices/0000:03:00.0/class": "" },
  ));
  assert.deepEqual(scanPci(host), [
    { address: "0000:01:00.0", vendor: 0x10de, device: 0x2330, kind: 0x0302 },
  ]);
});

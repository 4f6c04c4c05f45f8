import assert from "assert";
import { addressText, isEveryAddress } from "./address.ts";

Deno.test("an IPv6 host stands in brackets before its port", () => {
  assert.equal(addressText({ host: "10.0.0.1", port: 6379 }), "10.0.0.1:6379");
  assert.equal(addressText({ host: "fd00::1", port: 6379 }), "[fd00::1]:6379");
});

Deno.test("all addresses of a machine are told from one", () => {
  assert.deepEqual(["0.0.0.0", "::", ""].filter((host) => !isEveryAddress(host)), []);
  assert.deepEqual(["127.0.0.1", "::1", "head"].filter(isEveryAddress), []);
});

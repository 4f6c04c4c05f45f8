import assert from "assert";
import { headAliases, headDialAddress, movedNotes, nodeAddress, nodeAliases } from "./addresses.ts";
import { parseDaemonConfig } from "./config.ts";

const config = (fields: Record<string, unknown>) =>
  parseDaemonConfig(
    JSON.stringify({
      runtime_dir: "/r",
      role: "head",
      head: { host: "0.0.0.0", port: 1 },
      ...fields,
    }),
  );
const entry = (address: string, name = "eth0") => ({
  interface: name,
  address,
  family: "IPv4" as const,
  loopback: address.startsWith("127."),
  link_local: false,
});
const NETWORK = {
  addresses: [entry("127.0.0.1", "lo"), entry("10.0.0.5"), entry("192.168.0.5", "eth1")],
  routes: [],
};

Deno.test("a head that takes all addresses is dialed on this machine and known by the likeliest", () => {
  assert.deepEqual(headDialAddress(config({}), 6379), { host: "127.0.0.1", port: 6379 });
  assert.equal(nodeAddress(config({}), "127.0.0.1", NETWORK), "10.0.0.5");
});

Deno.test("a joiner is known by the address its connection uses, unless one is given", () => {
  const join = config({ role: "join", head: { host: "10.0.0.1", port: 6379 } });
  assert.equal(nodeAddress(join, "192.168.0.5", NETWORK), "192.168.0.5");
  assert.deepEqual(nodeAliases(join, "192.168.0.5", NETWORK), ["10.0.0.5"]);
  const given = { ...join, node_ip: "10.9.9.9" };
  assert.equal(nodeAddress(given, "192.168.0.5", NETWORK), "10.9.9.9");
  assert.deepEqual(nodeAliases(given, "10.9.9.9", NETWORK), []);
});

Deno.test("a joiner whose machine has lost its address says so, with what to do", () => {
  const join = config({ role: "join", head: { host: "10.0.0.1", port: 6379 } });
  const [note, ...more] = movedNotes(join, "10.0.0.4", "10.0.0.5", NETWORK);
  assert.match(
    note!,
    /has the address 10\.0\.0\.4 no more, and reaches the head from 10\.0\.0\.5: /,
  );
  assert.match(note!, /`beam down` and `beam up --join`/);
  assert.deepEqual(more, []);
  assert.deepEqual(movedNotes(join, "10.0.0.5", "10.0.0.5", NETWORK), []);
  // Another route to the head; the address is there as before.
  assert.deepEqual(movedNotes(join, "192.168.0.5", "10.0.0.5", NETWORK), []);
  // An address that other machines reach it by, given by a person: this machine need not have it.
  assert.deepEqual(
    movedNotes({ ...join, node_ip: "10.9.9.9" }, "10.9.9.9", "10.0.0.5", NETWORK),
    [],
  );
});

Deno.test("the head is also known by what was typed, and on its machine by all its addresses", () => {
  const head = { address: "10.0.0.1:6379", port: 6379 };
  const join = config({ role: "join", head: { host: "big.local", port: 6379 } });
  assert.deepEqual(headAliases(join, head, ["10.0.0.7"]), ["big.local:6379"]);
  const own = config({ head: { host: "10.0.0.1", port: 6379 } });
  assert.deepEqual(headAliases(own, head, ["192.168.0.5"]), ["192.168.0.5:6379"]);
});

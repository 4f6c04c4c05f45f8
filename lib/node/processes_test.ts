import assert from "assert";
import { Client } from "./client.ts";
import { Processes } from "./processes.ts";

Deno.test("a process is found by its id once it serves objects, until it is gone", async () => {
  const processes = new Processes();
  const client = new Client("c1");
  assert.equal(await processes.socketOf("p1"), undefined);
  processes.add(client, "p1");
  const asked = processes.socketOf("p1");
  processes.listen(client, "p1", "/s/p1");
  assert.equal(await asked, "/s/p1");
  assert.deepEqual(processes.gone(client), ["p1"]);
  assert.deepEqual(processes.gone(client), []);
  assert.equal(await processes.socketOf("p1"), undefined);
});

Deno.test("who waits for a process that ends, or never serves, is told that it is not here", async () => {
  const processes = new Processes();
  const client = new Client("c1");
  processes.add(client, "p1");
  const asked = processes.socketOf("p1");
  processes.gone(client);
  assert.equal(await asked, undefined);
  processes.add(client, "p2");
  assert.equal(await processes.socketOf("p2", 1), undefined);
});

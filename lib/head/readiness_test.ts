import assert from "assert";
import { FakeNode, Folder, startHead } from "./_fakes.ts";
import { unreadiness } from "./readiness.ts";

Deno.test("a head that was started again says for whom it waits, and is ready when they are back", async () => {
  using folder = new Folder();
  let node_id: string;
  {
    await using head = await startHead(folder);
    await using node = await FakeNode.join(head.port);
    node_id = node.node_id;
    assert.deepEqual(unreadiness(head.state), []);
  }
  await using head = await startHead(folder);
  const [why, ...more] = unreadiness(head.state);
  assert.match(why!, /^The head was started again and waits up to \d+ s more for 1 node to come/);
  assert.deepEqual(more, []);
  await using _back = await FakeNode.join(head.port, { node_id, report: {} });
  assert.deepEqual(unreadiness(head.state), []);
});

Deno.test("a journal that cannot be written is a reason, told without its path", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  head.state.shell.journal.failure = "database or disk is full";
  const [why] = unreadiness(head.state);
  assert.match(why!, /cannot write its journal \(database or disk is full\): free space/);
  assert.ok(!why!.includes(folder.path));
  head.state.shell.journal.failure = undefined;
});

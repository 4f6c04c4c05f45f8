/** What workers print right before their driver ends reaches it all the same. */
import assert from "assert";
import { theme } from "./harness/scenario.ts";
import type { Node } from "./harness/node.ts";

let head: Node;
const { test } = theme("last words", async (place) => {
  head = await place.head();
  await place.join(head);
});

test("output of the driver's last moment is shown, from this node and from another", async () => {
  const { stdout, stderr } = await head.driver("last_words.py").ok();
  for (const text of [stdout, stderr]) {
    const shown = [...text.matchAll(/^\(Talker pid=.*\) last word (\w+)$/gm)].map(([, who]) => who);
    assert.deepEqual(shown.sort(), ["detached", "here", "there"], text);
  }
});

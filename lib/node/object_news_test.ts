import assert from "assert";
import type { Message } from "../wire/messages.ts";
import { ObjectNews } from "./object_news.ts";

/** A head that answers when it is told to. */
function slowHead() {
  const asked: Message[] = [];
  let answer = () => {};
  return {
    asked,
    answer: () => answer(),
    ask: (message: Message) => {
      asked.push(message);
      return new Promise<void>((resolve) => answer = resolve);
    },
  };
}

/** What is said in one turn leaves after it. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("what is said while the head is slow leaves in one message when it answers", async () => {
  const head = slowHead();
  const news = new ObjectNews(head.ask);
  news.free("a", ["n1"]);
  news.free("b", ["n1"]);
  await turn();
  assert.deepEqual(head.asked, [{ kind: "objects.free", names: ["a", "b"], nodes: ["n1"] }]);
  for (const name of ["c", "d", "c"]) news.free(name, ["n1"]);
  await turn();
  assert.equal(head.asked.length, 1, "one message at a time");
  head.answer();
  await turn();
  assert.deepEqual(head.asked[1], { kind: "objects.free", names: ["c", "d"], nodes: ["n1"] });
  head.answer();
  await news.told();
});

Deno.test("files that may lie anywhere, and processes that ended, are told of", async () => {
  const asked: Message[] = [];
  const news = new ObjectNews((message) => Promise.resolve(asked.push(message)));
  news.free("a");
  news.gone(["p1", "p2"]);
  await news.told();
  assert.deepEqual(asked, [
    { kind: "objects.free", names: ["a"], nodes: [] },
    { kind: "process.gone", processes: ["p1", "p2"] },
  ]);
});

Deno.test("the end of the node ends the telling", async () => {
  const news = new ObjectNews(() => Promise.reject(new Error("The node is being ended")));
  news.gone(["p1"]);
  await news.told();
});

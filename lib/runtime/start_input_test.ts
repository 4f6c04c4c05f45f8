import assert from "assert";
import { StartInput } from "./start_input.ts";

/** A stream of these chunks, which then ends, or breaks where it is told to. */
function streamOf(chunks: string[], broken = false): ReadableStream<Uint8Array> {
  const bytes = chunks.map((chunk) => new TextEncoder().encode(chunk));
  return new ReadableStream({
    pull(controller) {
      const next = bytes.shift();
      if (next) controller.enqueue(next);
      else if (broken) controller.error(new Error("broken pipe"));
      else controller.close();
    },
  });
}

Deno.test("the first line is read, however it comes in pieces, then the end", async () => {
  const input = new StartInput(streamOf(['{"a"', ": 1}\nmore", "and more\n"]));
  assert.equal(await input.line(), '{"a": 1}');
  await input.end();
});

Deno.test("an input that ends early or breaks is an end too", async () => {
  const short = new StartInput(streamOf(["no end"]));
  assert.equal(await short.line(), "no end");
  await short.end();
  const broken = new StartInput(streamOf(["{}\n"], true));
  assert.equal(await broken.line(), "{}");
  await broken.end();
});

/** The messages that `docs/troubleshooting.md` explains are messages of beam. */
import assert from "assert";
import { join } from "node:path";
import { messages, ROOT } from "./sources.ts";

/** vLLM's own, not in this repository. */
const FOREIGN = ["Failed to import Ray: No module named 'ray'."];
/** A piece between two placeholders that is shorter says nothing. */
const SHORTEST = 4;

Deno.test("every message that is explained is one that beam prints", () => {
  const text = Deno.readTextFileSync(join(ROOT, "docs", "troubleshooting.md"));
  const quoted = [...text.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, message]) => message!);
  assert.ok(quoted.length > 15, `only ${quoted.length} messages found`);
  const sources = messages();
  const unknown = quoted.filter((message) => !FOREIGN.includes(message)).flatMap((message) =>
    message.split("…").map((piece) => piece.trim())
      .filter((piece) => piece.length >= SHORTEST && !sources.includes(piece))
      .map((piece) => `${piece}  (of: ${message})`)
  );
  assert.deepEqual(unknown, []);
});

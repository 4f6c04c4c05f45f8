import assert from "assert";
import { pythonFloat, pythonText } from "./python_text.ts";

Deno.test("values as Python shows them", () => {
  assert.deepEqual([0, 2, 0.5].map(pythonFloat), ["0.0", "2.0", "0.5"]);
  assert.equal(pythonText(null), "None");
  assert.equal(pythonText(true), "True");
  assert.equal(pythonText("it's"), "it's");
  assert.equal(pythonText({ a: [1, "it's", false, null] }), `{'a': [1, 'it\\'s', False, None]}`);
});

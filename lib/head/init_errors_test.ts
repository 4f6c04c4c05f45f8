import assert from "assert";
import { InitErrors } from "./init_errors.ts";

const body = (length: number) => new Uint8Array(length).fill(length);

Deno.test("the oldest is forgotten where there are too many or they are too large", () => {
  const errors = new InitErrors({ count: 3, bytes: 100 });
  for (const [id, length] of [["a", 10], ["b", 10], ["c", 10], ["d", 10]] as const) {
    errors.put(id, body(length));
  }
  assert.deepEqual(["a", "b", "c", "d"].map((id) => errors.get(id).length), [0, 10, 10, 10]);
  errors.put("e", body(85));
  assert.deepEqual(["b", "c", "d", "e"].map((id) => errors.get(id).length), [0, 0, 10, 85]);
  errors.put("f", body(101));
  assert.equal(errors.get("f").length, 0);
  errors.put("d", body(12));
  errors.drop("e");
  errors.put("g", body(88));
  assert.deepEqual(["d", "g"].map((id) => errors.get(id).length), [12, 88]);
});

import assert from "assert";
import { checkFields, checkMessage, isKind } from "./validate.ts";

Deno.test("each declared type takes its values and no others", () => {
  const values: Record<string, unknown> = {
    str: "x",
    int: 7,
    float: 0.5,
    bool: true,
    bytes: new Uint8Array(1),
    map: { a: 1 },
    list: [1],
  };
  for (const type of Object.keys(values)) {
    for (const [other, value] of Object.entries(values)) {
      const fits = type === other || (type === "float" && other === "int");
      const check = () => checkFields("it", { field: value }, { field: type });
      if (fits) check();
      else {assert.throws(check, {
          message: `Cannot take \`it\`: its field \`field\` must be ${type}`,
        });}
    }
  }
});

Deno.test("an optional field may be missing or nil, another may not", () => {
  checkFields("it", {}, { field: "str?" });
  checkFields("it", { field: null }, { field: "str?" });
  assert.throws(() => checkFields("it", { field: 1 }, { field: "str?" }), /must be str/);
  assert.throws(() => checkFields("it", {}, { field: "str" }), /`field` is missing/);
});

Deno.test("a name that every object has is no kind", () => {
  assert.equal(isKind("toString"), false);
  assert.throws(() => checkMessage({ kind: "constructor" }), /unknown kind/);
});

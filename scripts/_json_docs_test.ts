import assert from "assert";
import { Ajv } from "ajv";
import { join } from "node:path";
import { TWO_NODES } from "../tests/golden/canned_status.ts";
import { OUTPUTS, pageText, schemas, schemaText } from "./_json_docs.ts";

const ROOT = join(import.meta.dirname!, "..");
const all = schemas(ROOT);

Deno.test("docs/json.md and docs/json/ are what the types say", () => {
  const read = (path: string) => Deno.readTextFileSync(join(ROOT, "docs", path));
  const renew = "The types of --json have changed: run scripts/json_schemas.";
  for (const [name, schema] of all) {
    assert.ok(read(`json/${name}.schema.json`) === schemaText(schema), renew);
  }
  assert.ok(read("json.md") === pageText(all), renew);
  const files = [...Deno.readDirSync(join(ROOT, "docs", "json"))].map(({ name }) => name).sort();
  assert.deepEqual(files, OUTPUTS.map(({ name }) => `${name}.schema.json`).sort());
});

Deno.test("the schemas take what is right and refuse what is not", () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  const holds = (name: string, value: unknown) =>
    ajv.validate(all.get(name) as Record<string, unknown>, value);
  assert.ok(holds("status", JSON.parse(JSON.stringify(TWO_NODES))), ajv.errorsText());
  assert.ok(holds("nodes", TWO_NODES.nodes), ajv.errorsText());
  const [node] = TWO_NODES.nodes;
  const { node_id: _, ...nameless } = node!;
  assert.ok(!holds("nodes", [nameless]));
  assert.ok(!holds("nodes", [{ ...node, state: "well" }]));
  assert.ok(!holds("nodes", [{ ...node, joined_at: "yesterday" }]));
  assert.ok(holds("nodes", [{ ...node, new_field: 1 }]), "fields may be added");
  assert.ok(!holds("events", [{ seq: 1 }]));
  assert.ok(!holds("wait", []));
});

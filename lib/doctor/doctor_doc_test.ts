import assert from "assert";
import { CHECK_TEXTS } from "./check_texts.ts";
import { checkTables, renewTables, TABLE_BEGIN, TABLE_END } from "./doctor_doc.ts";

Deno.test("every check has its row and its words", () => {
  const lines = checkTables().split("\n");
  for (const { code, name, explain } of CHECK_TEXTS) {
    assert.ok(lines.some((line) => line.startsWith(`| [${code}](`)), code);
    assert.ok(lines.includes(`#### ${code} ${name}`), code);
    assert.ok(lines.includes(explain), code);
  }
});

Deno.test("docs/doctor.md holds the tables of these checks", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/doctor.md", import.meta.url));
  assert.ok(text === renewTables(text), "docs/doctor.md is behind: run scripts/doctor_table");
});

Deno.test("a text without marks is refused", () => {
  assert.throws(() => renewTables("no marks"), /Cannot renew the tables/);
  assert.throws(() => renewTables(`${TABLE_END}${TABLE_BEGIN}`), /Cannot renew the tables/);
});

import assert from "assert";
import { MESSAGES } from "./messages.ts";
import { messageTables, renewTables, TABLE_BEGIN, TABLE_END } from "./protocol_doc.ts";

Deno.test("every message has its row", () => {
  const rows = messageTables().split("\n").filter((line) => line.startsWith("| `"));
  assert.equal(rows.length, Object.keys(MESSAGES).length);
});

Deno.test("docs/protocol.md holds the tables of this declaration", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/protocol.md", import.meta.url));
  assert.ok(text === renewTables(text), "docs/protocol.md is behind: run scripts/protocol_doc");
});

Deno.test("a text without marks is refused", () => {
  assert.throws(() => renewTables("no marks"), /Cannot renew the tables/);
  assert.throws(() => renewTables(`${TABLE_END}${TABLE_BEGIN}`), /Cannot renew the tables/);
});

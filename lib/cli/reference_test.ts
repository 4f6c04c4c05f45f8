import assert from "assert";
import { join } from "node:path";
import { commandTable } from "./command_table.ts";
import { ALL } from "./commands.ts";
import { manPage } from "./man_page.ts";
import { referenceText } from "./reference.ts";

Deno.test("docs/reference.md is what the helps say", async () => {
  const path = join(import.meta.dirname!, "..", "..", "docs", "reference.md");
  const same = Deno.readTextFileSync(path) === await referenceText(ALL);
  assert.ok(same, "The helps have changed: run scripts/reference.");
});

Deno.test("the manual page has every command and option, and no line that roff takes for its own", async () => {
  const page = await manPage(ALL, "1.2.3");
  const text = page.replaceAll(/\\f[BIR]/g, "").replaceAll("\\-", "-");
  for (const { command, help } of await commandTable(ALL)) {
    assert.ok(text.includes(`.SS ${command.name}\n`), command.name);
    for (const { names } of help.options) assert.ok(text.includes(names[0]!), names[0]);
  }
  for (const line of page.split("\n")) {
    assert.match(line, /^(\.(TH|SH|SS|PP|TP|B|I|nf|fi)\b|[^.'])|^$/, line);
    assert.ok([...line].every((letter) => letter.codePointAt(0)! < 128), `only ASCII: ${line}`);
  }
});

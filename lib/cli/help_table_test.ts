import assert from "assert";
import { commandTable, settingsTables } from "./command_table.ts";
import { ALL, TABLES } from "./commands.ts";
import { exampleText } from "./config_example.ts";
import { tablesOf } from "./config_file.ts";
import { defaultOf, firstSentence, helpTable, optionCalled } from "./help_table.ts";
import { settingsIn } from "./settings.ts";

const rows = await commandTable(ALL);

Deno.test("a help becomes a table", () => {
  const table = helpTable(`Does it. And more,
over two lines.

Usage:
  beam x [WHAT]      do it
  beam x --all       do all
                     of it

A paragraph
of two lines.

Options:
  -n, --lines N      how many (default 100; 0: all)   BEAM_LINES
  --name NAME        what it is called,
                     at last                  BEAM_NAME, BEAM_OTHER
  --a N  --b TEXT    both of them
  --log-style, --log-color   accepted
  --sort cpu|memory  by what
  --all              everything, as \`--all\` says`);
  assert.equal(table.summary, "Does it. And more, over two lines.");
  assert.equal(firstSentence(table), "Does it");
  assert.deepEqual(table.usage[1], { form: "beam x --all", text: "do all of it" });
  assert.deepEqual(table.rest, ["A paragraph\nof two lines."]);
  assert.deepEqual(table.options.map(({ names: [name], short, value }) => [name, short, value]), [
    ["--lines", "-n", "N"],
    ["--name", undefined, "NAME"],
    ["--a", undefined, "N"],
    ["--b", undefined, "TEXT"],
    ["--log-style", undefined, undefined],
    ["--log-color", undefined, undefined],
    ["--sort", undefined, "cpu|memory"],
    ["--all", undefined, undefined],
  ]);
  assert.equal(defaultOf(optionCalled(table, "--lines")!), "100");
  assert.equal(defaultOf(optionCalled(table, "--all")!), undefined);
  assert.deepEqual(optionCalled(table, "--lines")!.variables, ["BEAM_LINES"]);
  const name = optionCalled(table, "--name")!;
  assert.deepEqual([name.text, name.variables], [
    "what it is called, at last",
    ["BEAM_NAME", "BEAM_OTHER"],
  ]);
  assert.equal(optionCalled(table, "--a")!.text, "both of them");
  const usage = helpTable("X.\n\nUsage:\n  beam x --head | --join HOST[:PORT]   start it");
  assert.deepEqual(optionCalled(usage, "--join"), {
    names: ["--join"],
    value: "HOST[:PORT]",
    text: "start it",
    variables: [],
  });
  assert.equal(optionCalled(usage, "--head")!.value, undefined);
  assert.equal(optionCalled(usage, "--jo"), undefined);
});

Deno.test("every flag is in its command's help with its variable, and the other way round", () => {
  const faults: string[] = [];
  for (const { command, help, words } of rows) {
    if (command.commands || words[0] === "run") continue;
    const must = (holds: boolean, text: string) => holds || faults.push(`${command.name} ${text}`);
    const flags = command.flags ?? {};
    must(command.flags !== undefined, "must say its flags");
    must(help.usage.length > 0, "must say how it is used");
    for (const [name, flag] of Object.entries(flags)) {
      const option = optionCalled(help, `--${name}`);
      if (flag.hidden || flag.secret) {
        must(option === undefined, `--${name} is hidden, and stands in its help`);
        continue;
      }
      // What a flag means may be said in a sentence below instead.
      must(
        option !== undefined || command.help.includes(`--${name}`),
        `--${name} must stand in its help`,
      );
      if (!option) continue;
      const short = flag.short && `-${flag.short}`;
      must(option.short === short, `--${name}: its short form must be ${short} in its help`);
      must(
        words[0] === "ray" || !flag.env || option.variables.includes(flag.env),
        `--${name}: its help must name ${flag.env} in a column of its own`,
      );
      must(flag.kind === "text" || option.value === undefined, `--${name} takes no value`);
      must(option.text !== "" || words[0] === "ray", `--${name} needs a text in its help`);
    }
    for (const name of help.options.flatMap(({ names }) => names)) {
      if (name === "--config" || name === "--help") continue;
      must(
        Object.hasOwn(flags, name.slice(2)),
        `has no flag ${name}, and its help says that it has`,
      );
    }
  }
  assert.deepEqual(faults, []);
});

Deno.test("the tables of the configuration file are the commands with settings", () => {
  assert.deepEqual(settingsTables(rows).map(({ table }) => table).sort(), [...TABLES].sort());
});

Deno.test("the example has every setting, and each of them may stand there", async () => {
  const tables = settingsTables(rows);
  const text = exampleText(tables);
  const full = text.replace(/^#(?=[a-z][\w-]* = )/gm, "");
  const file = { path: "/c", mode: 0o600, ...await tablesOf("/c", full) };
  for (const { table, flags, settings } of tables) {
    const found = settingsIn(file, table, flags);
    assert.deepEqual([...found.keys()].sort(), settings.map(({ name }) => name).sort());
  }
  assert.equal((await tablesOf("/c", text)).tables.get("up")!.size, 0, "it says nothing as it is");
});

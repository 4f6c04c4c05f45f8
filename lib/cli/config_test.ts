import assert from "assert";
import { commandTable, settingsTables } from "./command_table.ts";
import { ALL } from "./commands.ts";
import { shownSettings } from "./config.ts";
import { tablesOf } from "./config_file.ts";

const tables = settingsTables(await commandTable(ALL));
const up = tables.find(({ table }) => table === "up")!;

const shown = async (text: string, args: string[], variables: Record<string, string> = {}) => {
  const file = { path: "/c", mode: 0o600, ...await tablesOf("/c", text) };
  const settings = shownSettings(up, args, { env: (name) => variables[name], file });
  return (name: string) => {
    const { value, source } = settings.find((one) => one.name === name)!;
    return [value, source.at ?? source.name ?? source.kind];
  };
};

Deno.test("each setting is shown with where it comes from", async () => {
  const of = await shown(
    '[up]\nnum-gpus = 4\nnum-cpus = 4\nmemory = "1GiB"\ntls = true\nlabels.a = "b"',
    ["--num-gpus", "2"],
    { BEAM_NUM_GPUS: "3", BEAM_NUM_CPUS: "8" },
  );
  assert.deepEqual(of("num-gpus"), ["2", "--num-gpus"]);
  assert.deepEqual(of("num-cpus"), ["8", "BEAM_NUM_CPUS"]);
  assert.deepEqual(of("memory"), ["1GiB", "/c:4"]);
  assert.deepEqual(of("tls"), [true, "/c:5"]);
  assert.deepEqual(of("labels"), ['{"a":"b"}', "/c:6"]);
  assert.deepEqual(of("port"), ["6379", "default"]);
  assert.deepEqual(of("node-ip"), [null, "default"]);
  assert.deepEqual(of("open"), [false, "default"]);
});

Deno.test("no secret is shown, wherever it comes from", async () => {
  const inFile = await shown("[up]\ntoken = 'hidden-word'", []);
  assert.deepEqual(inFile("token"), ["********", "/c:2"]);
  const variable = await shown("", [], { BEAM_TOKEN: "hidden-word" });
  assert.deepEqual(variable("token"), ["********", "BEAM_TOKEN"]);
  assert.deepEqual((await shown("", []))("token"), [null, "default"]);
});

import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { commandTable } from "./command_table.ts";
import { ALL, TABLES } from "./commands.ts";
import { namesIn } from "./completion_values.ts";
import { candidates } from "./completion_words.ts";

const rows = await commandTable(ALL);

const words = async (line: string): Promise<string[]> => {
  const found = await candidates(
    line.split(" "),
    rows,
    (kind) => Promise.resolve(namesIn(TWO_NODES, kind)),
  );
  return found.map(({ word }) => word);
};

Deno.test("commands, commands of commands, and what arguments may be", async () => {
  assert.ok((await words("")).includes("status"));
  assert.deepEqual(await words("wa"), ["wait"]);
  assert.deepEqual(await words("ray sto"), ["stop"]);
  assert.deepEqual(await words("ray job s"), ["submit", "status", "stop"]);
  assert.deepEqual(await words("token cr"), ["create"]);
  assert.deepEqual(await words("completions "), ["bash", "zsh", "fish"]);
  assert.deepEqual(await words("ray list no"), ["nodes"]);
  assert.deepEqual(await words("nothing "), []);
});

Deno.test("flags: those of the command that are not given yet", async () => {
  assert.deepEqual(await words("up --num-g"), ["--num-gpus"]);
  assert.deepEqual(await words("up --num-gpus 1 --num-g"), []);
  assert.deepEqual(await words("up --num-gpus=1 --num-g"), []);
  assert.deepEqual(await words("down --f"), ["--force"]);
  assert.ok(!(await words("up --")).includes("--for-driver"), "what is not for people");
  assert.ok(!(await words("up --")).includes("--token"), "what is not for a command line");
  assert.ok(!(await words("up --")).some((word) => word.startsWith("--no-")));
  assert.deepEqual(await words("up --no-t"), ["--no-tls"]);
  assert.deepEqual(await words("ray list nodes --filter a=b --filt"), ["--filter"]);
  assert.deepEqual(await words("ray start --object-m"), [], "without meaning here");
});

Deno.test("values of flags: files, words, truths, and what the cluster has", async () => {
  assert.deepEqual(await words("up --token-file "), [":files"]);
  assert.deepEqual(await words("up --config "), [":files"]);
  assert.deepEqual(await words("up --include-dashboard t"), ["true"]);
  assert.deepEqual(await words("ray list nodes --format=j"), ["--format=json"]);
  assert.deepEqual(await words("ray job submit --working-dir "), [":folders"]);
  assert.deepEqual(await words("up --num-gpus "), []);
  assert.deepEqual(await words("validate "), [":files"]);
  assert.deepEqual((await words("config ")).sort(), [...TABLES].sort());
  assert.deepEqual(
    await words("events --actor Worker_"),
    ["Worker_0"],
    "by the help's word for it",
  );
  assert.deepEqual(await words("run "), ["--help"]);
  assert.deepEqual(await words("run -- py"), [":files"]);
  const [head] = TWO_NODES.nodes;
  assert.ok((await words("drain ")).includes(head!.node_id.slice(0, 12)));
  assert.ok((await words("drain --timeout 5 ")).includes(head!.node_id.slice(0, 12)));
  assert.deepEqual(await words("actors Worker_"), ["Worker_0"]);
});

import assert from "assert";
import { UsageError } from "./command.ts";
import { type Flags, parse } from "./parse.ts";

const FLAGS = {
  head: { kind: "switch" },
  "num-gpus": { kind: "text", env: "BEAM_NUM_GPUS" },
  filter: { kind: "text", short: "f", many: true },
} as const satisfies Flags;

const read = (args: string[], env: Record<string, string> = {}, positionals = 0) =>
  parse({ program: "beam x", flags: FLAGS, positionals }, args, {
    env: (name) => env[name],
    config: () => undefined,
  });

const fault = (args: string[], positionals = 0): string => {
  try {
    read(args, {}, positionals);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return `${error.message} | ${error.mend}`;
  }
  return "";
};

Deno.test("flags stand over the environment, the last one over those before", () => {
  const env = { BEAM_NUM_GPUS: "4" };
  assert.equal(read([], env).values["num-gpus"], "4");
  assert.equal(read([], env).called("num-gpus"), "BEAM_NUM_GPUS");
  const given = read(["--num-gpus=1", "--num-gpus", "2", "--head"], env);
  assert.equal(given.values["num-gpus"], "2");
  assert.equal(given.called("num-gpus"), "--num-gpus");
  assert.equal(given.values.head, true);
  assert.deepEqual(given.given, ["num-gpus", "num-gpus", "head"]);
  assert.equal(read([], { BEAM_NUM_GPUS: "" }).values["num-gpus"], undefined);
});

Deno.test("flags given several times, short ones, and negative numbers", () => {
  assert.deepEqual(read(["-f", "a=b", "--filter", "c!=d"]).values.filter, ["a=b", "c!=d"]);
  assert.equal(read(["--num-gpus", "-1"]).values["num-gpus"], "-1");
  assert.deepEqual(read(["a", "--", "--head"], {}, 2).positionals, ["a", "--head"]);
});

Deno.test("what is wrong is named, with the nearest flag", () => {
  assert.match(fault(["--num-gpu", "1"]), /--num-gpu: beam x has no such flag \| .*--num-gpus/);
  assert.match(fault(["-z"]), /Cannot use -z/);
  assert.match(fault(["--num-gpus", "--head"]), /--num-gpus: it needs a value/);
  assert.match(fault(["--num-gpus"]), /needs a value/);
  assert.match(fault(["--head=1"]), /takes no value/);
  assert.match(fault(["a"]), /`a`: beam x takes no arguments/);
  assert.match(fault(["a", "b"], 1), /`b`: beam x takes one argument/);
});

import assert from "assert";
import fc from "fast-check";
import { join } from "node:path";
import { UsageError } from "./command.ts";
import { configFlag, configPath, configPlaces, readConfig, tablesOf } from "./config_file.ts";
import { type Flags, parse } from "./parse.ts";

const FLAGS = {
  head: { kind: "switch", setting: true },
  tls: { kind: "switch", env: "BEAM_TLS" },
  "num-gpus": { kind: "text", env: "BEAM_NUM_GPUS", value: "count" },
  resources: { kind: "text", env: "BEAM_RESOURCES", value: "resources" },
  labels: { kind: "text", env: "BEAM_LABELS", value: "labels" },
  memory: { kind: "text", env: "BEAM_MEMORY", value: "bytes" },
  name: { kind: "text", env: "BEAM_NODE_NAME" },
  names: { kind: "text", env: "BEAM_NAMES", value: "names" },
  "token-file": { kind: "text", env: "BEAM_TOKEN_FILE", value: "file" },
  token: { kind: "text", env: "BEAM_TOKEN", secret: true },
  format: { kind: "text", setting: true, value: ["text", "json"] },
  filter: { kind: "text", many: true, setting: true },
  json: { kind: "switch" },
} as const satisfies Flags;

const read = async (
  text: string,
  { args = [], env = {}, mode = 0o600 }: {
    args?: string[];
    env?: Record<string, string>;
    mode?: number;
  } = {},
) => {
  const file = { path: "/c/config.toml", mode, ...await tablesOf("/c/config.toml", text) };
  return parse({ program: "beam x", flags: FLAGS }, args, {
    env: (name) => env[name],
    config: () => file,
  });
};

const fault = async (text: string, mode = 0o600): Promise<string> => {
  const error = await read(text, { mode }).then(() => undefined, (error) => error);
  assert.ok(error instanceof UsageError, `${text}: ${error}`);
  return `${error.message} | ${error.mend}`;
};

Deno.test("a flag stands over a variable, that over the file", async () => {
  const text = "[x]\nnum-gpus = 1\nname = 'a' # mine\n";
  const plain = await read(text);
  assert.equal(plain.values["num-gpus"], "1");
  assert.equal(plain.called("num-gpus"), "num-gpus in /c/config.toml:2");
  assert.equal(plain.values.name, "a");
  assert.deepEqual(plain.setting("BEAM_NUM_GPUS"), {
    called: "num-gpus in /c/config.toml:2",
    text: "1",
  });
  const env = { BEAM_NUM_GPUS: "2" };
  const over = await read(text, { env });
  assert.deepEqual([over.values["num-gpus"], over.called("num-gpus")], ["2", "BEAM_NUM_GPUS"]);
  const flag = await read(text, { env, args: ["--num-gpus", "3"] });
  assert.deepEqual([flag.values["num-gpus"], flag.called("num-gpus")], ["3", "--num-gpus"]);
  assert.equal((await read(text)).called("memory"), "--memory");
});

Deno.test("a switch of the file or of a variable is taken back by --no-…", async () => {
  assert.equal((await read("[x]\nhead = true")).values.head, true);
  assert.equal((await read("[x]\nhead = false")).values.head, false);
  assert.equal((await read("[x]\nhead = true", { args: ["--no-head"] })).values.head, false);
  assert.equal((await read("", { env: { BEAM_TLS: "1" } })).values.tls, true);
  assert.equal((await read("[x]\ntls = true", { env: { BEAM_TLS: "0" } })).values.tls, false);
  assert.equal((await read("", { env: { BEAM_TLS: "1" }, args: ["--no-tls"] })).values.tls, false);
  await assert.rejects(read("", { args: ["--no-json"] }), /no such flag/);
  await assert.rejects(read("", { env: { BEAM_TLS: "perhaps" } }), /BEAM_TLS=perhaps/);
});

Deno.test("values of every sort come out as the flag would have them", async () => {
  const { values } = await read(`[x]
resources = { mlx = 1, "a.b" = 0.5 }
memory = "8GiB"
names = ["a", "b"]
filter = ["k=v", "l!=m"]
token-file = "secrets/token"
format = "json"
[x.labels]
zone = "a"
`);
  assert.deepEqual(JSON.parse(values.resources!), { mlx: 1, "a.b": 0.5 });
  assert.deepEqual(JSON.parse(values.labels!), { zone: "a" });
  assert.equal(values.memory, "8GiB");
  assert.equal(values.names, "a,b");
  assert.deepEqual(values.filter, ["k=v", "l!=m"]);
  assert.equal(values["token-file"], "/c/secrets/token", "seen from the file's folder");
  assert.equal(values.format, "json");
  const dotted = await read('[x]\nlabels.zone = "a"\nlabels.rack = "7"\nmemory = 1e9\n');
  assert.deepEqual(JSON.parse(dotted.values.labels!), { zone: "a", rack: "7" });
  assert.equal(dotted.values.memory, "1000000000");
});

Deno.test("what is wrong is told with its line, and what is near", async () => {
  assert.match(await fault("[x]\n\nnum-gpu = 1"), /num-gpu in .*:3: .*such.*num-gpus/);
  assert.match(await fault("[x]\nnum_gpus = 1"), /Did you mean num-gpus/);
  assert.match(await fault("[x]\njson = true"), /json in .*:2: .*command line alone/);
  assert.match(await fault("num-gpus = 1"), /:1: it stands in no table/);
  assert.match(await fault("[x]\nnum-gpus = true"), /num-gpus = true in .*:2: .*whole number/);
  assert.match(await fault("[x]\nnum-gpus = -1"), /num-gpus=-1: .*at least 0, in .*:2/);
  assert.match(await fault("[x]\nnum-gpus = 1.5"), /1.5: .*whole number.*:2/);
  assert.match(await fault("[x]\nname = 5"), /name = 5 in .*:2: it must be a text in quotes/);
  assert.match(await fault("[x]\nhead = 'yes'"), /head = "yes" in .*:2: it must be true or false/);
  assert.match(await fault("[x]\nlabels = { a = 1 }"), /labels.*:2/);
  assert.match(await fault("[x]\nname = 1979-05-27"), /a date in .*:2/);
  assert.match(await fault("[x]\nformat = 'yaml'"), /must be one of text, json, in .*:2/);
  assert.match(await fault("[[x]]\nhead = true"), /\[\[x\]\] in .*:1/);
  assert.match(await fault("[x]\nname = 'a'\nname = 'b'"), /config.toml:3: /);
  assert.match(await fault("[x]\nname = a\n"), /Cannot read \/c\/config.toml:2: .*column/);
});

Deno.test("a secret stands in no file that others can read, and not on a command line", async () => {
  assert.match(
    await fault("[x]\ntoken = 'abc'", 0o644),
    /others can read the file .*644.*chmod 600/,
  );
  assert.match(await fault("[x]\ntoken = 'abc'", 0o640), /secret/);
  assert.equal((await read("[x]\ntoken = 'abc'")).values.token, "abc");
  await assert.rejects(read("", { args: ["--token", "abc"] }), /every user of this machine/);
});

Deno.test("the file: named by flag or variable, else this user's, else the machine's", () => {
  const home = Deno.makeTempDirSync();
  try {
    const env = (name: string) => ({ HOME: home, BEAM_CONFIG: "" })[name];
    assert.deepEqual(configPlaces(env), [
      join(home, ".config/beam/config.toml"),
      "/etc/beam/config.toml",
    ]);
    Deno.mkdirSync(join(home, ".config/beam"), { recursive: true });
    Deno.writeTextFileSync(join(home, ".config/beam/config.toml"), "");
    assert.equal(configPath(undefined, env), join(home, ".config/beam/config.toml"));
    assert.equal(configPath("/a.toml", env), "/a.toml");
    assert.equal(configPath(undefined, () => "/b.toml"), "/b.toml");
    assert.throws(() => configPath("", env), /needs the name of a file/);
    assert.equal(configFlag(["--json", "--config", "a", "--config=b", "--", "--config=c"]), "b");
    assert.equal(configFlag(["--json"]), undefined);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test("a file that is not there, is a folder, or may be changed by all is refused", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "config.toml");
    await assert.rejects(readConfig(path), /Cannot read the configuration .*No such file/);
    await assert.rejects(readConfig(dir), /it is a folder/);
    Deno.writeTextFileSync(path, "[x]\n");
    Deno.chmodSync(path, 0o666);
    await assert.rejects(readConfig(path), /everybody may change it .*666/);
    Deno.chmodSync(path, 0o644);
    assert.deepEqual([...(await readConfig(path)).tables.keys()], ["x"]);
    assert.equal((await readConfig("/dev/null")).tables.size, 0);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("whatever stands in a file, it is read or told with its line", async () => {
  const piece = fc.constantFrom(
    ...[
      "[x]",
      "[x.labels]",
      "[[x]]",
      "name",
      "num-gpus",
      "labels.a",
      "__proto__",
      ".",
      " = ",
      "=",
      "{ a = 1 }",
    ],
    ...[
      "'a'",
      '"""',
      '"',
      "1",
      "1e9",
      "true",
      "1979-05-27",
      "[",
      "]",
      "{",
      "}",
      ",",
      "#",
      "\n",
      "\n",
      "\\u0000",
    ],
  );
  const text = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string()), { maxLength: 12 })
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      const error = await read(text).then(() => undefined, (error) => error);
      assert.ok(error === undefined || error instanceof UsageError, String(error?.stack));
    }),
    { numRuns: 2000 },
  );
  assert.match(await fault(`[x]\nname = ${"[".repeat(100_000)}`), /Cannot read \/c\/config.toml/);
  await read('[x]\nlabels.__proto__ = "b"\n[x.__proto__]\n').catch(() => {});
  assert.equal(({} as Record<string, unknown>)["b"], undefined);
});

import assert from "assert";
import { type FactsRequest, readFacts } from "./read_facts.ts";
import { shownVariables } from "./shown_variables.ts";
import { madeSystem } from "./testdata/made_system.ts";

const REQUEST: FactsRequest = {
  node: null,
  runtime_dir: "/home/me/.beam",
  machine_dir: "/run/user/1000/beam",
  worker_command: ["python3", "-m", "ray._worker"],
  env: { PATH: "/usr/bin", HF_TOKEN: "hf_secret", VLLM_API_KEY: "key" },
  shim_path: null,
  security: { open: null, tls: null, files: null, listens_on: null, certificate_until: null },
};

Deno.test("an empty machine gives facts, not an error", async () => {
  const facts = await readFacts(REQUEST, { system: madeSystem() });
  assert.deepEqual(facts.unread, []);
  assert.equal(facts.shm, null);
  assert.match(facts.python?.error ?? "", /not on PATH/);
});

Deno.test("a part that breaks or hangs is told, and leaves the others", async () => {
  const system = {
    ...madeSystem(),
    find: () => "/usr/bin/python3",
    run: () => new Promise<never>(() => {}),
    room() {
      throw new Error("the file server is gone");
    },
  };
  const facts = await readFacts(REQUEST, { system, deadline: 50 });
  assert.deepEqual(facts.unread.map(({ part, why }) => `${part}: ${why}`).sort(), [
    "/dev/shm: the file server is gone",
    "the GPUs: there was no answer within 0.05 s",
    "the Python interpreter: there was no answer within 0.05 s",
    "the runtime directory: the file server is gone",
  ]);
  assert.equal(facts.runtime_dir.path, "/home/me/.beam");
  assert.equal(facts.network.cluster.address, "127.0.0.1");
});

Deno.test("a worker that is about to end with its daemon is not told as left behind", async () => {
  let looks = 0;
  const made = madeSystem({
    tree: {
      "/proc/9/stat": "9 (python) S 1 0 0\n",
      "/proc/9/cmdline": "python\0-m\0ray._worker\0",
    },
  });
  const system = {
    ...made,
    list: (path: string) => path === "/proc" && looks++ > 0 ? [] : made.list(path),
  };
  const facts = await readFacts(REQUEST, { system });
  assert.ok(looks > 1, "it is looked at once more");
  assert.deepEqual(facts.processes, []);
});

Deno.test("facts are plain JSON and hold no secret", async () => {
  const facts = await readFacts(REQUEST, { system: madeSystem() });
  assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts);
  assert.doesNotMatch(JSON.stringify(facts), /hf_secret|"key"/);
  const shown = shownVariables({
    NCCL_DEBUG: "INFO",
    VLLM_API_KEY: "k",
    RAY_AUTH_TOKEN: "t",
    RAY_REDIS_PASSWORD: "p",
    BEAM_TOKEN: "t",
    http_proxy: "http://me:pw@proxy:3128",
    EDITOR: "vi",
    no_proxy: "localhost",
  });
  assert.deepEqual(shown, {
    NCCL_DEBUG: "INFO",
    http_proxy: "http://…@proxy:3128",
    no_proxy: "localhost",
  });
});

Deno.test("this machine can be read, in time", async () => {
  const facts = await readFacts({ ...REQUEST, env: { PATH: Deno.env.get("PATH") ?? "" } });
  assert.deepEqual(facts.unread, []);
  assert.ok(facts.network.interfaces.some(({ kind }) => kind === "loopback"));
  assert.ok(facts.cpus.online > 0 && facts.memory.total! > 0);
});

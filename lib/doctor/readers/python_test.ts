import assert from "assert";
import { join } from "node:path";
import type { PythonFacts } from "../facts.ts";
import { madeSystem, says } from "../testdata/made_system.ts";
import { realSystem } from "../system.ts";
import { readPython } from "./python.ts";

const signal = new AbortController().signal;

async function asked(...args: Parameters<typeof readPython>): Promise<PythonFacts> {
  const facts = await readPython(...args);
  assert.ok(facts);
  return facts;
}

Deno.test("a program of somebody's own is not run to see what it does", async () => {
  const run = () => assert.fail("it was run");
  const commands = { "/opt/start-worker": run, "/usr/bin/docker": run };
  for (const command of ["/opt/start-worker --fast", "docker run -m 4g image"]) {
    const options = { worker_command: command.split(" "), env: { PATH: "/usr/bin" }, signal };
    assert.equal(await readPython(madeSystem({ commands }), options), null);
  }
});

Deno.test("words before the interpreter belong to its command", async () => {
  const said = JSON.stringify({
    executable: "/v/bin/python",
    version: "3.12.1",
    packages: {},
    sys_path: [],
  });
  let words: readonly string[] = [];
  const commands = {
    "/usr/bin/uv": (given: readonly string[]) => {
      words = given;
      return says(said)();
    },
  };
  const worker_command = "uv run python -m ray._worker".split(" ");
  const facts = await asked(madeSystem({ commands }), {
    worker_command,
    env: { PATH: "/usr/bin" },
    signal,
  });
  assert.deepEqual(words.slice(0, 3), ["run", "python", "-c"]);
  assert.equal(facts.version, "3.12.1");
});

Deno.test("an interpreter that is missing, or fails, says how", async () => {
  const env = { PATH: "/usr/bin" };
  const absent = await asked(madeSystem(), {
    worker_command: ["python3", "-m", "ray._worker"],
    env,
    signal,
  });
  assert.deepEqual([absent.command, absent.error], [["python3"], "it is not on PATH"]);
  const named = { worker_command: ["/opt/python", "-m", "ray._worker"], env, signal };
  assert.equal((await asked(madeSystem(), named)).error, "it is not there");
  const traceback = "Traceback (most recent call last):\n  File x\nImportError: libssl.so.3\n";
  const commands = { "/opt/python": says("", 1, traceback) };
  assert.equal(
    (await asked(madeSystem({ commands }), named)).error,
    "ImportError: libssl.so.3",
  );
});

Deno.test("the interpreter of the command `vllm` is read from its first line", async () => {
  const tree = { "/usr/bin/vllm": "#!/opt/vllm/bin/python\nimport sys\n" };
  const options = { worker_command: ["/opt/python"], env: { PATH: "/usr/bin" }, signal };
  assert.equal(
    (await asked(madeSystem({ tree }), options)).vllm_python,
    "/opt/vllm/bin/python",
  );
});

/** A folder with packages that say what they are, and break where they are imported. */
class Site implements Disposable {
  readonly dir = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "doctor-" }));

  file(path: string, text: string): void {
    const place = join(this.dir, path);
    Deno.mkdirSync(join(place, ".."), { recursive: true });
    Deno.writeTextFileSync(place, text);
  }

  distribution(name: string, version: string): void {
    this.file(
      `${name.replaceAll("-", "_")}-${version}.dist-info/METADATA`,
      `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

const system = realSystem();
const python = system.find("python3", Deno.env.get("PATH"));

Deno.test(
  { name: "versions come from files: nothing is imported", ignore: python === null },
  async () => {
    using site = new Site();
    site.distribution("torch", "2.8.0");
    site.distribution("vllm", "0.11.0");
    site.distribution("nvidia-nccl-cu12", "2.27.3");
    for (const name of ["torch", "vllm", "ray"]) {
      site.file(
        `${name}/__init__.py`,
        "raise SystemExit(9)\n",
      );
    }
    site.file(
      "torch/version.py",
      "__version__ = '2.8.0'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n",
    );
    const env = { ...Deno.env.toObject(), PYTHONPATH: site.dir };
    const facts = await asked(system, {
      worker_command: [python!, "-m", "ray._worker"],
      env,
      signal,
    });
    assert.equal(facts.error, null);
    assert.match(facts.version ?? "", /^3\.\d+/);
    assert.equal(facts.packages["torch"], "2.8.0");
    assert.equal(facts.packages["vllm"], "0.11.0");
    assert.deepEqual([facts.torch_cuda, facts.torch_hip, facts.nccl], ["12.8", null, "2.27.3"]);
    assert.deepEqual([facts.ray, facts.ray_is_beam], [join(site.dir, "ray/__init__.py"), false]);
    site.file("ray/_worker/start.py", "");
    const beams = await asked(system, { worker_command: [python!], env, signal });
    assert.equal(beams.ray_is_beam, true);
  },
);

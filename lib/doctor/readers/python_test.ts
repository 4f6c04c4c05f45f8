import assert from "assert";
import { join } from "node:path";
import { madeSystem, says } from "../testdata/made_system.ts";
import { realSystem } from "../system.ts";
import { readPython } from "./python.ts";

const signal = new AbortController().signal;

Deno.test("an interpreter that is missing, or fails, says how", async () => {
  const env = { PATH: "/usr/bin" };
  const absent = await readPython(madeSystem(), {
    worker_command: ["python3", "-m", "ray._worker"],
    env,
    signal,
  });
  assert.deepEqual([absent.command, absent.error], [["python3"], "it is not on PATH"]);
  const named = { worker_command: ["/opt/python", "-m", "ray._worker"], env, signal };
  assert.equal((await readPython(madeSystem(), named)).error, "it is not there");
  const traceback = "Traceback (most recent call last):\n  File x\nImportError: libssl.so.3\n";
  const commands = { "/opt/python": says("", 1, traceback) };
  assert.equal(
    (await readPython(madeSystem({ commands }), named)).error,
    "ImportError: libssl.so.3",
  );
});

Deno.test("the interpreter of the command `vllm` is read from its first line", async () => {
  const tree = { "/usr/bin/vllm": "#!/opt/vllm/bin/python\nimport sys\n" };
  const options = { worker_command: ["/opt/python"], env: { PATH: "/usr/bin" }, signal };
  assert.equal(
    (await readPython(madeSystem({ tree }), options)).vllm_python,
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
    const facts = await readPython(system, {
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
    const beams = await readPython(system, { worker_command: [python!], env, signal });
    assert.equal(beams.ray_is_beam, true);
  },
);

import assert from "assert";
import { otherPackage } from "./python.ts";
import { bare, isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD019: an interpreter that is missing, fails, or is too old or new", async () => {
  const missing = { command: ["python3"], error: "it is not on PATH" };
  await tells(
    "BD019",
    machine({ python: missing, platform: { distribution: "rocky", distribution_like: ["rhel"] } }),
    "error",
    /`python3`: it is not on PATH/,
    /BEAM_WORKER_CMD/,
    /sudo dnf install python3/,
  );
  await tells("BD019", machine({ python: missing }), "error", /sudo apt-get install python3/);
  await tells("BD019", machine({ python: { version: "3.8.18" } }), "error", /3\.9 to 3\.13/);
  await tells("BD019", machine({ python: { version: "3.14.0" } }), "error");
  for (const version of ["3.9.0", "3.13.9"]) {
    await isQuiet("BD019", machine({ python: { version } }));
  }
});

Deno.test("BD019: a head's machine without GPUs needs no Python", async () => {
  const head = machine({
    python: { error: "it is not on PATH" },
    node: { gpus: 0, is_head: true },
    gpus: { devices: [] },
  });
  await isQuiet("BD019", head, "info");
});

Deno.test("BD021: vLLM lies in another environment than the workers'", async () => {
  const python = {
    packages: {},
    executable: "/usr/bin/python3",
    vllm_python: "/opt/vllm/bin/python",
  };
  const facts = bare();
  await tells(
    "BD021",
    { ...facts, python: { ...facts.python!, ...python } },
    "warning",
    /runs on \/opt\/vllm\/bin\/python/,
    /export BEAM_WORKER_CMD='\/opt\/vllm\/bin\/python -m ray\._worker'/,
  );
  const none = { ...facts.python!, ...python, vllm_python: null };
  await tells("BD021", { ...facts, python: none }, "info");
  const broken = { ...facts.python!, packages: { vllm: "0.11.0" } };
  await tells("BD021", { ...facts, python: broken }, "warning", /no torch/);
  await isQuiet("BD021", machine({}));
});

Deno.test("BD022: workers would import another `ray`", async () => {
  const genuine = {
    ray: "/opt/vllm/lib/python3.12/site-packages/ray/__init__.py",
    ray_is_beam: false,
  };
  await tells(
    "BD022",
    machine({ python: genuine }),
    "error",
    /instead of \/home\/me\/\.beam\/shim\/1234/,
    /sitecustomize/,
  );
  await tells(
    "BD022",
    machine({ python: { ray: null, ray_is_beam: false } }),
    "error",
    /does not find/,
  );
});

Deno.test("BD022: a shell's programs would use a genuine Ray", async () => {
  const python = { ray: "/usr/lib/python3/dist-packages/ray/__init__.py", ray_is_beam: false };
  await tells(
    "BD022",
    bare({ python }),
    "warning",
    /finds Ray 2\.55\.1/,
    /export PYTHONPATH=\$\(beam shim-path\)/,
  );
  const none = bare({ python: { ray: null, ray_is_beam: false } });
  await tells("BD022", none, "info", /finds nothing/, /beam run/);
  await isQuiet("BD022", bare());
});

Deno.test("BD022: a shell's package is that of the node, or of another build", () => {
  const node = { shim_path: "/home/me/.beam/shim/1234" };
  assert.equal(otherPackage("/home/me/.beam/shim/1234/ray/__init__.py", node), undefined);
  const other = otherPackage("/home/me/.beam/shim/12345/ray/__init__.py", node);
  assert.match(
    other?.seen ?? "",
    /shim\/12345\/ray.*the node that runs has \/home\/me\/\.beam\/shim\/1234\./,
  );
});

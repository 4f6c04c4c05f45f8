import assert from "assert";
import { bare, foundBy, gpu, isQuiet, machine, tells } from "../testdata/made_facts.ts";

const note = (code: string, text: string) => ({ gpus: { notes: [{ code, text }] } });

Deno.test("BD015: a container that was given no GPU, by what runs it", async () => {
  const text = "The NVIDIA driver is loaded, but no /dev/nvidiaN is here.";
  const gpus = { ...note("nvidia-nodes-missing", text).gpus, devices: [], nodes: [], tool: null };
  const node = { gpus: 0 };
  const at = (container: string) => machine({ gpus, node, platform: { container } });
  await tells("BD015", at("docker"), "error", /no \/dev\/nvidiaN/, /docker run --gpus all/);
  await tells("BD015", at("podman"), "error", /podman run --device nvidia\.com\/gpu=all/);
  await tells("BD015", at("kubernetes"), "error", /nvidia\.com\/gpu: 8/);
  await tells("BD015", machine({ gpus, node }), "error", /sudo nvidia-smi/);
});

Deno.test("BD015: AMD's nodes that this user may not open", async () => {
  const gpus = {
    ...note("amd-kfd-refused", "/dev/kfd cannot be opened (EACCES).").gpus,
    vendor: "amd" as const,
    devices: [],
    tool: null,
  };
  await tells("BD015", machine({ gpus, node: { gpus: 0 } }), "error", /usermod -aG render,video/);
  await tells(
    "BD015",
    machine({ gpus, node: { gpus: 0 }, platform: { container: "docker", selinux: "enforcing" } }),
    "error",
    /--device=\/dev\/kfd/,
    /setsebool/,
  );
});

Deno.test("BD015: counts that differ", async () => {
  await tells(
    "BD015",
    machine({ gpus: { tool: { count: 4 } } }),
    "warning",
    /nvidia-smi lists 4 GPUs, and beam counts 8/,
  );
  await tells(
    "BD015",
    machine({ node: { gpus: 8 }, gpus: { devices: [gpu(0)], tool: { count: 1 } } }),
    "warning",
    /counted 8 GPUs when it started; now there is 1/,
  );
  const override = note("override", "--num-gpus says 8 GPUs; the files show 4.");
  await tells("BD015", machine(override), "warning", /leave|Leave/, /give 4/);
  await isQuiet("BD015", machine({ gpus: { tool: { count: null, error: "it failed" } } }));
  const fewer = note("override", "BEAM_NUM_GPUS says 4 GPUs; the files show 8.").gpus;
  const four = [gpu(0), gpu(1), gpu(2), gpu(3)];
  await isQuiet("BD015", machine({ gpus: { ...fewer, devices: four }, node: { gpus: 4 } }));
  const masked = machine({ gpus: { masked_by: "CUDA_VISIBLE_DEVICES", tool: { count: 9 } } });
  await isQuiet("BD015", masked);
});

Deno.test("BD016: masks that hide all or are misread; one that is meant is a note", async () => {
  const mask = (text: string) => machine(note("inherited-mask", text));
  const none = "CUDA_VISIBLE_DEVICES=-1 was set when beam started: 0 of 8 GPUs are handed out.";
  await tells("BD016", mask(none), "warning", /unset CUDA_VISIBLE_DEVICES/);
  const cut = "CUDA_VISIBLE_DEVICES=0,9,1 was set when beam started: 1 of 8 GPUs are handed out; " +
    "the list ends at its entry 9 names no GPU here.";
  await tells("BD016", mask(cut), "warning");
  const half =
    "CUDA_VISIBLE_DEVICES=0,1,2,3 was set when beam started: 4 of 8 GPUs are handed out.";
  await tells("BD016", mask(half), "info");
  await tells(
    "BD016",
    machine(note("mixed-models", "The NVIDIA GPUs are of several models.")),
    "warning",
    /CUDA_DEVICE_ORDER=PCI_BUS_ID/,
  );
  await isQuiet("BD016", machine(note("mig", "GPU 0 has MIG instances.")));
});

Deno.test("BD018: who else holds memory, a GPU at a time", async () => {
  const foreign = {
    pid: 4242,
    gpu: 3,
    memory: 70 * 2 ** 30,
    command: "VLLM::EngineCore",
    ours: false,
  };
  const one = await tells(
    "BD018",
    machine({ gpus: { processes: [foreign] } }),
    "warning",
    /GPU 3 is held by process 4242 \(VLLM::EngineCore, 70 GiB\)/,
    /no process of this node/,
  );
  assert.match(one.mend, /`kill 4242`/);
  const before = bare({ gpus: { processes: [foreign] } });
  assert.doesNotMatch((await foundBy("BD018", before))[0]!.seen, /this node/);
  const outside = [{ ...foreign, command: null }];
  await tells(
    "BD018",
    machine({ gpus: { processes: outside } }),
    "warning",
    /outside of this container/,
  );
  const inside = machine({ gpus: { processes: outside }, platform: { container: "docker" } });
  await tells("BD018", inside, "info", /by the host's numbers/, /own workers/);
  await isQuiet("BD018", machine({ gpus: { processes: [{ ...foreign, ours: true }] } }));
  const desktop = [{ ...foreign, memory: 300 * 2 ** 20, command: "/usr/lib/xorg/Xorg" }];
  await isQuiet("BD018", machine({ gpus: { processes: desktop } }), "info");
});

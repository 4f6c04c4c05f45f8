import { bare, gpu, isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD017: nvidia-smi's own words, and what mends them", async () => {
  const error = "Failed to initialize NVML: Driver/library version mismatch";
  const gpus = { tool: { count: null, error } };
  await tells("BD017", machine({ gpus }), "error", /version mismatch/, /sudo reboot/);
  const unknown = { tool: { count: null, error: "Failed to initialize NVML: Unknown Error" } };
  await tells(
    "BD017",
    machine({ gpus: unknown, platform: { container: "docker" } }),
    "error",
    /Start the container again/,
  );
  const late = { tool: { count: null, error: "there was no answer within 6 s" } };
  await tells("BD017", machine({ gpus: late }), "error", /dmesg/);
});

Deno.test("BD017: libraries of another version, or none in a container", async () => {
  const library = { name: "libcuda", version: "550.54.15", path: "/usr/lib/libcuda.so.550.54.15" };
  await tells(
    "BD017",
    machine({ gpus: { libraries: [library] } }),
    "error",
    /570\.86\.15, and \/usr\/lib\/libcuda\.so\.550\.54\.15 is 550\.54\.15/,
  );
  await tells(
    "BD017",
    machine({ gpus: { libraries: [], tool: null }, platform: { container: "docker" } }),
    "error",
    /NVIDIA_DRIVER_CAPABILITIES=compute,utility/,
  );
  const both = [library, { ...library, version: "570.86.15" }];
  await isQuiet("BD017", machine({ gpus: { libraries: both } }));
  await isQuiet("BD017", bare({ gpus: { devices: [], nodes: [], libraries: [], tool: null } }));
});

Deno.test("BD020: torch for CPUs, for the other vendor, for a newer driver", async () => {
  await tells("BD020", machine({ python: { torch_cuda: null } }), "error", /built for CPUs only/);
  await tells(
    "BD020",
    machine({ python: { torch_cuda: null, torch_hip: "6.3" } }),
    "error",
    /built for ROCm 6\.3, and the GPUs are NVIDIA's/,
  );
  await tells(
    "BD020",
    machine({ gpus: { vendor: "amd", devices: [gpu(0, { name: "MI300X" })] } }),
    "error",
    /built for CUDA 12\.8, and the GPUs are AMD's/,
  );
  await tells(
    "BD020",
    machine({ gpus: { driver_version: "535.104.05" }, python: { torch_cuda: "13.0" } }),
    "error",
    /580\.65\.06 or newer/,
  );
  await isQuiet("BD020", machine({ gpus: { driver_version: "525.60.13" } }));
  await isQuiet("BD020", machine({ gpus: { devices: [] }, python: { torch_cuda: null } }));
});

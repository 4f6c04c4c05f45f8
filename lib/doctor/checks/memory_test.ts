import assert from "assert";
import { foundBy, gpu, isQuiet, machine, tells } from "../testdata/made_facts.ts";

const GIB = 2 ** 30;

Deno.test("BD029: strict overcommit, and a machine that swaps", async () => {
  await tells(
    "BD029",
    machine({ memory: { overcommit: 2 } }),
    "warning",
    /vm\.overcommit_memory=0/,
  );
  await tells(
    "BD029",
    machine({ memory: { swap_total: 256 * GIB, swap_free: 56 * GIB } }),
    "warning",
    /200 GiB of memory are swapped out/,
  );
  await isQuiet("BD029", machine({ memory: { swap_total: 8 * GIB, swap_free: GIB } }));
  await isQuiet("BD029", machine({ memory: { overcommit: 1 } }));
});

const spark = [gpu(0, { name: "NVIDIA GB10", memory: null, integrated: true })];

Deno.test("BD030: a share of unified memory that fits what is free", async () => {
  const on = (available: number, free = available) =>
    machine({
      gpus: { devices: spark },
      memory: { total: 120 * GIB, available: available * GIB, free: free * GIB },
    });
  await tells("BD030", on(90), "warning", /90 GiB of 120 GiB/, /--gpu-memory-utilization 0\.70/);
  const cached = await tells("BD030", on(90, 20), "warning", /as file cache/, /drop_caches/);
  assert.match(cached.mend, /0\.70/);
  await tells("BD030", on(5), "warning", /No model fits/);
  await isQuiet("BD030", on(115), "info");
});

Deno.test("BD030: an APU's driver states its own bound; a discrete GPU has its own memory", async () => {
  const strix = [
    gpu(0, { name: "Strix Halo", memory: 96 * GIB, memory_used: 30 * GIB, integrated: true }),
  ];
  await tells(
    "BD030",
    machine({
      gpus: { vendor: "amd", devices: strix },
      memory: { total: 128 * GIB, available: 120 * GIB, free: 120 * GIB },
    }),
    "warning",
    /66 GiB of 96 GiB/,
    /0\.62/,
  );
  assert.deepEqual(await foundBy("BD030", machine({})), []);
  await isQuiet("BD030", machine({}));
});

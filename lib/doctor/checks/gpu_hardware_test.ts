import { isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD044: a GPU's own faults in the kernel's log", async () => {
  const fault = {
    text: "the GPU has fallen off the bus (Xid 79 of PCI:0000:62:00)",
    count: 2,
    mend: "Replace it.",
  };
  await tells(
    "BD044",
    machine({ gpus: { faults: [fault] } }),
    "warning",
    /Xid 79.*, 2 times/,
    /Replace/,
  );
  await isQuiet("BD044", machine({}));
});

Deno.test("BD045: NVSwitches need their fabric manager", async () => {
  const gpus = { nvswitches: 4, fabric_manager: false };
  await tells(
    "BD045",
    machine({ gpus }),
    "error",
    /4 NVSwitches/,
    /enable --now nvidia-fabricmanager/,
  );
  await tells("BD045", machine({ gpus: { ...gpus, nvswitches: 1 } }), "error", /1 NVSwitch,/);
  await isQuiet("BD045", machine({ gpus: { ...gpus, fabric_manager: true } }));
  await isQuiet("BD045", machine({ gpus: { ...gpus, fabric_manager: null } }));
  await isQuiet("BD045", machine({ gpus, platform: { container: "docker" } }));
});

import assert from "assert";
import { probe } from "./gpus.ts";
import { systemHost } from "./host.ts";
import { RTX_3090_HOST } from "./testdata/nvidia_parts.ts";

Deno.test("system host: plain files under a root stand for the machine", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, entry] of Object.entries(RTX_3090_HOST)) {
      const at = root + path;
      await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(at, typeof entry === "string" ? entry : "");
    }
    const { vendor, gpus, notes } = probe({ root });
    assert.equal(vendor, "nvidia");
    assert.deepEqual(gpus.map((gpu) => gpu.pci), ["0000:01:00.0"]);
    assert.deepEqual(notes, []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("system host: missing paths and folders are answers, not errors", async () => {
  const root = await Deno.makeTempDir();
  try {
    const host = systemHost(`${root}/`);
    assert.deepEqual(host.read("/none"), { text: null, errno: "ENOENT" });
    assert.deepEqual(host.list("/none"), []);
    assert.equal(host.open("/none"), "ENOENT");
    assert.equal(host.access("/none"), "ENOENT");
    assert.equal(host.freeBytes("/none"), null);
    await Deno.mkdir(`${root}/folder`);
    assert.equal(host.open("/folder"), "EISDIR");
    assert.equal(host.read("/folder").text, null);
    assert.deepEqual(host.list("/"), ["folder"]);
    assert.ok(host.freeBytes("/")! > 0);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test({
  name: "system host: the kernel answers for a character device",
  ignore: Deno.build.os !== "linux",
  fn() {
    const host = systemHost();
    assert.equal(host.open("/dev/null"), "ok");
    assert.equal(host.access("/dev/null"), "ok");
  },
});

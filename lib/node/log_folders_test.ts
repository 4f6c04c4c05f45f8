import assert from "assert";
import { join } from "node:path";
import { pruneLogFolders, pruneSetupLogs } from "./log_folders.ts";

Deno.test("old nodes' log folders go, the newest and the young stay", async () => {
  const logs = await Deno.makeTempDir();
  const now = Date.now();
  const day = 24 * 3600_000;
  for (let n = 0; n < 14; n++) {
    const folder = join(logs, n.toString(16).padStart(12, "0"));
    Deno.mkdirSync(folder);
    const at = new Date(now - (n < 12 ? n * 1000 : n * day));
    Deno.utimeSync(folder, at, at);
  }
  const kept = join(logs, "c".padStart(12, "0"));
  Deno.writeTextFileSync(join(kept, "daemon.log"), "it still writes");
  const old = new Date(now - 30 * day);
  Deno.utimeSync(kept, old, old);
  Deno.mkdirSync(join(logs, "somebody's"));
  Deno.utimeSync(join(logs, "somebody's"), old, old);
  pruneLogFolders(logs, now);
  const left = [...Deno.readDirSync(logs)].map(({ name }) => name).sort();
  assert.equal(left.length, 14);
  assert.ok(!left.includes("d".padStart(12, "0")));
  pruneLogFolders(join(logs, "missing"), now);
  await Deno.remove(logs, { recursive: true });
});

Deno.test("logs of setups are bounded in number, and nothing else goes with them", () => {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(folder, "daemon.log"), "");
    for (let n = 0; n < 205; n++) {
      const path = join(folder, `runtime_env_setup-${n}.log`);
      Deno.writeTextFileSync(path, "x");
      Deno.utimeSync(path, n, n);
    }
    pruneSetupLogs(folder);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.equal(left.length, 201);
    assert.ok(left.includes("daemon.log") && left.includes("runtime_env_setup-204.log"));
    assert.ok(!left.includes("runtime_env_setup-4.log"));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

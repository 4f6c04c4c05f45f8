import assert from "assert";
import { join } from "node:path";
import { checkReachable, groupNumber, likeDirectory, ownGroups, sharedBy } from "./group_access.ts";

const own = Deno.gid()!;

Deno.test("a folder is shared where its group is ours and nobody else may look", () => {
  const dir = Deno.makeTempDirSync();
  try {
    for (
      const [mode, shared] of [[0o700, false], [0o750, true], [0o755, false], [
        0o770,
        false,
      ]] as const
    ) {
      Deno.chmodSync(dir, mode);
      assert.equal(sharedBy(dir) !== undefined, shared, mode.toString(8));
    }
    Deno.chmodSync(dir, 0o750);
    assert.equal(sharedBy(dir, new Set([own + 1])), undefined);
    assert.equal(sharedBy(join(dir, "none")), undefined);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("what is made in a folder is as open as the folder", () => {
  const dir = Deno.makeTempDirSync();
  const file = join(dir, "file");
  try {
    Deno.writeTextFileSync(file, "", { mode: 0o644 });
    for (const [folder, mode] of [[0o700, 0o600], [0o750, 0o640], [0o755, 0o600]] as const) {
      Deno.chmodSync(dir, folder);
      likeDirectory(file, 0o640);
      assert.equal(Deno.statSync(file).mode! & 0o777, mode, folder.toString(8));
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a directory that members cannot enter is named", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const within = join(dir, "within");
    Deno.mkdirSync(within);
    assert.throws(
      () => checkReachable(within, own + 1, "Move it."),
      (error: Error) => error.message.includes(`cannot enter ${dir}`),
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("groups are known by number and by name", () => {
  assert.ok(ownGroups().has(own));
  assert.equal(groupNumber("4711"), 4711);
  assert.equal(groupNumber("root"), 0);
  assert.throws(() => groupNumber("no-such-group"), /this machine has none of that name/);
});

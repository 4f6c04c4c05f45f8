import assert from "assert";
import { join } from "node:path";
import { Trouble } from "./errors.ts";
import {
  checkShared,
  ensureInstanceDir,
  ensurePrivateDir,
  ensureRuntimeDir,
  type Env,
  instancePaths,
  machineDir,
  nodeLogDir,
  realPath,
  reasonOf,
  runtimeDir,
} from "./paths.ts";

function envOf(values: Record<string, string>): Env {
  return (name) => values[name];
}

/** A short directory of our own, gone after `body`. */
function withDir(body: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync({ dir: "/tmp", prefix: "p" });
  try {
    body(Deno.realPathSync(dir));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("the runtime directory is BEAM_RUNTIME_DIR, else .beam of the home", () => {
  withDir((dir) => {
    assert.equal(runtimeDir(envOf({ BEAM_RUNTIME_DIR: `${dir}/rt` })), `${dir}/rt`);
    assert.equal(runtimeDir(envOf({ HOME: dir })), `${dir}/.beam`);
    assert.equal(runtimeDir(envOf({ HOME: dir, BEAM_RUNTIME_DIR: "" })), `${dir}/.beam`);
  });
});

Deno.test("the machine directory is XDG_RUNTIME_DIR's where that is ours and short", () => {
  const fallback = `/tmp/beam-${Deno.uid()}`;
  withDir((dir) => {
    assert.equal(machineDir(envOf({ XDG_RUNTIME_DIR: dir })), join(dir, "beam"));
    assert.equal(machineDir(envOf({ XDG_RUNTIME_DIR: join(dir, "absent") })), fallback);
    assert.equal(machineDir(envOf({ XDG_RUNTIME_DIR: "relative" })), fallback);
    const long = join(dir, "x".repeat(60));
    Deno.mkdirSync(long);
    assert.equal(machineDir(envOf({ XDG_RUNTIME_DIR: long })), fallback);
  });
  assert.equal(machineDir(envOf({})), fallback);
});

Deno.test("one instance folder per runtime directory, by whatever path it is reached", () => {
  withDir((dir) => {
    const env = envOf({ XDG_RUNTIME_DIR: dir });
    const runtime = ensureRuntimeDir(join(dir, "rt")).dir;
    Deno.symlinkSync(runtime, join(dir, "link"));
    const paths = ensureInstanceDir(runtime, env);
    assert.equal(instancePaths(join(dir, "link"), env).dir, paths.dir);
    assert.notEqual(instancePaths(join(dir, "other"), env).dir, paths.dir);
    assert.match(paths.dir, /\/beam\/[0-9a-f]{8}$/);
    assert.equal(paths.socket, join(paths.dir, "daemon.sock"));
    for (const made of [paths.dir, paths.workers, paths.sockets]) {
      assert.equal(Deno.statSync(made).mode! & 0o777, 0o700);
    }
    assert.deepEqual(ensureInstanceDir(runtime, env), paths);
  });
});

Deno.test("a runtime directory that others may enter is refused, with the line that closes it", () => {
  withDir((dir) => {
    const open = join(dir, "open");
    Deno.mkdirSync(open);
    Deno.chmodSync(open, 0o750);
    assert.throws(() => ensureRuntimeDir(open), (error: Trouble) => {
      assert.match(error.message, /its mode must be 700, and is 750/);
      assert.ok(error.mend?.includes(`chmod 700 ${open}`));
      return true;
    });
    Deno.chmodSync(open, 0o700);
    ensureRuntimeDir(open);
  });
});

Deno.test("where all may write without the sticky bit, nothing of ours may lie", {
  ignore: Deno.uid() !== 0,
}, () => {
  withDir((dir) => {
    const shared = join(dir, "shared");
    Deno.mkdirSync(shared);
    Deno.chownSync(shared, 65534, 65534);
    for (const [mode, good] of [[0o777, false], [0o1777, true], [0o755, true]] as const) {
      Deno.chmodSync(shared, mode);
      if (good) checkShared(shared);
      else assert.throws(() => checkShared(shared), /its mode is 777, without the sticky bit/);
    }
  });
});

Deno.test("a directory that others could reach into is refused", () => {
  withDir((dir) => {
    const real = join(dir, "real");
    Deno.mkdirSync(real, { mode: 0o700 });
    Deno.symlinkSync(real, join(dir, "link"));
    Deno.writeTextFileSync(join(dir, "file"), "");
    Deno.mkdirSync(join(dir, "open"));
    Deno.chmodSync(join(dir, "open"), 0o755);
    const refuses = (name: string, words: RegExp) =>
      assert.throws(
        () => ensurePrivateDir(join(dir, name)),
        (error: unknown) => error instanceof Trouble && words.test(error.message) && !!error.mend,
      );
    refuses("link", /is a link/);
    refuses("file", /is a file/);
    refuses("open", /mode must be 700, and is 755/);
    refuses("absent/child", /Cannot make the directory .*No such file/);
  });
});

Deno.test("a runtime directory that cannot be written says what to set", () => {
  withDir((dir) => {
    Deno.writeTextFileSync(join(dir, "file"), "");
    assert.throws(
      () => ensureRuntimeDir(join(dir, "file", "rt")),
      (error: unknown) =>
        error instanceof Trouble && error.code === "runtime_dir" &&
        /BEAM_RUNTIME_DIR/.test(error.mend ?? ""),
    );
  });
});

Deno.test("real paths are resolved as far as they exist", () => {
  withDir((dir) => {
    Deno.mkdirSync(join(dir, "a"));
    Deno.symlinkSync(join(dir, "a"), join(dir, "l"));
    assert.equal(realPath(join(dir, "l", "b", "c")), join(dir, "a", "b", "c"));
  });
});

Deno.test("log folders are named by the node's first twelve digits", () => {
  assert.equal(nodeLogDir("/r", "0123456789abcdef"), "/r/logs/0123456789ab");
});

Deno.test("reasons are the system's words alone", () => {
  assert.equal(
    reasonOf(new Error("Permission denied (os error 13): mkdir '/x'")),
    "Permission denied",
  );
  assert.equal(reasonOf("plain"), "plain");
});

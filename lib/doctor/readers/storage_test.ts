import assert from "assert";
import { madeSystem } from "../testdata/made_system.ts";
import { readFileSystem, readRuntimeDir } from "./file_systems.ts";
import { readLeftovers } from "./leftovers.ts";
import { readTls, readToken } from "./security.ts";

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:30 / /home rw,noexec - nfs4 server:/srv/my\\040home rw,vers=4.2
31 27 0:31 / /homestead rw - tmpfs tmpfs rw
32 27 0:32 / /dev/shm rw - tmpfs old rw
33 27 0:33 / /dev/shm rw - tmpfs shm rw,size=65536k
`;
const PLACES = { runtime_dir: "/home/me/.beam", machine_dir: "/run/user/1000/beam" };

Deno.test("the file system of a path is the innermost mount's, the last one at its point", () => {
  const system = madeSystem({
    tree: { "/proc/self/mountinfo": MOUNTS },
    rooms: { "/home/me": { size: 100, free: 10 }, "/dev/shm": { size: 64 }, "/homestead": {} },
  });
  const home = readFileSystem(system, "/home/me")!;
  assert.deepEqual([home.mount_point, home.type, home.source, home.size, home.free], [
    "/home",
    "nfs4",
    "server:/srv/my home",
    100,
    10,
  ]);
  assert.ok(home.options.includes("noexec"));
  assert.equal(readFileSystem(system, "/dev/shm")!.source, "shm");
  assert.equal(readFileSystem(system, "/homestead")!.type, "tmpfs");
  assert.equal(readFileSystem(system, "/nothing"), null);
});

Deno.test("a runtime directory that is not there is judged by where it would be made", () => {
  const system = madeSystem({
    tree: { "/proc/self/mountinfo": MOUNTS, "/home/me": { outcome: "ok" } },
    infos: { "/home/me": { mode: 0o755 }, "/run/user/1000/beam": { mode: 0o755 } },
    rooms: { "/home/me": { free: 5 } },
  });
  const dir = readRuntimeDir(system, PLACES);
  assert.deepEqual([dir.exists, dir.mode, dir.writable, dir.file_system?.free], [
    false,
    null,
    true,
    5,
  ]);
  assert.equal(dir.machine_dir_fault, "its mode must be 700, and is 755");
  const shared = madeSystem({ infos: { [PLACES.machine_dir]: { mode: 0o750 }, "/": {} } });
  assert.equal(readRuntimeDir(shared, PLACES).machine_dir_fault, null, "--socket-group");
});

Deno.test("the folder of sockets goes with a login that logind knows, of a user who does not linger", () => {
  const logind = { "/run/systemd/users/1000": "# private\nNAME=me\nSTATE=active\n" };
  const until = (tree: Record<string, string>, more = {}, machine_dir = PLACES.machine_dir) =>
    readRuntimeDir(madeSystem({ tree, ...more }), { ...PLACES, machine_dir }).until_logout_of;
  assert.equal(until(logind), "me");
  assert.equal(until(logind, { infos: { "/var/lib/systemd/linger/me": { kind: "file" } } }), null);
  assert.equal(until(logind, {}, "/tmp/beam-1000"), null);
  assert.equal(until({}), null, "a container");
});

Deno.test("what ended daemons left is told, what lives or is another machine's is not", () => {
  const stat = (pid: number, start: number) => `${pid} (beam) S 1 ${"0 ".repeat(17)}${start} 0 0\n`;
  const system = madeSystem({
    tree: {
      "/proc/sys/kernel/hostname": "gpu-1\n",
      "/proc/50/stat": stat(50, 700),
      "/run/user/1000/beam/0000000a/daemon.json": '{"pid": 50, "start_ticks": 700}',
      "/run/user/1000/beam/0000000b/daemon.json": '{"pid": 51, "start_ticks": 700}',
      "/run/user/1000/beam/0000000c/daemon.json": '{"pid": 50, "start_ticks": 1}',
      "/dev/shm/beam-1000-abc-50-700/a": "",
      "/dev/shm/beam-1000-abc-60-700/a": "",
      "/dev/shm/beam-1001-abc-61-700/a": "",
      "/home/me/.beam/spill/gpu-1-abc-62-700/b": "",
      "/home/me/.beam/spill/gpu-2-abc-63-700/b": "",
    },
    infos: { "/dev/shm/beam-1000-abc-60-700/a": { size: 4000, kind: "file" } },
  });
  assert.deepEqual(readLeftovers(system, PLACES), [
    { kind: "instance", path: "/run/user/1000/beam/0000000b", bytes: null, pid: 51 },
    { kind: "instance", path: "/run/user/1000/beam/0000000c", bytes: null, pid: 50 },
    { kind: "object-store", path: "/dev/shm/beam-1000-abc-60-700", bytes: 4000, pid: 60 },
    { kind: "spill", path: "/home/me/.beam/spill/gpu-1-abc-62-700", bytes: 0, pid: 62 },
  ]);
});

Deno.test("of a token its file's mode is read, of variables their names", () => {
  const system = madeSystem({ infos: { "/home/me/.beam/token": { kind: "file", mode: 0o644 } } });
  const env = { BEAM_TOKEN: "secret", RAY_AUTH_TOKEN: "" };
  const token = readToken(system, "/home/me/.beam", env, { open: false, listens_on: null });
  assert.deepEqual([token.exists, token.mode, token.variables], [true, 0o644, ["BEAM_TOKEN"]]);
  assert.ok(!JSON.stringify(token).includes("secret"));
});

Deno.test("certificates that cannot be read say why", () => {
  const system = madeSystem({ tree: { "/etc/node.crt": "no certificate" } });
  const files = { certificate: "/etc/node.crt", key: "/etc/node.key", roots: "/etc/ca.crt" };
  const tls = readTls(system, "/home/me/.beam", { tls: true, files, certificate_until: 5 });
  assert.match(tls.certificates[0]!.error ?? "", /no certificate in PEM/);
  assert.equal(tls.certificates[1]!.error, "ENOENT");
  assert.deepEqual(tls.certificates[2], {
    path: "the node's certificate",
    not_after: 5,
    error: null,
  });
  const none = { tls: null, files: null, certificate_until: null };
  assert.deepEqual(readTls(system, "/home/me/.beam", none), {
    on: null,
    certificates: [],
    authority_mode: null,
  });
});

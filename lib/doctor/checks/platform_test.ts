import { bare, isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD031: WSL behind Windows' own address", async () => {
  await tells(
    "BD031",
    machine({ platform: { wsl: true }, network: { cluster: { address: "172.20.5.4" } } }),
    "warning",
    /networkingMode=mirrored/,
  );
  await isQuiet("BD031", machine({ platform: { wsl: true } }), "info");
  await isQuiet("BD031", machine({}));
});

Deno.test("BD032: musl, and a glibc that is too old", async () => {
  await tells("BD032", machine({ platform: { glibc: null, musl: true } }), "error", /Alpine/);
  await tells("BD032", machine({ platform: { glibc: "2.26" } }), "error", /2\.27/);
  await tells("BD032", machine({ platform: { glibc: "2.28" } }), "warning", /2\.31/);
  await isQuiet("BD032", machine({ platform: { glibc: "2.31", musl: true } }));
  await isQuiet("BD032", machine({ platform: { glibc: null } }));
});

Deno.test("BD046: no /proc, no subreapers", async () => {
  await tells("BD046", machine({ platform: { proc: false } }), "error", /mount -t proc/);
  await tells(
    "BD046",
    machine({ platform: { subreaper: false } }),
    "warning",
    /seccomp=unconfined/,
  );
  await isQuiet("BD046", machine({ platform: { subreaper: true } }));
  await isQuiet("BD046", machine({ platform: { subreaper: null } }));
});

const raylet = {
  pid: 900,
  ppid: 1,
  uid: 1000,
  kind: "ray" as const,
  command: "/opt/ray/raylet --raylet_socket_name=…",
  ours: false,
  orphan: true,
};

Deno.test("BD035: a genuine Ray on the machine", async () => {
  await tells(
    "BD035",
    bare({ processes: [raylet] }),
    "warning",
    /raylet \(process 900\)/,
    /ray stop --force/,
  );
  await isQuiet("BD035", bare({ processes: [{ ...raylet, kind: "beam-daemon" }] }));
});

const redis = {
  port: 6379,
  address: "0.0.0.0",
  pid: 77,
  command: "redis-server *:6379",
  ours: false,
};

Deno.test("BD036: another program has the head's port, before there is a head", async () => {
  await tells("BD036", bare({ listeners: [redis] }), "warning", /redis-server/, /--port 6381/);
  await tells(
    "BD036",
    bare({ listeners: [{ ...redis, port: 8265, pid: null, command: null }] }),
    "warning",
    /another user/,
    /--dashboard-port/,
  );
  await isQuiet("BD036", machine({ listeners: [redis] }));
  await isQuiet("BD036", bare({ listeners: [{ ...redis, port: 6380 }] }));
});

import { bare, isQuiet, machine, tells } from "../testdata/made_facts.ts";

const HOUR = 3600_000;

Deno.test("BD025: a token that others can read, or that is another user's", async () => {
  await tells("BD025", machine({ token: { mode: 0o644 } }), "warning", /mode 644/, /chmod 600/);
  await tells("BD025", machine({ token: { uid: 0 } }), "warning", /sudo chown 1000/);
  await isQuiet("BD025", machine({}));
});

Deno.test("BD025: a cluster without a token, where others reach it", async () => {
  await tells("BD025", machine({ token: { open: true } }), "warning", /run code as you/);
  await isQuiet("BD025", machine({ token: { open: true, listens_on: "127.0.0.1" } }));
  await isQuiet("BD025", bare({ token: { exists: false, mode: null, uid: null } }));
});

Deno.test("BD026: certificates that end, have ended, or cannot be read", async () => {
  const at = machine({}).at;
  const file = (not_after: number | null, error: string | null = null) =>
    machine({ tls: { certificates: [{ path: "/etc/beam/node.crt", not_after, error }] } });
  await tells("BD026", file(at - HOUR), "error", /was good until 2026-11-20T23:00/);
  await tells("BD026", file(at + 48 * HOUR), "warning", /Put a new one/);
  await tells("BD026", file(null, "ENOENT"), "error", /cannot be used: ENOENT/);
  await isQuiet("BD026", file(at + 30 * 24 * HOUR));
  const own = { path: "the node's certificate", not_after: at + 48 * HOUR, error: null };
  await isQuiet("BD026", machine({ tls: { certificates: [own] } }));
  await tells(
    "BD026",
    machine({ tls: { certificates: [{ ...own, not_after: at + HOUR }] } }),
    "warning",
    /renews itself/,
  );
});

Deno.test("BD026: an authority's key that others can read", async () => {
  await tells("BD026", machine({ tls: { authority_mode: 0o640 } }), "warning", /authority\.key/);
});

Deno.test("BD033: a kernel's log that is closed", async () => {
  await tells("BD033", machine({ platform: { kernel_log: false } }), "info", /dmesg_restrict=0/);
  await tells(
    "BD033",
    machine({ platform: { kernel_log: false, container: "docker" } }),
    "info",
    /--cap-add=SYSLOG/,
  );
  await isQuiet("BD033", machine({ platform: { kernel_log: null } }));
});

Deno.test("BD037: devices that SELinux or AppArmor refuse", async () => {
  const gpus = {
    notes: [{ code: "nvidia-refused", text: "/dev/nvidia0 cannot be opened (EACCES)." }],
  };
  await tells(
    "BD037",
    machine({ gpus, platform: { selinux: "enforcing" } }),
    "warning",
    /setsebool/,
  );
  await tells(
    "BD037",
    machine({ gpus, platform: { apparmor: "docker-default (enforce)" } }),
    "warning",
    /docker-default/,
  );
  await isQuiet("BD037", machine({ platform: { selinux: "enforcing" } }));
  await isQuiet("BD037", machine({ gpus }));
});

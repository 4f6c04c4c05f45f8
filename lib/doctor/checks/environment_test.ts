import { isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD023: a proxy that the cluster's addresses go through", async () => {
  await tells(
    "BD023",
    machine({ env: { https_proxy: "http://proxy:3128" } }),
    "warning",
    /does not name 127\.0\.0\.1 and 10\.0\.0\.1/,
    /export no_proxy=localhost,127\.0\.0\.1,10\.0\.0\.0\/24/,
  );
  await tells(
    "BD023",
    machine({ env: { http_proxy: "http://proxy:3128", no_proxy: "localhost,.lan" } }),
    "warning",
    /does not name 10\.0\.0\.1\./,
    /no_proxy=localhost,\.lan,127/,
  );
});

Deno.test("BD023: exceptions by address, network and all", async () => {
  for (
    const no_proxy of ["*", "localhost,10.0.0.1", "127.0.0.1,10.0.0.0/8", "localhost,10.0.0.0/24"]
  ) {
    await isQuiet("BD023", machine({ env: { http_proxy: "http://proxy:3128", no_proxy } }));
  }
  await tells(
    "BD023",
    machine({ env: { http_proxy: "http://proxy:3128", no_proxy: "localhost,10.1.0.0/16" } }),
    "warning",
  );
  await isQuiet("BD023", machine({ env: {} }));
});

Deno.test("BD024: a clock that nobody keeps matters with TLS", async () => {
  const clock = { synchronized: false, kept_by: null };
  await tells("BD024", machine({ clock }), "warning", /timedatectl set-ntp true/);
  await isQuiet("BD024", machine({ clock, tls: { on: false } }), "info");
  await isQuiet("BD024", machine({ clock: { synchronized: null, kept_by: null } }));
  await isQuiet("BD024", machine({ clock: { synchronized: false, kept_by: "chronyd" } }));
});

Deno.test("BD038: a node without its head", async () => {
  const away = { connected: false, is_head: false, head_address: "10.0.0.9:6379" };
  await tells("BD038", machine({ node: away }), "error", /beam doctor --join 10\.0\.0\.9:6379/);
  await tells("BD038", machine({ node: { connected: false } }), "error", /beam logs daemon/);
  await isQuiet("BD038", machine({}));
});

Deno.test("BD039: an executable that was exchanged", async () => {
  await tells("BD039", machine({ build: "0.2.0" }), "info", /beam up --replace/);
  await isQuiet("BD039", machine({}));
});

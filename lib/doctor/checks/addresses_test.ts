import assert from "assert";
import { bare, foundBy, isQuiet, machine, tells, wired } from "../testdata/made_facts.ts";

const eth0 = wired("eth0", "10.0.0.1");
const eth1 = wired("eth1", "192.168.0.1");

Deno.test("BD002: an address of no interface, loopback, several without a default route", async () => {
  const given = { address: "10.9.9.9", interface: null, source: "given" as const };
  await tells(
    "BD002",
    bare({ network: { cluster: given } }),
    "error",
    /BEAM_NODE_IP=10\.9\.9\.9/,
    /export BEAM_NODE_IP=10\.0\.0\.1/,
  );
  await tells(
    "BD002",
    machine({ network: { cluster: { address: "10.9.9.9", interface: null } } }),
    "warning",
    /no longer/,
  );
  await tells(
    "BD002",
    machine({ network: { cluster: { address: "127.0.0.1", interface: "lo" } } }),
    "warning",
    /--node-ip 10\.0\.0\.1/,
  );
  await tells(
    "BD002",
    bare({ network: { interfaces: [], cluster: { address: "127.0.0.1", interface: null } } }),
    "error",
    /ip link set lo up/,
  );
  await tells(
    "BD002",
    bare({ network: { interfaces: [eth0, eth1], default_interface: null } }),
    "warning",
    /no default route/,
    /eth1, 100 Gb\/s/,
  );
});

Deno.test("BD002: several addresses are a note, bridges of engines are not even that", async () => {
  await tells(
    "BD002",
    machine({ network: { interfaces: [eth0, eth1] } }),
    "info",
    /The cluster uses 10\.0\.0\.1 \(eth0\)/,
  );
  const bridge = wired("docker0", "172.17.0.1", { kind: "software", speed_mbps: null });
  await isQuiet("BD002", machine({ network: { interfaces: [eth0, bridge] } }));
});

Deno.test("BD003: a host name on loopback matters where gloo is not told its interface", async () => {
  const host_name = { addresses: ["127.0.1.1"], hosts_line: "127.0.1.1\tgpu-1.lan gpu-1" };
  await tells(
    "BD003",
    machine({ network: { host_name }, env: { GLOO_SOCKET_IFNAME: "" } }),
    "warning",
    /127\.0\.1\.1/,
    /sudo sed -i .* \/etc\/hosts && echo '10\.0\.0\.1 gpu-1' \| sudo tee -a \/etc\/hosts/,
  );
  await tells(
    "BD003",
    machine({ network: { host_name } }),
    "info",
    /which sets GLOO_SOCKET_IFNAME/,
  );
  await isQuiet("BD003", machine({ network: { host_name } }), "info");
});

Deno.test("BD003: a host name that does not resolve, or to another machine", async () => {
  await tells(
    "BD003",
    machine({ network: { host_name: { addresses: [], error: "getaddrinfo ENOTFOUND gpu-1" } } }),
    "warning",
    /echo '10\.0\.0\.1 gpu-1' \| sudo tee -a \/etc\/hosts/,
  );
  await tells(
    "BD003",
    machine({ network: { host_name: { addresses: ["10.0.0.99"] } } }),
    "warning",
    /which this machine does not have/,
  );
});

Deno.test("BD003: in a container the engine writes /etc/hosts", async () => {
  await tells(
    "BD003",
    machine({
      platform: { container: "docker" },
      network: { host_name: { addresses: [], error: "ENOTFOUND" } },
    }),
    "warning",
    /docker run --add-host gpu-1:10\.0\.0\.1/,
  );
});

Deno.test("BD003: the line for /etc/hosts takes the name from loopback, and nothing else", async () => {
  const [one] = await foundBy(
    "BD003",
    machine({
      network: {
        host_name: { addresses: ["127.0.1.1"], hosts_line: "127.0.1.1\tgpu-1.lan gpu-1" },
      },
    }),
  );
  const line = /`(sudo sed [^`]*)`/.exec(one!.mend)![1]!;
  const hosts = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(
      hosts,
      "127.0.0.1 localhost gpu-1\n127.0.1.1\tgpu-1.lan gpu-1\n10.0.0.9 gpu-1 gpu-10\n127.0.0.1 gpu-10\n",
    );
    const command = line.replaceAll("sudo ", "").replaceAll("/etc/hosts", hosts);
    const { success } = await new Deno.Command("sh", { args: ["-c", command], stdout: "null" })
      .output();
    assert.ok(success);
    assert.equal(
      Deno.readTextFileSync(hosts),
      "127.0.0.1 localhost\n127.0.1.1\tgpu-1.lan\n10.0.0.9 gpu-1 gpu-10\n127.0.0.1 gpu-10\n10.0.0.1 gpu-1\n",
    );
  } finally {
    Deno.removeSync(hosts);
  }
});

/** What the doctor finds of a node that joins a healthy cluster and does not fit it. */
import assert from "assert";
import { join } from "node:path";
import type { NodeOptions } from "../e2e/harness/node.ts";
import { minorOf, otherPython, python } from "../e2e/harness/pythons.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { lacking } from "../faults/harness/machines.ts";
import { lacksMounts, Mounts } from "../faults/harness/mounts.ts";
import { removeSharedClocks } from "../faults/harness/shared_clocks.ts";
import { installed } from "./harness/distributions.ts";
import { ofTheCluster, onlyFinding } from "./harness/examined.ts";
import { Clinic } from "./harness/clinic.ts";

const lacks = lacking() ?? lacksMounts();
if (lacks !== undefined) console.log(`not tried: what the doctor finds of nodes: ${lacks}`);

let clinic: Clinic;
// The last to run: what is registered later runs before.
// The last to run: what is registered later runs before.
Deno.test.afterAll(removeSharedClocks);
Deno.test.afterAll(() => clinic?.machines[Symbol.dispose]());
const { place, test } = theme("doctor, nodes", async (place) => {
  clinic = new Clinic(place);
  clinic.env = { PYTHONPATH: installed(place, { vllm: "0.11.0", torch: "2.8.0" }) };
  await clinic.open();
});

function tried(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `doctor, nodes: ${name}`, ignore: true, fn: run });
}

/** A node that joins from machine 3 and gives one finding. */
interface Situation {
  what: string;
  code: string;
  seen: RegExp;
  mend?: RegExp;
  /** What such a machine is told of besides, in any case. */
  besides?: string;
  /** How the node is started. */
  options?: () => NodeOptions | Promise<NodeOptions>;
  /** What is done to its machine before. */
  spoil?: () => void;
  restore?: () => void;
}

const withManagement = (): Pick<Situation, "spoil" | "restore"> => ({
  spoil: () => clinic.machines.join("192.168.77", { device: "mgmt0", machines: [3] }),
  restore: () => clinic.machines.part("mgmt0", [3]),
});

const withDocker: Pick<Situation, "spoil" | "restore"> = {
  spoil() {
    for (const at of [1, 2, 3]) {
      clinic.machines.ip(at, "link", "add", "docker0", "type", "bridge");
      clinic.machines.ip(at, "addr", "add", "172.17.0.1/16", "dev", "docker0");
      clinic.machines.ip(at, "link", "set", "docker0", "up");
    }
  },
  restore() {
    for (const at of [1, 2, 3]) clinic.machines.ip(at, "link", "del", "docker0");
  },
};

const SITUATIONS: readonly Situation[] = [
  {
    what: "an address of another network",
    code: "BD058",
    ...withManagement(),
    options: () => ({ ip: "192.168.77.3" }),
    seen: /192\.168\.77\.3.*10\.79\.0\.3/,
    mend: /--node-ip 10\.79\.0\.3/,
  },
  {
    what: "an address of loopback",
    code: "BD059",
    options: () => ({ ip: "127.0.1.1" }),
    seen: /127\.0\.1\.1/,
    mend: /--node-ip/,
  },
  {
    what: "the address of a container's bridge",
    code: "BD059",
    ...withDocker,
    options: () => ({ ip: "172.17.0.1" }),
    seen: /docker0/,
  },
  {
    what: "two networks",
    code: "BD002",
    ...withManagement(),
    seen: /2 addresses: .*mgmt0.*uses 10\.79\.0\.3 \(eth0\)/,
    mend: /BEAM_NODE_IP=192\.168\.77\.3/,
  },
  {
    what: "a host name that leads to loopback, and gloo left to it",
    code: "BD003",
    spoil: () => clinic.nameLeadsTo(3, "127.0.1.1"),
    restore: () => clinic.nameLeadsTo(3, clinic.machines.address(3)),
    options: () => ({ env: { GLOO_SOCKET_IFNAME: "" } }),
    seen: /resolves to 127\.0\.1\.1/,
    mend: /unset GLOO_SOCKET_IFNAME/,
  },
  {
    what: "NCCL_SOCKET_IFNAME of another machine",
    code: "BD004",
    options: () => ({ env: { NCCL_SOCKET_IFNAME: "enp1s0f0np0" } }),
    seen: /NCCL_SOCKET_IFNAME=enp1s0f0np0: there is no interface/,
    mend: /=eth0/,
  },
  {
    what: "GLOO_SOCKET_IFNAME of another machine",
    code: "BD004",
    options: () => ({ env: { GLOO_SOCKET_IFNAME: "enp1s0f0np0" } }),
    seen: /GLOO_SOCKET_IFNAME=enp1s0f0np0: there is no interface/,
    mend: /unset GLOO_SOCKET_IFNAME/,
  },
  {
    what: "GLOO_SOCKET_IFNAME that leads to a network where the others are not",
    code: "BD063",
    ...withManagement(),
    besides: "BD002",
    options: () => ({ env: { GLOO_SOCKET_IFNAME: "mgmt0" } }),
    seen:
      /10\.79\.0\.0\/24 on 10\.79\.0\.1 and 10\.79\.0\.2, and 192\.168\.77\.0\/24 on 10\.79\.0\.3/,
    mend: /unset GLOO_SOCKET_IFNAME/,
  },
  {
    what: "VLLM_HOST_IP of another machine",
    code: "BD004",
    options: () => ({ env: { VLLM_HOST_IP: "10.79.0.1" } }),
    seen: /VLLM_HOST_IP=10\.79\.0\.1/,
    mend: /beam sets it to 10\.79\.0\.3/,
  },
  {
    what: "a proxy that takes the cluster's addresses too",
    code: "BD023",
    options: () => ({ env: { http_proxy: "http://192.0.2.1:3128", no_proxy: "localhost" } }),
    seen: /http_proxy=.*10\.79\.0\.3/,
    mend: /no_proxy=/,
  },
  {
    what: "another version of vLLM",
    code: "BD066",
    options: () => ({ env: { PYTHONPATH: installed(place, { vllm: "0.10.2", torch: "2.8.0" }) } }),
    seen: /0\.11\.0 on 10\.79\.0\.1 and 10\.79\.0\.2, and 0\.10\.2 on 10\.79\.0\.3/,
    mend: /vllm==0\.11\.0/,
  },
  {
    what: "another version of PyTorch",
    code: "BD067",
    options: () => ({ env: { PYTHONPATH: installed(place, { vllm: "0.11.0", torch: "2.7.1" }) } }),
    seen: /PyTorch is 2\.8\.0 on .*2\.7\.1 on 10\.79\.0\.3/,
  },
  {
    what: "a package that hides beam's",
    code: "BD022",
    options: () => ({ env: { PYTHONPATH: `${hiding()}:${clinic.env["PYTHONPATH"]}` } }),
    seen: /import `ray` from .*hiding/,
  },
  {
    what: "a small /dev/shm",
    code: "BD010",
    options: () => mounted({ "/dev/shm": 64 }),
    seen: /\/dev\/shm has 64 MiB/,
  },
  {
    what: "a disk that is nearly full",
    code: "BD027",
    options: async () => {
      const dir = join(place.dir, "small");
      return { dir, ...await mounted({ [dir]: 200 }) };
    },
    seen: /has \d.* MiB of 200 MiB left/,
  },
  {
    what: "few open files",
    code: "BD011",
    options: () => ({ via: ["prlimit", "--nofile=900:900", "--"] }),
    seen: /^900 files/,
    mend: /nofile=65536|ulimit -n 65536/,
  },
  {
    what: "a token's file that others can read",
    code: "BD025",
    options: () => {
      const dir = join(place.dir, "loose");
      Deno.mkdirSync(dir, { mode: 0o700 });
      Deno.writeTextFileSync(join(dir, "token"), `${clinic.head.record.token}\n`, { mode: 0o644 });
      return { dir };
    },
    seen: /token has mode 644/,
    mend: /chmod 600/,
  },
];

tried("one like the others gives nothing", async () => {
  assert.deepEqual((await clinic.visit()).findings, []);
});

for (const situation of SITUATIONS) {
  tried(situation.what, async () => {
    const { code, seen, mend, besides, options, spoil, restore } = situation;
    spoil?.();
    try {
      const { findings } = await clinic.visit(await options?.());
      const others = findings.filter((one) => one.code === besides);
      assert.equal(others.length, besides === undefined ? 0 : 1);
      const found = onlyFinding(
        { findings: findings.filter((one) => !others.includes(one)) },
        code,
      );
      assert.match(found.seen, seen);
      if (mend) assert.match(found.mend, mend);
      assert.ok(found.breaks.length > 10);
      assert.match(found.node!, /10\.79\.0\.3|192\.168\.77\.3|127\.0\.1\.1|172\.17\.0\.1/);
    } finally {
      restore?.();
    }
  });
}

tried("a Redis on the head's port, before there is a node", async () => {
  const redis = place.run([
    ...clinic.machines.viaWhole(3),
    place.python,
    "-u",
    "-c",
    "import socket, sys; s = socket.create_server(('', 6379)); print('{}'); sys.stdin.read()",
  ], { input: true });
  await redis.said("that it listens");
  const here = [...clinic.machines.viaWhole(3), place.beam, "doctor", "--json"];
  // As `beam shim-path` says it.
  const env = { PYTHONPATH: `${clinic.head.record.shim_path}:${clinic.env["PYTHONPATH"]}` };
  const { stdout } = await place.run(here, { env }).end();
  const findings = ofTheCluster(JSON.parse(stdout).findings);
  const found = onlyFinding({ findings }, "BD036");
  assert.match(found.seen, /python.* listens on port 6379/);
  await redis.endInput();
  await redis.end();
});

const faketime = Deno.env.get("BEAM_FAKETIME");
if (!faketime) {
  console.log("not tried: clocks that differ: there is no libfaketime (BEAM_FAKETIME)");
} else {
  tried("a clock that is wrong", async () => {
    const env = { LD_PRELOAD: faketime, FAKETIME: "-90s", DONT_FAKE_MONOTONIC: "1" };
    const { seen, node } = onlyFinding(await clinic.visit({ env }), "BD064");
    assert.match(seen, /90 s behind/);
    assert.match(node!, /10\.79\.0\.3/);
  });
}

const other = otherPython();
if (other === undefined) console.log("not tried: another Python: there is only one minor version");
else {
  tried("another minor version of Python", async () => {
    const env = { BEAM_WORKER_CMD: `${other} -m ray._worker` };
    const { seen, mend } = onlyFinding(await clinic.visit({ env }), "BD065");
    assert.match(
      seen,
      new RegExp(`${minorOf(python())} on .*${minorOf(other)} on 10\\.79\\.0\\.3`),
    );
    assert.match(mend, /BEAM_WORKER_CMD/);
  });
}

/** Small disks for the node alone. */
async function mounted(sizes: Record<string, number>): Promise<NodeOptions> {
  return { via: (await Mounts.make(place, sizes)).via };
}

/** A folder on PYTHONPATH that puts another `ray` before beam's, as a sitecustomize can. */
function hiding(): string {
  const folder = join(place.dir, "hiding");
  Deno.mkdirSync(join(folder, "other", "ray"), { recursive: true });
  Deno.writeTextFileSync(join(folder, "other", "ray", "__init__.py"), "");
  const line = `import sys\nsys.path.insert(0, ${JSON.stringify(join(folder, "other"))})\n`;
  Deno.writeTextFileSync(join(folder, "sitecustomize.py"), line);
  return folder;
}

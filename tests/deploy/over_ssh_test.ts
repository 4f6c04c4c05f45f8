/** scripts/dgx and scripts/rocm against real SSH servers on made-up machines. */
import assert from "assert";
import { join } from "node:path";
import { lacking, Machines } from "../faults/harness/machines.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { SshMachines, type Tree } from "./ssh_machines.ts";

const HERE = import.meta.dirname!;
const SCRIPTS = join(HERE, "..", "..", "scripts");
/** As text: the machines have a `/tmp` of their own, in which this checkout may lie here. */
const SPREAD = Deno.readTextFileSync(join(HERE, "programs", "spread.py"));
const SSHD = Deno.env.get("SSHD");

const lacks = lacking() ?? (SSHD ? undefined : "there is no OpenSSH server (SSHD)");
if (lacks !== undefined) console.log(`not tried: scripts/dgx and scripts/rocm: ${lacks}`);
else tests(SSHD!);

/** An interface as /sys shows it. */
function net(name: string, carrier: 0 | 1, speed = 200_000): Tree {
  const at = `sys/class/net/${name}`;
  return {
    [`${at}/carrier`]: `${carrier}\n`,
    [`${at}/speed`]: `${carrier ? speed : -1}\n`,
    [`${at}/mtu`]: "9000\n",
    [`${at}/device/driver`]: "->/made-up/sys/bus/pci/drivers/mlx5_core",
    "sys/bus/pci/drivers/mlx5_core/new_id": "",
  };
}

function rdma(device: string, over: string, link: string, state = "4: ACTIVE"): Tree {
  const at = `sys/class/infiniband/${device}`;
  return {
    [`${at}/ports/1/state`]: `${state}\n`,
    [`${at}/ports/1/link_layer`]: `${link}\n`,
    [`${at}/ports/1/rate`]: "400 Gb/sec (4X NDR)\n",
    [`${at}/device/net/${over}/mtu`]: "9000\n",
  };
}

function spark(lit: 0 | 1): Tree {
  return {
    ...net("cx0", lit),
    ...net("cx1", 0),
    ...rdma("rocep1s0f0", "cx0", "Ethernet", lit ? "4: ACTIVE" : "1: DOWN"),
    ...rdma("rocep1s0f1", "cx1", "Ethernet", "1: DOWN"),
    "proc/driver/nvidia/gpus/000f:01:00.0/information": "Model: NVIDIA GB10\n",
  };
}

const AZURE: Tree = {
  ...rdma("mlx5_ib0", "ib0", "InfiniBand"),
  ...rdma("mlx5_ib1", "ib1", "InfiniBand"),
  ...rdma("mlx5_an0", "eth1", "Ethernet"),
  ...net("eth0", 1),
  "sys/class/dmi/id/chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77\n",
  "dev/kfd": "",
  "sys/class/kfd/kfd/topology/nodes/0/gpu_id": "0\n",
  "sys/class/kfd/kfd/topology/nodes/1/gpu_id": "4711\n",
};

function tests(sshd: string): void {
  let machines: Machines;
  let ssh: SshMachines;
  let env: Record<string, string>;
  const { test } = theme("over ssh", async (place) => {
    // 1 and 2 are Sparks, 3 has its cable out, 4 and 5 are Azure's; 6 is where the scripts run.
    machines = new Machines(6);
    machines.join("10.80.0", { device: "cx0", machines: [1, 2, 3] });
    const trees = [spark(1), spark(1), spark(0), AZURE, AZURE];
    ssh = await SshMachines.start(place, { machines, client: 6, sshd, trees });
    env = { BEAM: place.beam, BEAM_NUM_GPUS: "1", BEAM_DASHBOARD_PORT: "0" };
  });
  Deno.test.afterAll(() => machines?.[Symbol.dispose]());
  const dgx = (...args: string[]) => ssh.run([join(SCRIPTS, "dgx"), ...args], env).end();
  const rocm = (args: string[], more = {}) =>
    ssh.run([join(SCRIPTS, "rocm"), ...args], { ...env, ...more }).end();

  test("dgx: two Sparks become a cluster over their cable, once, and end", async () => {
    const program = ["--", "/usr/bin/python3", "-u", "-c", SPREAD];
    const first = await dgx("up", "m1", "m2", ...program);
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stderr,
      /m1: cx0 has a link, 200000 Mb\/s, MTU 9000, address 10\.80\.0\.1\/24/,
    );
    assert.match(first.stderr, /m1: cx1 has no link: no cable/);
    assert.match(first.stderr, /m2: copying/);
    assert.match(first.stderr, /m2: joined as 10\.80\.0\.2/);
    assert.match(first.stdout, /^nodes: 10\.80\.0\.1 10\.80\.0\.2/m);
    const again = await dgx("up", "m1", "m2");
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /m1: the head is up already/);
    assert.match(again.stderr, /m2: the node is up already/);
    assert.doesNotMatch(again.stderr, /copying/);
    assert.match(
      again.stdout,
      /NCCL_IB_HCA=rocep1s0f0 .*\n.*vllm serve MODEL .*--tensor-parallel-size 2/,
    );
    const seen = await ssh.on(2, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'");
    const token = (await ssh.on(1, "cat .local/share/beam-over-ssh/token")).stdout.trim();
    assert.ok(token.length >= 32 && !seen.stdout.includes(token), "the token shows in a process");
    const down = await dgx("down", "m1", "m2");
    assert.equal(down.code, 0, down.stderr);
    for (const at of [1, 2]) {
      const left = await ssh.on(at, "pgrep -x beam; ls /tmp/beam-0");
      assert.equal(left.stdout, "", `m${at}`);
    }
  });

  test("dgx: a cable that is out, an address that is missing, a machine that is none are told", async () => {
    const out = await dgx("up", "m1", "m3");
    assert.equal(out.code, 1);
    assert.match(out.stderr, /m3 has no link on any of its QSFP ports/);
    machines.ip(2, "addr", "del", "10.80.0.2/24", "dev", "cx0");
    const bare = await dgx("check", "m1", "m2");
    assert.equal(bare.code, 1);
    assert.match(bare.stderr, /ssh m2 sudo ip addr add 192\.168\.100\.2\/24 dev cx0/);
    const other = await dgx("check", "m1", "m4");
    assert.equal(other.code, 1);
    const gone = await dgx("check", "m1", "nobody.invalid");
    assert.match(gone.stderr, /Cannot reach nobody\.invalid by SSH without a password/);
  });

  test("rocm: Azure's machines become a cluster, and RCCL is told of their InfiniBand", async () => {
    const up = await rocm(["up", "m4", "m5", "--", "/usr/bin/python3", "-u", "-c", SPREAD], {
      NET: "eth0",
    });
    assert.equal(up.code, 0, up.stderr);
    assert.match(up.stdout, /^nodes: 10\.79\.0\.4 10\.79\.0\.5/m);
    assert.match(up.stderr, /m4: 1 GPUs/);
    assert.match(up.stderr, /NCCL_IB_HCA=mlx5_ib0,mlx5_ib1 .*NCCL_IB_PCI_RELAXED_ORDERING=1/);
    const worker = await ssh.on(
      5,
      "cat /proc/$(pgrep -f ray._worker | head -1)/environ | tr '\\0' '\\n'",
    );
    assert.match(worker.stdout, /^NCCL_IB_HCA=mlx5_ib0,mlx5_ib1$/m);
    assert.match(worker.stdout, /^NCCL_SOCKET_IFNAME==eth0$/m);
    assert.equal((await rocm(["down", "m4", "m5"])).code, 0);
    const none = await rocm(["check", "m1"]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /m1 has no \/dev\/kfd/);
  });
}

import assert from "assert";
import { card, foundBy, isQuiet, machine, tells, wired } from "../testdata/made_facts.ts";

Deno.test("BD004: names of absent interfaces are errors, with the line that mends them", async () => {
  await tells(
    "BD004",
    machine({ env: { GLOO_SOCKET_IFNAME: "ens5" } }),
    "error",
    /GLOO_SOCKET_IFNAME=ens5: there is no interface ens5/,
    /export GLOO_SOCKET_IFNAME=eth0/,
  );
  await tells(
    "BD004",
    machine({ env: { NCCL_SOCKET_IFNAME: "ib" } }),
    "error",
    /export NCCL_SOCKET_IFNAME==eth0/,
  );
  await tells("BD004", machine({ env: { TP_SOCKET_IFNAME: "eth9" } }), "error", /TensorPipe/);
});

Deno.test("BD004: interfaces that are down or have no address are of no use", async () => {
  const interfaces = [wired("eth0", "10.0.0.1"), wired("eth1", "", { addresses: [] })];
  await tells(
    "BD004",
    machine({ network: { interfaces }, env: { NCCL_SOCKET_IFNAME: "=eth1" } }),
    "error",
    /eth1 is down or has no address/,
  );
  await tells(
    "BD004",
    machine({ network: { interfaces }, env: { GLOO_SOCKET_IFNAME: "eth1" } }),
    "error",
    /eth1 has no address/,
  );
});

Deno.test("BD004: NCCL's own rules for names", async () => {
  for (const value of ["eth", "=eth0", "^docker", "^=docker0", "ib,eth"]) {
    await isQuiet("BD004", machine({ env: { NCCL_SOCKET_IFNAME: value } }));
  }
  const none = machine({ env: { NCCL_SOCKET_IFNAME: "^eth,lo" } });
  await tells("BD004", none, "error", /it leaves no interface/);
  const inexact = machine({ env: { NCCL_SOCKET_IFNAME: "=eth" } });
  await tells("BD004", inexact, "error", /no interface eth\b/);
});

Deno.test("BD004: an address of another machine", async () => {
  const one = await tells("BD004", machine({ env: { VLLM_HOST_IP: "10.0.0.2" } }), "error");
  assert.match(one.mend, /unset VLLM_HOST_IP.*beam sets it to 10\.0\.0\.1/);
});

Deno.test("BD004: RDMA cards by name", async () => {
  for (const value of ["mlx5", "mlx5_0:1", "=mlx5_0", "^mlx5_1"]) {
    await isQuiet("BD004", machine({ env: { NCCL_IB_HCA: value } }));
  }
  await tells(
    "BD004",
    machine({ env: { NCCL_IB_HCA: "mlx5_7" } }),
    "warning",
    /there is only mlx5_0/,
    /export NCCL_IB_HCA=mlx5_0/,
  );
  const without = machine({ rdma: { devices: [] }, env: { NCCL_IB_HCA: "mlx5_7" } });
  await tells("BD004", without, "warning", /shows no RDMA device/);
  const off = machine({ env: { NCCL_IB_HCA: "mlx5_7", NCCL_IB_DISABLE: "1" } });
  await isQuiet("BD004", off);
});

Deno.test("BD004: UCX takes interfaces and ports of cards", async () => {
  await isQuiet("BD004", machine({ env: { UCX_NET_DEVICES: "mlx5_0:1,eth0" } }));
  await isQuiet("BD004", machine({ env: { UCX_NET_DEVICES: "all" } }));
  const found = await foundBy(
    "BD004",
    machine({ rdma: { devices: [card("mlx5_0")] }, env: { UCX_NET_DEVICES: "mlx5_0:2" } }),
  );
  assert.match(found[0]!.seen, /there is no mlx5_0:2/);
});

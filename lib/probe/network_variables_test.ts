import assert from "assert";
import { readNetwork } from "./network.ts";
import { networkVariables } from "./network_variables.ts";
import { treeHost } from "./testdata/tree.ts";

function network(rows: Record<string, string>) {
  return readNetwork({
    host: treeHost({}),
    interfaces: Object.entries({ "127.0.0.1": "lo", ...rows }).map(([address, name]) => ({
      name,
      address,
      family: address.includes(":") ? "IPv6" : "IPv4",
    })),
  });
}

const one = network({ "10.0.0.1": "eth0", "172.17.0.1": "docker0", "fe80::1": "eth5" });
const two = network({ "10.0.0.1": "eth0", "192.168.1.4": "wlan0" });

Deno.test("one interface: NCCL is left alone", () => {
  assert.deepEqual(networkVariables("10.0.0.1", one, {}), {
    VLLM_HOST_IP: "10.0.0.1",
    GLOO_SOCKET_IFNAME: "eth0",
  });
});

Deno.test("interfaces that compete: NCCL gets the exact name", () => {
  assert.deepEqual(networkVariables("10.0.0.1", two, {}), {
    VLLM_HOST_IP: "10.0.0.1",
    GLOO_SOCKET_IFNAME: "eth0",
    NCCL_SOCKET_IFNAME: "=eth0",
  });
});

Deno.test("what the user set is never in the result, an empty value included", () => {
  const env = { VLLM_HOST_IP: "10.0.0.9", NCCL_SOCKET_IFNAME: "" };
  assert.deepEqual(networkVariables("10.0.0.1", two, env), { GLOO_SOCKET_IFNAME: "eth0" });
});

Deno.test("loopback and addresses that no interface carries", () => {
  assert.deepEqual(networkVariables("127.0.0.1", two, {}), {
    VLLM_HOST_IP: "127.0.0.1",
    GLOO_SOCKET_IFNAME: "lo",
  });
  assert.deepEqual(networkVariables("203.0.113.1", two, {}), { VLLM_HOST_IP: "203.0.113.1" });
});

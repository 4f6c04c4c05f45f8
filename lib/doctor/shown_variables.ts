/** The variables of an environment that facts hold: those that checks look at, and no secret. */

const SHOWN = new Set([
  "BEAM_NODE_IP",
  "BEAM_NUM_GPUS",
  "BEAM_RUNTIME_DIR",
  "BEAM_WORKER_CMD",
  "CONDA_PREFIX",
  "CUDA_DEVICE_ORDER",
  "CUDA_VISIBLE_DEVICES",
  "GLOO_SOCKET_IFNAME",
  "HIP_VISIBLE_DEVICES",
  "LD_LIBRARY_PATH",
  "LD_PRELOAD",
  "NO_PROXY",
  "NVIDIA_VISIBLE_DEVICES",
  "PATH",
  "PYTHONHOME",
  "PYTHONNOUSERSITE",
  "PYTHONPATH",
  "PYTHONSAFEPATH",
  "RAY_ADDRESS",
  "ROCR_VISIBLE_DEVICES",
  "TP_SOCKET_IFNAME",
  "VIRTUAL_ENV",
  "VLLM_HOST_IP",
  "XDG_RUNTIME_DIR",
  "no_proxy",
]);

/** By prefix: settings of the libraries that carry tensors between machines, and of vLLM. */
const PREFIXES =
  /^(NCCL|RCCL|GLOO|UCX|MLX5|NVSHMEM|OMPI|FI|VLLM|SGLANG|RAY_(?!AUTH|REDIS)|TORCH_NCCL|PYTORCH)_/;
const SECRET = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
const PROXIES = /^(https?|all)_proxy$/i;

export function shownVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => a < b ? -1 : 1)) {
    if (value === undefined) continue;
    if (PROXIES.test(name)) shown[name] = withoutPassword(value);
    else if (SHOWN.has(name) || PREFIXES.test(name) && !SECRET.test(name)) shown[name] = value;
  }
  return shown;
}

/** `http://user:secret@proxy:3128` without the user. */
function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, "//…@");
}

/**
 * Which variables tell a worker what GPUs it has.
 *
 * @module
 */

import type { Environment } from "./masks.ts";

export type GpuVendor = "nvidia" | "amd" | "tegra";

/** Variables to set, each with Ray's switch that leaves it alone. */
const VARIABLES: Readonly<Record<GpuVendor, readonly (readonly [string, string])[]>> = {
  nvidia: [["CUDA_VISIBLE_DEVICES", "RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES"]],
  tegra: [["CUDA_VISIBLE_DEVICES", "RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES"]],
  // Both with one list: ROCm reads the first, programs written for CUDA the second. Never
  // ROCR_VISIBLE_DEVICES: it filters before both and renumbers what they mean.
  amd: [
    ["HIP_VISIBLE_DEVICES", "RAY_EXPERIMENTAL_NOSET_HIP_VISIBLE_DEVICES"],
    ["CUDA_VISIBLE_DEVICES", "RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES"],
  ],
};

/**
 * What to set in a worker that was given `ids`. Empty where it was given none, and without those
 * variables whose switch is on in `env`; the accounting does not change.
 *
 * @param vendor null (a count given by hand on a machine without GPUs) is treated as NVIDIA.
 */
export function deviceEnvironment(
  vendor: GpuVendor | null,
  ids: readonly string[],
  env: Environment,
): Record<string, string> {
  if (ids.length === 0) return {};
  const value = ids.join(",");
  return Object.fromEntries(
    VARIABLES[vendor ?? "nvidia"].filter(([, keep]) => !isOn(env[keep])).map((
      [name],
    ) => [name, value]),
  );
}

function isOn(value: string | undefined): boolean {
  return value === "1" || value?.toLowerCase() === "true";
}

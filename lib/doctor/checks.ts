/** All checks of one node, by code. */
import type { Check } from "./check.ts";
import { clusterAddress, hostName } from "./checks/addresses.ts";
import { clock, headLink, otherBuild, proxies } from "./checks/environment.ts";
import { fabricManager, gpuFaults } from "./checks/gpu_hardware.ts";
import { gpuDriver, torchBuild } from "./checks/gpu_software.ts";
import { gpuCount, gpuHolders, gpuMasks } from "./checks/gpus.ts";
import { interfaceVariables } from "./checks/interface_variables.ts";
import { cpuLimit, memoryLimit, openFiles, processLimit, sharedMemory } from "./checks/limits.ts";
import { linkSpeed, linkState, sparkCables } from "./checks/links.ts";
import { overcommit, unifiedMemory } from "./checks/memory.ts";
import { cLibrary, kernelFeatures, portsTaken, rayRuns, wsl } from "./checks/platform.ts";
import { pythonVersion, rayShadow, vllmInstalled } from "./checks/python.ts";
import { lockedMemory, rdmaAccess } from "./checks/rdma.ts";
import { certificates, kernelGuards, kernelLog, tokenState } from "./checks/security.ts";
import { leftovers, logout, runtimeDirectory, sharedHome } from "./checks/storage.ts";

export const CHECKS: readonly Check[] = [
  clusterAddress,
  hostName,
  interfaceVariables,
  rdmaAccess,
  lockedMemory,
  linkState,
  linkSpeed,
  sparkCables,
  sharedMemory,
  openFiles,
  processLimit,
  memoryLimit,
  cpuLimit,
  gpuCount,
  gpuMasks,
  gpuDriver,
  gpuHolders,
  pythonVersion,
  torchBuild,
  vllmInstalled,
  rayShadow,
  proxies,
  clock,
  tokenState,
  certificates,
  runtimeDirectory,
  sharedHome,
  overcommit,
  unifiedMemory,
  wsl,
  cLibrary,
  kernelLog,
  leftovers,
  rayRuns,
  portsTaken,
  kernelGuards,
  headLink,
  otherBuild,
  gpuFaults,
  fabricManager,
  kernelFeatures,
  logout,
];

/** Those that look at variables and packages: a shell may have others than the node was started with. */
export const SHELL_CHECKS: readonly Check[] = [interfaceVariables, proxies, rayShadow];

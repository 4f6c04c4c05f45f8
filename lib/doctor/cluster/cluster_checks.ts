/** All checks of a cluster, by code. */
import type { CheckText } from "../check.ts";
import { networks, sameName, wrongAddress } from "./address_checks.ts";
import { clock } from "./clock_check.ts";
import { drivers, gpuModels, memoryKinds, shmSizes } from "./hardware_checks.ts";
import { mtu, networkVariables } from "./interface_checks.ts";
import type { ClusterCheck } from "./picture.ts";
import { reach } from "./reach_checks.ts";
import { headCertificate, joinTokens, oldToken } from "./security_checks.ts";
import { journal, nodeSilent, nodeState, relay } from "./standing_checks.ts";
import { builds, nccl, python, torch, vllm } from "./version_checks.ts";

export const CLUSTER_CHECKS: readonly ClusterCheck[] = [
  nodeSilent,
  nodeState,
  journal,
  relay,
  reach,
  wrongAddress,
  networks,
  sameName,
  mtu,
  networkVariables,
  clock,
  python,
  vllm,
  torch,
  nccl,
  builds,
  drivers,
  gpuModels,
  memoryKinds,
  shmSizes,
  joinTokens,
  headCertificate,
  oldToken,
];

/** What is said of each, by code. */
export const CLUSTER_CHECK_TEXTS: readonly CheckText[] = CLUSTER_CHECKS
  .flatMap((check) => "texts" in check ? check.texts as readonly CheckText[] : [check])
  .toSorted((a, b) => a.code.localeCompare(b.code));

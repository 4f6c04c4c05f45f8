/** RDMA: whether processes here may use the cards that are there. */
import { type Check, finding } from "../check.ts";
import type { Facts, RdmaDevice } from "../facts.ts";
import { containerLine, limitLine } from "../mends.ts";
import { listText, sizeText } from "../words.ts";

/** Below this, in bytes, NCCL's buffers of one process do not fit. */
const ENOUGH_LOCKED = 2 ** 30;

function active(device: RdmaDevice): boolean {
  return device.ports.some(({ state }) => state === "ACTIVE");
}

function hasGpus({ gpus, node }: Facts): boolean {
  return gpus.devices.length > 0 || (node?.gpus ?? 0) > 0;
}

export const rdmaAccess: Check = {
  code: "BD005",
  name: "rdma-access",
  severity: "warning",
  tells: "an RDMA card with a link is here and its device node cannot be opened",
  explain:
    "A container sees the host's cards in /sys, but may use only device nodes that it was given. NCCL then " +
    "goes over TCP sockets without a word. `NCCL_DEBUG=INFO` prints `NET/IB` where it uses RDMA and " +
    "`NET/Socket` where not; `ls -l /dev/infiniband` shows the nodes.",
  run(facts) {
    const closed = facts.rdma.devices.filter((one) => active(one) && one.access !== "ok");
    if (closed.length === 0) return [];
    const reasons = [
      ...new Set(closed.map(({ node, access }) => `${node ?? "no node"}: ${access}`)),
    ];
    return [finding(rdmaAccess, hasGpus(facts) ? "warning" : "info", {
      seen: `${listText(closed.map(({ name }) => name))} ${
        closed.length === 1 ? "has" : "have"
      } a link and cannot be opened (${listText(reasons)}).`,
      breaks:
        "NCCL and NIXL take TCP sockets instead of RDMA, without a word, at a fraction of the speed.",
      mend: mendOf(facts, closed),
    })];
  },
};

function mendOf({ platform }: Facts, closed: readonly RdmaDevice[]): string {
  if (platform.container !== null) {
    return containerLine(platform, {
      docker: "--device=/dev/infiniband --cap-add=IPC_LOCK --ulimit memlock=-1",
      kubernetes:
        "Ask for the cards (`resources.limits` of your RDMA device plugin, such as `rdma/hca: 1`) and add " +
        "`IPC_LOCK` to `securityContext.capabilities.add`.",
    });
  }
  if (closed.some(({ access }) => access === "ENOENT")) {
    return "`sudo modprobe ib_uverbs rdma_ucm`, and look at `ls -l /dev/infiniband`.";
  }
  return "`sudo usermod -aG rdma $USER` and a new log-in, or a udev rule that gives the nodes mode 0666.";
}

export const lockedMemory: Check = {
  code: "BD006",
  name: "locked-memory",
  severity: "error",
  tells: "RDMA cards can be opened and the limit of locked memory (memlock) is low",
  explain:
    "What an RDMA card reads and writes must be locked into memory, and counts against RLIMIT_MEMLOCK of a " +
    "process without CAP_IPC_LOCK. NCCL then fails with `ibv_reg_mr failed with error Cannot allocate " +
    "memory`. `ulimit -l` shows the limit, in KiB; workers inherit that of `beam up`.",
  run(facts) {
    const { locked_memory, may_lock } = facts.limits;
    if (may_lock === true || locked_memory === null || locked_memory.soft === null) return [];
    const usable = facts.rdma.devices.filter((one) => active(one) && one.access === "ok");
    if (usable.length === 0 || locked_memory.soft >= ENOUGH_LOCKED) return [];
    return [finding(lockedMemory, "error", {
      seen: `${sizeText(locked_memory.soft)} of memory may be locked, and there ${
        usable.length === 1 ? "is" : "are"
      } ${listText(usable.map(({ name }) => name))}.`,
      breaks:
        "NCCL's and NIXL's registration of buffers fails: workers end as they begin to communicate.",
      mend: limitLine(facts.platform, {
        ulimit: "ulimit -l unlimited",
        docker: "memlock=-1",
        systemd: "LimitMEMLOCK=infinity",
        pam: "memlock unlimited",
      }),
    })];
  },
};

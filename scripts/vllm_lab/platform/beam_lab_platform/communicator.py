"""vLLM's CPU communicator without its shared memory.

It names its segment after the port of the rendezvous, which ranks on different machines agree on,
and so believes that they can share memory; then it waits for ever. Between machines only the
network is real.
"""

from __future__ import annotations

from vllm.distributed.device_communicators.cpu_communicator import CpuCommunicator


class NetworkOnly(CpuCommunicator):
    """Sends every collective through torch.distributed."""

    def _all_group_ranks_share_shm_group_name(self) -> bool:
        return False

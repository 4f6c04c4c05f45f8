"""vLLM's CPU platform with the names by which a GPU platform is placed."""

from __future__ import annotations

from vllm.platforms.cpu import CpuPlatform


class LabPlatform(CpuPlatform):
    """Computes on the CPU, asks the cluster for GPUs, talks between ranks over gloo."""

    dist_backend = "gloo"
    ray_device_key = "GPU"
    device_control_env_var = "CUDA_VISIBLE_DEVICES"
    ray_noset_device_env_vars = ("RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES",)

    @classmethod
    def get_device_communicator_cls(cls) -> str:
        """The communicator's class, by name."""
        return "beam_lab_platform.communicator.NetworkOnly"

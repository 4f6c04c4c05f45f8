"""Families of accelerators by the names of their resources."""

from __future__ import annotations

import os
import re
from typing import Callable

# In the order in which `RuntimeContext.get_accelerator_ids` lists them.
_RESOURCE_NAMES = (
    "GPU",
    "NPU",
    "TPU",
    "HPU",
    "neuron_cores",
    "RBLN",
    "FURIOSA",
    "MBLT",
    "TTNPU",
)


def get_all_accelerator_resource_names() -> tuple[str, ...]:
    """Return the resource names of all known families."""
    return _RESOURCE_NAMES


def _numbered(folder: str, pattern: str) -> Callable[[], int]:
    def count() -> int:
        try:
            return sum(1 for name in os.listdir(folder) if re.fullmatch(pattern, name))
        except OSError:
            return 0

    return count


class TPUAcceleratorManager:
    """What vLLM up to 0.27 asks about TPUs of this machine."""

    _from_accel = staticmethod(_numbered("/dev", r"accel[0-9]+"))
    _from_vfio = staticmethod(_numbered("/dev/vfio", r"[0-9]+"))

    @staticmethod
    def get_resource_name() -> str:
        """Return the resource's name."""
        return "TPU"

    @staticmethod
    def get_visible_accelerator_ids_env_var() -> str:
        """Return the variable that limits which chips a process sees."""
        return "TPU_VISIBLE_CHIPS"

    @classmethod
    def get_current_node_num_accelerators(cls) -> int:
        """Return how many TPU chips this machine has, 0 for none."""
        # Chips under VFIO carry no mark of their own there; only a TPU VM says what it is.
        if os.environ.get("TPU_ACCELERATOR_TYPE") is None:
            return cls._from_accel()
        return cls._from_accel() or cls._from_vfio()


__all__ = ["TPUAcceleratorManager", "get_all_accelerator_resource_names"]

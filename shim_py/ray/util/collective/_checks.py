"""What collective calls check before anything is sent."""

from __future__ import annotations

import sys
from typing import Any

from ray.util.collective.collective_group.base_collective_group import BaseGroup

_KINDS = (("numpy", "ndarray"), ("torch", "Tensor"), ("cupy", "ndarray"))


def check_worker() -> None:
    """Raise RuntimeError where this process is no worker."""
    from ray._core import client

    if not client.is_connected() or client.session().assignment is None:
        raise RuntimeError("The collective APIs shall be only used inside a Ray actor or task.")


def check_tensor(value: Any) -> None:
    """Raise RuntimeError for what is no tensor."""
    for module, name in _KINDS:
        # A value of a module that was never imported cannot be here.
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(value, kind):
            return
    raise RuntimeError(
        f"Unrecognized tensor type '{type(value)}'. Supported types are: "
        "np.ndarray, torch.Tensor, cupy.ndarray."
    )


def check_tensors(values: Any) -> None:
    """Raise RuntimeError for what is no list of tensors."""
    if not isinstance(values, list):
        raise RuntimeError(f"The input must be a list of tensors. Got '{type(values)}'.")
    if not values:
        raise RuntimeError("Got an empty list of tensors.")
    for value in values:
        check_tensor(value)


def check_rank(group: BaseGroup, rank: int) -> None:
    """Raise ValueError for a rank that the group does not have."""
    if rank < 0:
        raise ValueError(f"rank '{rank}' is negative.")
    if rank >= group.world_size:
        raise ValueError(f"rank '{rank}' must be less than world size '{group.world_size}'")

"""Experiments of Ray's; what is not there raises at the call."""

from __future__ import annotations

from typing import Any, NoReturn

from ray._private.absent import ABSENT_MODULES, missing_attribute, refuse

_INSTEAD = "Send tensors over torch.distributed instead."


def register_nixl_memory(tensor: Any) -> NoReturn:
    """Not there: Ray Direct Transport.

    Raises:
        UnsupportedFeature: always.
    """
    refuse("ray.experimental.register_nixl_memory (Ray Direct Transport)", _INSTEAD)


def set_target_for_ref(ref: Any, target: Any) -> NoReturn:
    """Not there: Ray Direct Transport.

    Raises:
        UnsupportedFeature: always.
    """
    refuse("ray.experimental.set_target_for_ref (Ray Direct Transport)", _INSTEAD)


def __getattr__(name: str) -> Any:
    import importlib

    if name == "tqdm_ray":
        return importlib.import_module("ray.experimental.tqdm_ray")
    raise missing_attribute(
        "ray.experimental", name, ABSENT_MODULES.get(f"ray.experimental.{name}", "")
    )


__all__ = ["register_nixl_memory", "set_target_for_ref"]

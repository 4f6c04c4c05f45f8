"""The backends that groups can have: gloo, NCCL, and a program's own."""

from __future__ import annotations

import importlib.util

from ray.util.collective.collective_group.base_collective_group import BaseGroup

_OWN = ("GLOO", "NCCL")
_registered: dict[str, type[BaseGroup]] = {}


def register_collective_backend(name: str, group_cls: type[BaseGroup]) -> None:
    """Make a backend known, in this process; every process of a group must do so.

    Raises:
        TypeError: the class is no `BaseGroup`.
        ValueError: the name is taken.
    """
    if not issubclass(group_cls, BaseGroup):
        raise TypeError(f"{group_cls} is not a subclass of BaseGroup")
    if is_registered(name):
        raise ValueError(f"Backend {name.upper()} already registered")
    _registered[name.upper()] = group_cls


def is_registered(name: str) -> bool:
    """Return whether a backend of this name is known."""
    return name.upper() in _registered or name.upper() in _OWN


def group_class(name: str) -> type[BaseGroup]:
    """Return the class of a backend's groups.

    Raises:
        ValueError: there is no such backend.
        RuntimeError: it needs torch, which is not installed.
    """
    upper = name.upper()
    if upper in _registered:
        return _registered[upper]
    if upper not in _OWN:
        raise ValueError(f"Backend {upper} not registered")
    if importlib.util.find_spec("torch") is None:
        raise RuntimeError(
            f"Backend {upper} is not available. Please check the installation: it needs torch."
        )
    from ray.util.collective.collective_group._torch_group import GlooGroup, NcclGroup

    return GlooGroup if upper == "GLOO" else NcclGroup


def is_available(name: str) -> bool:
    """Return whether groups of this backend can be made in this process."""
    try:
        return group_class(name).check_backend_availability()
    except (ValueError, RuntimeError):
        return False


__all__ = ["register_collective_backend"]

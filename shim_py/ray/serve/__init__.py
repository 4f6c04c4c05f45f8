"""The stub of `ray.serve`: what code asks that may run inside a replica, and here never does."""

from __future__ import annotations

from typing import Any, NoReturn

from ray._private.absent import ABSENT_BELOW, missing_attribute
from ray.serve import exceptions
from ray.serve.exceptions import RayServeException


def get_replica_context() -> NoReturn:
    """Return the facts of the replica that this is in; it never is in one.

    Raises:
        RayServeException: always.
    """
    raise RayServeException(
        "`serve.get_replica_context()` may only be called from within a Ray Serve replica."
    )


def __getattr__(name: str) -> Any:
    raise missing_attribute("ray.serve", name, ABSENT_BELOW["ray.serve"])


__all__ = ["exceptions", "get_replica_context"]

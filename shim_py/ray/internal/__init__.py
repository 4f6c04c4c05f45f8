"""`ray.internal.free`."""

from __future__ import annotations

from typing import Any

from ray._core.object_ref import ObjectRef


def free(object_refs: Any, local_only: bool = False) -> None:
    """Say that values are not needed any more; accepted, without effect.

    A value is freed here with its last reference, so that nothing is left to do.

    Args:
        object_refs: a reference or a list of references.
        local_only: whether only this node's copies are meant.

    Raises:
        TypeError: something else is given.
    """
    given = [object_refs] if isinstance(object_refs, ObjectRef) else object_refs
    if not isinstance(given, list) or not all(isinstance(one, ObjectRef) for one in given):
        raise TypeError(f"free() expects a list of ObjectRef, got {object_refs!r}.")


__all__ = ["free"]

"""`ray.internal.free`."""

from __future__ import annotations

from typing import Any

from ray._core import client
from ray._core.object_ref import ObjectRef


def free(object_refs: Any, local_only: bool = False) -> None:
    """Delete values although there are references to them, which raise `ObjectFreedError` then.

    A value goes by itself with its last reference; this is for those whose references stay. What
    has no value yet stays.

    Args:
        object_refs: a reference or a list of references.
        local_only: only this node's copies are meant; nothing is done then, because the owner's
            copy is the value.

    Raises:
        TypeError: something else is given.
    """
    given = [object_refs] if isinstance(object_refs, ObjectRef) else object_refs
    if not isinstance(given, list) or not all(isinstance(one, ObjectRef) for one in given):
        raise TypeError(f"free() expects a list of ObjectRef, got {object_refs!r}.")
    if not local_only:
        client.session().objects.free(given)


__all__ = ["free"]

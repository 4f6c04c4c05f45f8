"""What a method raised, as it travels."""

from __future__ import annotations

import os
import traceback
from typing import Any

from ray._core import serialization
from ray._core.creation import Assignment
from ray._core.serialization import Parts
from ray.exceptions import RayTaskError, TaskCancelledError


def task_error(
    error: BaseException, function: str, assignment: Assignment, actor_repr: str | None
) -> RayTaskError:
    """The error for the caller: what was raised, where, and in which process."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, RayTaskError):
        # It came from another call: its own traceback tells more than ours.
        error = getattr(error, "cause", error)
    name = function if assignment.is_task else f"{assignment.class_name}.{function}"
    return RayTaskError(
        name,
        text,
        error,
        proctitle=f"ray::{name}",
        pid=os.getpid(),
        ip=assignment.node_ip,
        actor_repr=actor_repr,
        actor_id=None if assignment.is_task else assignment.actor_id,
    )


def is_among(error: BaseException, asked: Any) -> bool:
    """Whether a call is to be made again after an error.

    Args:
        error: what its method raised.
        asked: True for every exception, else a pickled tuple of classes.
    """
    if not isinstance(error, Exception) or isinstance(error, TaskCancelledError):
        return False
    if asked is True:
        return True
    try:
        classes = serialization.loads(asked)
    except Exception:  # a class that cannot be loaded here was not raised here
        return False
    return isinstance(error, classes)


def pickle_error(error: BaseException) -> Parts:
    """Pickles an error; one that cannot be is told in words."""
    try:
        return serialization.dumps_any(error)
    except Exception as fault:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return serialization.dumps_any(
            RayTaskError("unknown", text, RuntimeError(f"{error!r} cannot be pickled: {fault}"))
        )


def actor_repr(instance: Any, class_name: str) -> str:
    """How the actor shows itself: its class's `__repr__` where it has one of its own."""
    shows: Any = type(instance).__repr__
    if shows is object.__repr__:
        return class_name
    try:
        return repr(instance)
    except Exception:
        return class_name

"""What the end of a leased worker means for the task that it had, or was to have."""

from __future__ import annotations

from ray.exceptions import (
    ActorDiedError,
    ActorUnschedulableError,
    TaskPlacementGroupRemoved,
    TaskUnschedulableError,
    WorkerCrashedError,
)

from .errors import RequestFailed

#: Kinds of death reports after which another worker may do.
_CRASHES = frozenset(("exit", "signal", "node", "head"))


def _kind(error: BaseException) -> str:
    report = getattr(error, "report", None)
    return str(report.get("kind") or "") if isinstance(report, dict) else ""


def is_crash(error: BaseException) -> bool:
    """Whether a worker died, rather than that none could be had."""
    return isinstance(error, ActorDiedError) and _kind(error) in _CRASHES


def task_death(error: BaseException) -> BaseException:
    """The error for a task's values where its worker ended with ``error``."""
    if isinstance(error, RequestFailed):
        return TaskPlacementGroupRemoved() if error.code == "group_removed" else error
    if isinstance(error, ActorUnschedulableError):
        return TaskUnschedulableError(error.error_message)
    if not isinstance(error, ActorDiedError):
        return error
    if _kind(error) == "group":
        return _with_cause(TaskPlacementGroupRemoved(), error)
    if is_crash(error):
        told = str(error).replace("The actor", "The worker")
        return _with_cause(WorkerCrashedError(told), error)
    return error


def _with_cause(made: BaseException, cause: BaseException) -> BaseException:
    made.__cause__ = cause
    return made

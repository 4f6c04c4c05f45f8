"""Errors of the core, and how what the daemon says becomes what the user sees.

RequestFailed          the daemon refused a request; `code` is for programs
DaemonLost             the control channel ended
UnsupportedFeature     a part of Ray that beam lacks; raised at the call (also NotImplementedError)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ray.exceptions import (
    ActorDiedError,
    ActorUnschedulableError,
    RayActorError,
    RayError,
    RaySystemError,
    RayTaskError,
    RuntimeEnvSetupError,
)


class RequestFailed(RayError):
    """The daemon, or the head behind it, refused a request.

    Attributes:
        code: for programs, such as ``name_taken``.
        message: one sentence for a person.
        mend: what to do, where known.
    """

    def __init__(self, code: str, message: str, mend: str | None = None) -> None:
        super().__init__(code, message, mend)
        self.code = code
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message}. {self.mend}" if self.mend else self.message


class DaemonLost(RaySystemError):
    """The node daemon of this machine is gone, and with it everything that was under way."""


class UnsupportedFeature(RayError, NotImplementedError):
    """A part of Ray that beam does not have (yet)."""

    def __init__(self, feature: str, mend: str) -> None:
        super().__init__(feature, mend)
        self.feature = feature
        self.mend = mend

    def __str__(self) -> str:
        return f"Cannot use {self.feature}: beam does not have it yet. {self.mend}"


def unable_to_connect(error: OSError) -> RaySystemError:
    """This process, not the other side, is why no connection can be made."""
    return RaySystemError(
        f"Cannot connect to an actor from process {os.getpid()}: {error.strerror}. Each actor that "
        "is called takes one open file: call fewer at a time, close files, or raise the limit "
        "(`ulimit -n`). Later calls try again"
    )


def actor_death(
    report: Mapping[str, Any] | None, facts: dict[str, Any], pickled: bytes = b""
) -> RayError:
    """The error for callers of a dead actor.

    Args:
        report: the death report, None where nothing is known.
        facts: `actor_id`, `class_name`, `name`, `namespace`, where known.
        pickled: the exception that `__init__` raised, as the worker pickled it.
    """
    if report and report.get("kind") == "environment":
        return RuntimeEnvSetupError(_setup_failure(report))
    if report and report.get("unschedulable"):
        mend = f" {report['mend']}" if report.get("mend") else ""
        return ActorUnschedulableError(f"{report.get('message')}{mend}")
    if pickled:
        from .packages import cloudpickle

        try:
            cause = cloudpickle.loads(pickled)
        except Exception:  # its class cannot be loaded here; the report has the traceback
            cause = None
        if isinstance(cause, RayActorError):
            return cause
        if isinstance(cause, RayTaskError):
            died = ActorDiedError(cause)
            died.report = dict(report or {})
            first = died.report.get("caused_by")
            if first:
                why = died.report.get("cause_message")
                died.error_msg += f"\nThe first to end was {first}{f': {why}' if why else '.'}"
            return died
    return ActorDiedError({**facts, "report": dict(report or {})})


def _setup_failure(report: Mapping[str, Any]) -> str:
    where = f"[Node {report['node_ip']}] " if report.get("node_ip") else ""
    mend = f"\n{report['mend']}" if report.get("mend") else ""
    return f"{where}{report.get('message')}{mend}"


def pickle_failure(error: BaseException) -> Any:
    """Pickles an error for another process; one that cannot be is told in words."""
    from .serialization import dumps_any

    try:
        return dumps_any(error)
    except Exception:
        return dumps_any(RaySystemError(f"{type(error).__name__}: {error}"))

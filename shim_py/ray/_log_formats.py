"""Records of Python's loggers as text or JSON, with what Ray knows of the process beside them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

#: Attributes that every record has; all others are a program's own (`extra=`), or the context's.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: The attribute under which the context stands, until it is written.
_CONTEXT = "_ray_context"
_TEXT = "%(asctime)s\t%(levelname)s %(filename)s:%(lineno)s -- %(message)s"


class ContextFilter(logging.Filter):
    """Adds the ids of job, worker, node, actor and task; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add them."""
        setattr(record, _CONTEXT, _context())
        return True


def _context() -> dict[str, Any]:
    from ray._core import client
    from ray.runtime_context import get_runtime_context

    if not client.is_connected():
        return {}
    context = get_runtime_context()
    facts: dict[str, Any] = {
        "job_id": context.get_job_id(),
        "worker_id": context.get_worker_id(),
        "node_id": context.get_node_id(),
    }
    if client.session().assignment is not None:
        facts["actor_id"] = context.get_actor_id()
        facts["task_id"] = context.get_task_id()
        facts["task_name"] = context.get_task_name()
        facts["task_func_name"] = context.get_task_function_name()
        facts["actor_name"] = context.get_actor_name()
    return {name: value for name, value in facts.items() if value}


def _further(record: logging.LogRecord, additional: Sequence[str]) -> dict[str, Any]:
    found = {name: getattr(record, name, None) for name in additional}
    own = {
        name: value
        for name, value in vars(record).items()
        if name not in STANDARD and name != _CONTEXT
    }
    context = getattr(record, _CONTEXT, None) or {}
    return {**found, **own, **context, "timestamp_ns": int(record.created * 1e9)}


class TextFormatter(logging.Formatter):
    """A line of text, what else is known as `name=value` after it.

    Args:
        additional: further standard attributes.
    """

    def __init__(self, additional: Sequence[str] = ()) -> None:
        super().__init__(_TEXT)
        self._additional = additional

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        further = _further(record, self._additional)
        return f"{super().format(record)} " + " ".join(f"{k}={v}" for k, v in further.items())


class JSONFormatter(logging.Formatter):
    """A JSON object on one line.

    Args:
        additional: further standard attributes.
    """

    def __init__(self, additional: Sequence[str] = ()) -> None:
        super().__init__()
        self._additional = additional

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts: dict[str, Any] = {
            "asctime": self.formatTime(record),
            "levelname": record.levelname,
            "message": record.getMessage(),
            "filename": record.filename,
            "lineno": record.lineno,
            "process": record.process,
        }
        if record.exc_info:
            facts["exc_text"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps({**facts, **_further(record, self._additional)}, default=str)


FORMATTERS = {"TEXT": TextFormatter, "JSON": JSONFormatter}

__all__ = ["FORMATTERS", "STANDARD", "ContextFilter", "JSONFormatter", "TextFormatter"]

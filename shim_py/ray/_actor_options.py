"""What the options of an actor come to: its concurrency, its order, its amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import _options
from ray._actor_methods import ClassInfo

_DEFAULT_MAX_CONCURRENCY_ASYNC = 1000


def concurrency(options: Mapping[str, Any], info: ClassInfo) -> int:
    """Return how many calls may run at a time."""
    given = options.get("max_concurrency")
    if given:
        return int(given)
    return _DEFAULT_MAX_CONCURRENCY_ASYNC if info.is_async else 1


def check_order(options: Mapping[str, Any], info: ClassInfo) -> None:
    """Raise where calls must begin in order and cannot.

    Raises:
        ValueError: it is asked of an actor that runs several calls at a time.
    """
    in_order = options.get("allow_out_of_order_execution") is False
    if in_order and (info.is_async or concurrency(options, info) > 1):
        raise ValueError(
            "Async actors and those with max_concurrency above 1 cannot run calls in order. "
            "Set allow_out_of_order_execution=True, or leave it out."
        )


def amounts(options: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Return what must be free to place the actor, and what it holds while it runs."""
    run = _options.required_resources(options)
    if set(run) <= {"memory"}:
        # Nothing was asked for: one CPU to be placed, none to run.
        return {**run, "CPU": 1}, run
    run.setdefault("CPU", 1)
    return run, run

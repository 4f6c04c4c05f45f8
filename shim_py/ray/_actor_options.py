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


def groups(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the concurrency groups and how many calls of each may run at a time.

    Raises:
        TypeError: they are no dict of names and whole numbers.
        ValueError: a number is below 1.
    """
    given = options.get("concurrency_groups")
    if not given:
        return {}
    if not isinstance(given, dict):
        raise TypeError(
            "concurrency_groups must be a dict of names and how many calls may run at a time, got "
            f"{given!r}."
        )
    for name, limit in given.items():
        if not isinstance(name, str) or isinstance(limit, bool) or not isinstance(limit, int):
            raise TypeError(
                f"concurrency_groups must map names to whole numbers, got {name!r}: {limit!r}."
            )
        if limit < 1:
            raise ValueError(
                f"The concurrency group {name!r} must allow at least 1 call at a time, got {limit}."
            )
    return dict(given)


def any_order(options: Mapping[str, Any], info: ClassInfo) -> bool:
    """Return whether calls may overtake those that wait for their arguments.

    By default those of async actors and of actors with threads may, as in Ray.
    """
    asked = options.get("allow_out_of_order_execution")
    if asked is not None:
        return bool(asked)
    return info.is_async or concurrency(options, info) > 1 or bool(groups(options))


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

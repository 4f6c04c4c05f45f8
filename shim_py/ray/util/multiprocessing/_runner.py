"""The actors of a pool: each runs batches of calls, one after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable

#: A call's positional and named arguments.
Arguments = tuple[Sequence[Any], dict[str, Any]]
#: Whether a call returned, and its value or exception.
Outcome = tuple[bool, Any]


class Runner:
    """One process of a pool.

    Args:
        initializer: called once at the start, None for nothing.
        initargs: its arguments.
    """

    def __init__(
        self, initializer: Callable[..., Any] | None = None, initargs: Iterable[Any] | None = None
    ) -> None:
        if initializer is not None:
            initializer(*(initargs or ()))

    def ping(self) -> None:
        """Return once it has started."""

    def run(self, func: Callable[..., Any], batch: Sequence[Arguments]) -> list[Outcome]:
        """Return the outcome of each call of a batch."""
        return [_outcome(func, args, kwargs) for args, kwargs in batch]


def _outcome(func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Outcome:
    try:
        return True, func(*args, **kwargs)
    except Exception as error:
        return False, _portable(error)


def _portable(error: Exception) -> Exception:
    """The exception, or one that says the same where it cannot be pickled."""
    from ray import cloudpickle

    try:
        cloudpickle.loads(cloudpickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error

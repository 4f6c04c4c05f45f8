"""Decorators that tell how stable an interface is; they change nothing."""

from __future__ import annotations

from typing import Any


class RayDeprecationWarning(DeprecationWarning):
    """Something will go away."""


def _unchanged(*args: Any, **_options: Any) -> Any:
    """Return what is decorated, unchanged."""
    if len(args) == 1 and callable(args[0]):
        return args[0]
    return lambda decorated: decorated


PublicAPI = DeveloperAPI = Deprecated = _unchanged

__all__ = ["Deprecated", "DeveloperAPI", "PublicAPI", "RayDeprecationWarning"]

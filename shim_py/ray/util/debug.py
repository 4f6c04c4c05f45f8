"""Saying something once, or once in a while."""

from __future__ import annotations

import time

_PERIOD = 60.0  # seconds

_logged: set[str] = set()
_disabled = False
_periodic = False
_last = 0.0


def log_once(key: str) -> bool:
    """Return True the first time it is called with a key in this process.

    After `disable_log_once_globally` it returns False; after `enable_periodic_logging` it begins
    anew each minute.
    """
    global _last
    if _disabled:
        return False
    if key not in _logged:
        _logged.add(key)
        _last = time.monotonic()
        return True
    if _periodic and time.monotonic() - _last > _PERIOD:
        _logged.clear()
        _last = time.monotonic()
    return False


def disable_log_once_globally() -> None:
    """Let `log_once` return False from now on, in this process."""
    global _disabled
    _disabled = True


def enable_periodic_logging() -> None:
    """Let `log_once` return True again for what was said over a minute ago, in this process."""
    global _periodic
    _periodic = True


def reset_log_once(key: str | None = None) -> None:
    """Forget that something was said.

    Args:
        key: what; None: everything.
    """
    if key is None:
        _logged.clear()
    else:
        _logged.discard(key)


__all__ = ["disable_log_once_globally", "enable_periodic_logging", "log_once", "reset_log_once"]

"""A leased worker that was given back: it ends, but not before others need what it owns no more.

Its tasks may have started other tasks and not waited for them, created actors, or returned
references to values of its own. While it stays for those it holds no CPUs.
"""

from __future__ import annotations

from typing import Callable

from ray._core.session import Session

from .callers import Callers

#: How often it looks whether it may end, in seconds.
_LOOK = 0.2


class Spent:
    """See the top of this file.

    Args:
        end: ends the worker once it has nothing to run; called with the lock held.
    """

    def __init__(self, session: Session, callers: Callers, end: Callable[[], None]) -> None:
        self._session = session
        self._callers = callers
        self._end = end
        self._told = False

    def begin(self) -> None:
        """Ends the worker, now or when it may. The lock is held."""
        if not self._session.needed and not self._callers.unheard:
            self._end()
            return
        if not self._told:
            self._told = True
            self._session.control.send("worker.lend", {"state": "returned"})
        self._session.pump.call_later(_LOOK, self.begin)

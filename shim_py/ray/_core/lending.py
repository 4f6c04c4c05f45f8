"""A leased worker's CPUs while its task waits for others: they may be given away meanwhile.

So nested tasks do not wait for the CPU that whoever waits for them holds. Short waits are not
worth telling: the daemon hears of one that has lasted a moment, and when it is over. Actors keep
theirs, as in Ray.
"""

from __future__ import annotations

import threading
import time

from .control import Control
from .pump import Pump, Waitable

#: How long a wait lasts before the CPUs are lent, in seconds.
_MOMENT = 0.01


class Lending:
    """Of the thread that runs the calls of a worker; others wait without it."""

    def __init__(self, pump: Pump, control: Control) -> None:
        self._pump = pump
        self.lock = pump.lock
        self._control = control
        self._thread = threading.get_ident()

    def wait(self, target: Waitable, deadline: float | None) -> bool:
        """Waits as :meth:`Pump.wait` does."""
        if threading.get_ident() != self._thread:
            return self._pump.wait(target, deadline)
        soon = time.monotonic() + _MOMENT
        if deadline is not None and deadline <= soon:
            return self._pump.wait(target, deadline)
        if self._pump.wait(target, soon):
            return True
        self._control.send("worker.lend", {"state": "blocked"})
        try:
            return self._pump.wait(target, deadline)
        finally:
            self._control.send("worker.lend", {"state": "unblocked"})

"""Counting the handles of actors in this process.

An actor ends when its creator has no handle left, none was ever pickled, and all answers have
arrived. Finalizers only append to a queue here: they may run anywhere, also under our lock.
"""

from __future__ import annotations

from collections import deque
from typing import Callable


class HandleCounts:
    """See the top of this file.

    Args:
        on_unheld: called with the lock held when no handle is left of an actor that this process
            created and never shared.
        events: what finalizers append to.
    """

    def __init__(self, on_unheld: Callable[[str], None], events: deque[str]) -> None:
        self._on_unheld = on_unheld
        self._counts: dict[str, int] = {}
        self._own: set[str] = set()
        self._events = events

    def own(self, actor_id: str) -> None:
        """This process created the actor, and it ends with its handles."""
        self._own.add(actor_id)

    def disown(self, actor_id: str) -> None:
        """The actor's end does not depend on this process's handles any more."""
        self._own.discard(actor_id)

    @property
    def any_own(self) -> bool:
        """Whether handles of own actors are counted."""
        return bool(self._own)

    def created(self, actor_id: str) -> None:
        """A handle was made. The lock is held."""
        self._counts[actor_id] = self._counts.get(actor_id, 0) + 1

    def dropped(self, actor_id: str) -> None:
        """A handle went away; safe in a finalizer."""
        self._events.append(actor_id)

    def dropped_one(self, actor_id: str) -> None:
        """Takes in a handle that went away. The lock is held."""
        count = self._counts.get(actor_id, 0) - 1
        if count > 0:
            self._counts[actor_id] = count
            return
        self._counts.pop(actor_id, None)
        if actor_id in self._own:
            self._own.discard(actor_id)
            self._on_unheld(actor_id)

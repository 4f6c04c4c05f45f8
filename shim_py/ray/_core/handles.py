"""Handles of actors, counted across processes.

An actor that ends with its handles has an object of its own in the table of the process that
created it: an entry without a value, to which every handle, here or elsewhere, has a reference.
Handles that travel so are held and released as references are, and when the entry is gone, nobody
has a handle. A process that lets go of its last one tells that only when its calls are answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .entry import Entry
from .ids import ActorID
from .object_ref import ObjectRef

if TYPE_CHECKING:
    from .owner_link import OwnerLink
    from .session import Session

#: What the identifier of a handle's object has behind the actor's; no value's ends so.
_MARK = b"\xff" * 12


class ActorHandles:
    """See the top of this file. Its methods are called with the lock held."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # Of actors whose first handle is about to be made.
        self._fresh: dict[str, Entry] = {}

    def own(self, actor_id: str) -> None:
        """This process created the actor, and it ends with its handles."""
        entry = Entry(self._session.pump)
        entry.fill(True, b"")
        self._fresh[actor_id] = entry
        self._session.objects.own(_object_id(actor_id), entry)

    def forget(self, actor_id: str) -> None:
        """The actor's end does not depend on handles any more."""
        self._fresh.pop(actor_id, None)
        self._session.objects.disown(_object_id(actor_id))

    def reference(self, actor_id: ActorID) -> ObjectRef[Any] | None:
        """What a new handle keeps; None where the actor does not end with its handles."""
        id = actor_id.binary() + _MARK
        entry = self._fresh.pop(actor_id.hex(), None) or self._session.objects.find(id)
        return None if entry is None else ObjectRef(id, entry)

    def gone(self, id: bytes, owner: OwnerLink | None) -> bool:
        """No reference to an object is left here.

        Args:
            owner: the process it belongs to; None: this one.
        Returns:
            Whether it was an actor's, whose release is seen to here.
        """
        if not id.endswith(_MARK):
            return False
        session = self._session
        link = session.known_link(id[: ActorID.SIZE].hex())
        if link is None:
            return False
        if owner is not None:
            link.handle = (id, owner)
        session.let_go(link)
        return True


def _object_id(actor_id: str) -> bytes:
    return bytes.fromhex(actor_id) + _MARK

"""The place, in this process, of a value that another process owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ray.exceptions import OwnerDiedError, ReferenceCountingAssertionError

from .content import Content
from .entry import Entry
from .frames import Body, Header
from .serialization import split

if TYPE_CHECKING:
    from .object_table import ObjectTable
    from .owner_link import OwnerLink


class BorrowedEntry(Entry):
    """Filled by its owner once somebody here wants it."""

    __slots__ = ("_asked", "_table", "id", "owner")
    lazy = True

    def __init__(self, table: ObjectTable, id: bytes, owner: OwnerLink) -> None:
        super().__init__(table.session.pump)
        self.id = id
        self.owner = owner
        self._table = table
        self._asked = False

    def want(self) -> None:
        """Asks the owner for the value, once."""
        if self.done or self._asked:
            return
        with self._table.session.pump.lock:
            if not self.done and not self._asked:
                self._ask("object.get", {"object_id": self.id.hex()})

    def lost(self, name: str) -> None:
        """The file ``name`` cannot be read: asks the owner for another. The lock is held."""
        self.reopen()
        if not self._asked:
            self._ask("object.lost", {"object_id": self.id.hex(), "name": name})

    def _ask(self, kind: str, fields: dict[str, str]) -> None:
        self._asked = True
        self.owner.ask(kind, fields, self._on_reply)

    def when_done(self, callback: Callable[[], None]) -> None:
        self.want()
        super().when_done(callback)

    def _on_reply(self, header: Header | None, body: Body) -> None:
        self._asked = False
        if header is None:
            self.fail(self._table.over or OwnerDiedError(self.id.hex(), self.owner.process))
        elif header.get("gone"):
            self.fail(ReferenceCountingAssertionError(self.id.hex(), self.owner.process))
        elif header.get("stored") is not None:
            self.fill(True, Content(None, header["stored"]))
        else:
            parts = split(body, header["buffers"])
            self.fill(bool(header["ok"]), parts if len(parts) > 1 else parts[0])

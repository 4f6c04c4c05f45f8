"""The owner's side: channels of processes that hold references to values of this one.

A channel that ends means that its process has ended, where it is on this machine; one of another
machine may come back within a moment, and until then its holds stay.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Any

from . import group_access
from .channel import Channel, accept_waiting
from .content import as_parts, is_stored
from .entry import Entry
from .errors import pickle_failure
from .frames import Body, Header, ProtocolError, encode_head
from .serialization import Part

if TYPE_CHECKING:
    from .object_table import ObjectTable

#: How long a holder on another machine may be away, in seconds.
_AWAY = 10.0


def _id_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ProtocolError("Cannot take a reference: its id must be hex digits") from None


class Holder:
    """A process that holds references of this one."""

    __slots__ = ("absences", "channel", "id", "objects")

    def __init__(self, id: str) -> None:
        self.id = id
        #: How often its channel has ended.
        self.absences = 0
        self.channel: Channel | None = None
        self.objects: set[bytes] = set()


class ObjectService:
    """Who holds what of this process. Its methods are called with the lock held."""

    def __init__(self, table: ObjectTable) -> None:
        self._table = table
        self._holders: dict[str, Holder] = {}

    def greet(self, header: Header, channel: Channel) -> HolderLink:
        """Takes a channel from its `object.hello` on."""
        id = header["process"]
        holder = self._holders.get(id)
        if holder is None:
            holder = self._holders[id] = Holder(id)
        if holder.channel is not None and holder.channel is not channel:
            holder.channel.close()
        holder.channel = channel
        return HolderLink(self._table, holder, channel, header["node"], self._gone)

    def _gone(self, holder: Holder, node: str) -> None:
        holder.absences = absence = holder.absences + 1

        def forget() -> None:
            if holder.channel is not None or holder.absences != absence:
                return  # it was back meanwhile
            if self._holders.get(holder.id) is holder:
                del self._holders[holder.id]
                for id in holder.objects:
                    self._table.release_for(holder.id, id)
                holder.objects.clear()

        if node == self._table.session.node_id:
            forget()
        else:
            self._table.session.pump.call_later(_AWAY, forget)


class HolderLink:
    """One channel of a holder."""

    def __init__(
        self, table: ObjectTable, holder: Holder, channel: Channel, node: str, gone: Any
    ) -> None:
        self._table = table
        self._holder = holder
        self._channel = channel
        self._node = node
        self._gone = gone

    def on_frame(self, header: Header, _body: Body) -> None:
        """Takes what the holder says."""
        kind = header["kind"]
        if kind == "object.hold":
            self._hold(header)
        elif kind == "object.release":
            for text in header["objects"]:
                id = _id_of(text)
                self._holder.objects.discard(id)
                self._table.release_for(self._holder.id, id)
        elif kind == "object.get":
            self._get(header)
        elif kind == "object.lost":
            self._lost(header)
        elif kind == "object.drop":
            for text in header["objects"]:
                entry = self._table.owned(_id_of(text))
                if entry is not None:
                    self._table.delete(_id_of(text), entry)
        elif kind == "object.cancel":
            entry = self._table.owned(_id_of(header["object_id"]))
            if entry is not None:
                self._table.session.cancel_entry(entry, header["force"], header["recursive"])

    def _hold(self, header: Header) -> None:
        gone: list[str] = []
        for text in header["objects"]:
            id = _id_of(text)
            if self._table.hold_for(self._holder.id, id):
                self._holder.objects.add(id)
            else:
                gone.append(text)
        self._reply({"id": header["id"], "gone": gone})

    def _get(self, header: Header) -> None:
        entry = self._table.owned(_id_of(header["object_id"]))
        if entry is None:
            self._reply({"id": header["id"], "gone": True})
        else:
            self._answer_when_done(header["id"], entry)

    def _lost(self, header: Header) -> None:
        entry = self._table.owned(_id_of(header["object_id"]))
        if entry is None:
            self._reply({"id": header["id"], "gone": True})
            return
        content: Any = entry.parts
        if entry.done and is_stored(content) and content.location["name"] == header["name"]:
            self._table.lose(entry, content)
        self._answer_when_done(header["id"], entry)

    def _answer_when_done(self, id: int, entry: Entry) -> None:
        if entry.done:
            self._answer(id, entry)
        else:
            entry.when_done(lambda: self._answer(id, entry))

    def _answer(self, id: int, entry: Entry) -> None:
        with self._table.session.pump.lock:
            if self._channel.closed:
                return
            if not entry.done:  # lost again meanwhile
                self._answer_when_done(id, entry)
                return
            content: Any = entry.parts
            if entry.error is not None:
                self._reply({"id": id, "ok": False}, as_parts(pickle_failure(entry.error)))
            elif is_stored(content):
                self._reply({"id": id, "ok": True, "stored": content.location})
            else:
                self._reply({"id": id, "ok": entry.ok}, as_parts(content))

    def _reply(self, fields: dict[str, Any], parts: list[Part] | None = None) -> None:
        header = {"kind": "object.reply", **fields}
        if parts is None:
            self._channel.send(encode_head(header))
            return
        lengths = [len(part) for part in parts]
        head = encode_head({**header, "buffers": lengths}, sum(lengths))
        self._channel.send_parts([head, *parts])

    def on_close(self) -> None:
        """The channel ended."""
        holder = self._holder
        if holder.channel is self._channel:
            holder.channel = None
            self._gone(holder, self._node)


class ObjectListener:
    """A driver's socket for holders; a worker's is its call socket.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, table: ObjectTable, service: ObjectService, path: str) -> None:
        self.pump = table.session.pump
        self.service = service
        self.path = path
        self.guests: set[_Guest] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            self._listener.bind(path)
            group_access.open_socket(path)
            self._listener.listen(1024)
            self._listener.setblocking(False)
            with self.pump.lock:
                self.pump.register(self._listener.fileno(), self)
        except BaseException:
            self._listener.close()
            raise

    def on_events(self, _events: int) -> None:
        """Accepts what dialed."""
        self.pump.seclude()
        for sock in accept_waiting(self._listener):
            self.guests.add(_Guest(self, sock))

    def give_up(self, error: BaseException) -> None:
        """The listening socket itself does not fail; what dialed again will be accepted."""

    def close(self) -> None:
        """Nobody may ask any more."""
        for guest in self.guests:
            guest.channel.close()
        self.pump.unregister(self._listener.fileno())
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def abandon(self) -> None:
        """After a fork: closes this process's copies."""
        self._listener.close()
        for guest in self.guests:
            guest.channel.abandon()


class _Guest:
    """One channel of a driver's socket."""

    def __init__(self, listener: ObjectListener, sock: socket.socket) -> None:
        self._listener = listener
        self._link: HolderLink | None = None
        self.channel = Channel(listener.pump, sock, self._on_frame, self._on_close)

    def _on_frame(self, header: Header, body: Body) -> None:
        self._listener.pump.seclude()
        if header["kind"] == "object.hello":
            self._link = self._listener.service.greet(header, self.channel)
        elif self._link is None:
            raise ProtocolError(f"Cannot take `{header['kind'][:64]}` before `object.hello`")
        else:
            self._link.on_frame(header, body)

    def _on_close(self, _reason: Exception) -> None:
        self._listener.guests.discard(self)
        if self._link is not None:
            self._link.on_close()

"""The caller's side of a generator that runs elsewhere: its values, one by one.

Each value has an entry of its own, made when it arrives or when somebody wants to wait for it,
whichever comes first. The entry behind the last value fails with
`ObjectRefStreamEndOfStreamError`, so that waiting for "the next value" is waiting for an entry.
All of it happens with the pump's lock held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.exceptions import ObjectRefStreamEndOfStreamError

from .calls import Call, Method
from .entry import Entry
from .frames import encode_head
from .pump import Pump
from .serialization import Parts, dumps

#: The worker hears what has arrived (and may forget it) after so many values, or bytes.
_TELL_VALUES = 64
_TELL_BYTES = 1024 * 1024
#: What `taken` is when nobody reads any more: no worker waits for a reader then.
_ALL = (1 << 31) - 1
_NONE = dumps(None)


class Stream:
    """See the top of this file.

    Attributes:
        arrived: how many values are here, in order.
        taken: how many of them their reader took.
        count: how many there are; None until that is known.
        source: the call whose worker sends them; another one where the call is made again.
        cancels: the call that `ray.cancel` of a value cancels.
    """

    __slots__ = (
        "_bytes",
        "_entries",
        "_pump",
        "_told",
        "arrived",
        "cancels",
        "count",
        "pause",
        "source",
        "taken",
    )

    def __init__(self, pump: Pump, pause: int | None = None) -> None:
        self._pump = pump
        self._entries: dict[int, Entry] = {}
        self._told = 0
        self._bytes = 0
        self.arrived = 0
        self.taken = 0
        self.count: int | None = None
        self.pause = pause
        self.source: StreamCall | None = None
        self.cancels: Any = None

    def entry(self, index: int) -> Entry:
        """The place of a value: there, to come, or failed with the end of the stream."""
        entry = self._entries.get(index)
        if entry is None:
            entry = self._entries[index] = Entry(self._pump)
            entry.call = self.cancels
            if self.count is not None and index >= self.count:
                entry.fail(ObjectRefStreamEndOfStreamError("The generator has no more values."))
        return entry

    def put(self, index: int, ok: bool, parts: Parts) -> None:
        """A value has arrived; one that is there already comes from a call that was repeated."""
        if index != self.arrived or self.count is not None:
            return
        if index < self.taken:  # nobody reads any more, or a signal cut this off before
            self.arrived = index + 1
            return
        entry = self.entry(index)
        entry.fill(ok, parts)
        # Last: where a signal cuts this off, the frame is handed over again.
        self.arrived = index + 1
        self._bytes += entry.size()
        if self.arrived - self._told >= _TELL_VALUES or self._bytes >= _TELL_BYTES:
            self._tell()

    def is_watched(self, more: bool) -> bool:
        """Whether callbacks wait for the next value, or for those that an end would fail."""
        entries = self._entries
        awaited = [entries.get(self.arrived)] if more else entries.values()
        return any(entry is not None and entry.callbacks is not None for entry in awaited)

    def take(self, index: int) -> None:
        """Its reader took a value: from now on only a reference keeps it."""
        self._entries.pop(index, None)
        if self.taken != _ALL:
            self.taken = index + 1
            if self.pause is not None and self.count is None:
                self._tell()

    def drop(self) -> None:
        """Nobody will read the rest."""
        with self._pump.lock:
            self.taken = _ALL
            self._entries.clear()
            if self.pause is not None and self.count is None:
                self._tell()

    def end(self) -> None:
        """The last value has arrived."""
        if self.count is None:
            self.count = self.arrived
            for index, entry in list(self._entries.items()):
                if index >= self.count:
                    entry.fail(ObjectRefStreamEndOfStreamError("The generator has no more values."))

    def fail(self, error: BaseException | None, parts: Parts = b"") -> None:
        """The next value is an error (or its pickle), and the last one."""
        if self.count is None:
            entry = self.entry(self.arrived)
            if error is not None:
                entry.fail(error)
            else:
                entry.fill(False, parts)
            self.arrived += 1
            self.end()

    def _tell(self) -> None:
        self._told = self.arrived
        self._bytes = 0
        if self.source is not None:
            self.source.tell()


class StreamCall(Call):
    """A call whose values come one by one; as an entry it is done when they are complete.

    Its own value is None, also where the generator raised: that is the last of its values.
    """

    __slots__ = ("stream",)

    def __init__(
        self, home: Pump, actor: Any, method: Method, arguments: Parts, stream: Stream
    ) -> None:
        super().__init__(home, actor, method, arguments)
        self.entries = []
        self.stream = stream
        self.extra = {"returns": "streaming"}
        if stream.pause is not None:
            self.extra["pause"] = stream.pause
        stream.source = self
        if stream.cancels is None:
            stream.cancels = self

    def _header(self, ack: int) -> dict[str, Any]:
        return {**super()._header(ack), "taken": self.stream.taken}

    def probe(self, ack: int) -> bytes:
        """The call without its arguments, for a worker that has seen it."""
        return encode_head(self._header(ack))

    def is_plain(self, more: bool) -> bool:
        """See `Call.is_plain`."""
        return self.callbacks is None and not self.stream.is_watched(more)

    def take_item(self, index: int, ok: bool, values: Sequence[Parts]) -> None:
        """A value has arrived."""
        self.stream.put(index, ok, values[0])

    def tell(self) -> None:
        """Tells the worker how far the caller is."""
        stream = self.stream
        self.actor.tell(
            self,
            {
                "kind": "stream.took",
                "seq": self.seq,
                "arrived": stream.arrived,
                "taken": stream.taken,
            },
        )

    def fail_all(self, error: BaseException) -> None:
        """The rest is ``error``. The lock is held."""
        self.arguments = b""
        self.stream.fail(error)
        self.fail(error)

    def fill_all(self, ok: bool, values: Sequence[Parts]) -> None:
        """The values are complete, or the call itself failed. The lock is held."""
        self.arguments = b""
        if ok:
            self.stream.end()
            self.fill(True, _NONE)
        else:
            self.stream.fail(None, values[0])
            self.fill(False, values[0])

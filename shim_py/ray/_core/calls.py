"""Calls and results as frames. What is the same in every call of a method is packed once."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from .channel import APART
from .entry import Entry
from .frames import PREFIX, ProtocolError, encode_head
from .message_pack import pack
from .pump import Pump
from .serialization import Part, Parts, dumps

#: The pickle of ``((), {})``.
EMPTY_ARGUMENTS = dumps(((), {}))
#: The largest number that the packed headers hold.
U32 = 0xFFFFFFFF
ACK_KEY = b"\xa3ack\xce"


class Method:
    """What is the same in every call of a method with one value and no buffers.

    Such a header ends with two numbers of 32 bits: ``seq`` and ``ack``.
    """

    __slots__ = ("length", "name", "pack", "start")

    def __init__(self, name: str) -> None:
        self.name = name
        packed = pack(name)
        self.start = b"\x84\xa4kind\xa4call\xa6method" + packed + b"\xa3seq\xce"
        layout = struct.Struct(f">IQ{len(self.start)}sI5sI")
        #: header length, body length, start, seq, `ACK_KEY`, ack
        self.pack = layout.pack
        self.length = layout.size - PREFIX.size

    def head(self, body_length: int, seq: int, ack: int) -> bytes:
        """Prefix and header of a call."""
        if seq > U32:
            header = {"kind": "call", "method": self.name, "seq": seq, "ack": ack}
            return encode_head(header, body_length)
        return self.pack(self.length, body_length, self.start, seq, ACK_KEY, ack)


CALL_START = b"\x84\xa4kind\xa4call\xa6method"
#: Bytes from the number ``seq`` to the header's end.
CALL_TAIL = 13
unpack_call_tail = struct.Struct(">I5sI").unpack_from
unpack_u32 = struct.Struct(">I").unpack_from

RESULT_START = b"\x83\xa4kind\xa6result\xa2ok\xc3\xa3seq\xce"
_RESULT_LAYOUT = struct.Struct(f">IQ{len(RESULT_START)}sI")
RESULT_LENGTH = _RESULT_LAYOUT.size - PREFIX.size
_result_pack = _RESULT_LAYOUT.pack


def encode_result(seq: int, parts: bytes) -> bytes | list[Part]:
    """The frame of a call's one value without buffers; a large one is not copied into it."""
    size = len(parts)
    if seq > U32:
        head = encode_head({"kind": "result", "ok": True, "seq": seq}, size)
    else:
        head = _result_pack(RESULT_LENGTH, size, RESULT_START, seq)
    if size < APART:
        return head + parts
    frame: list[Part] = [head, parts]
    return frame


class Call(Entry):
    """A call from `.remote()` until its answer, and the place of its value where it has one.

    Attributes:
        seq: its number on the actor's present incarnation, 0 until it is sent there.
        arguments: the pickled (args, kwargs), or a list of them and their buffers.
        waiting: how many arguments are not there yet.
        retries: how often it may be sent to another incarnation; -1: always.
        parent: the call that made this one (see `running.parent`), None in a driver.
        cancellation: what its worker is told, where it was cancelled after it was sent.
    """

    __slots__ = (
        "actor",
        "arguments",
        "cancellation",
        "cancelled",
        "entries",
        "extra",
        "failed",
        "method",
        "parent",
        "retries",
        "seq",
        "task",
        "waiting",
    )

    def __init__(self, home: Pump, actor: Any, method: Method, arguments: Parts) -> None:
        self.done = self.ok = False
        self.parts = b""
        self.error = self.sleepers = self.callbacks = self.call = None
        self.recover = None
        self.home = home
        self.actor = actor
        self.method = method
        self.arguments = arguments
        self.entries: list[Entry] | None = None
        self.extra: dict[str, Any] | None = None
        self.seq = 0
        self.waiting = 0
        self.retries = 0
        self.cancelled = False
        self.cancellation: dict[str, Any] | None = None
        self.failed: tuple[bool, Parts, BaseException | None] | None = None
        self.task = b""
        self.parent: tuple[str, int] | None = None

    def task_id(self) -> bytes:
        """The 24 bytes that the identifiers of its values begin with."""
        if not self.task:
            from .object_ref import _numbers

            self.task = _numbers.take() + bytes.fromhex(self.actor.actor_id)
        return self.task

    def frame(self, ack: int) -> bytes | list[Part]:
        """The call as it is sent: one part, or several."""
        arguments = self.arguments
        if isinstance(arguments, list):
            lengths = [len(part) for part in arguments]
            header = {**self._header(ack), "buffers": lengths}
            stored = getattr(arguments, "stored", None)
            if stored is not None:
                header["stored"] = stored.location
            return [encode_head(header, sum(lengths)), *arguments]
        assert isinstance(arguments, bytes)
        if self.extra is not None:
            return encode_head(self._header(ack), len(arguments)) + arguments
        return self.method.head(len(arguments), self.seq, ack) + arguments

    def probe(self, ack: int) -> bytes:
        """The call without its arguments, for a worker that has seen it: only answer it."""
        return self.method.head(0, self.seq, ack)

    def _header(self, ack: int) -> dict[str, Any]:
        header = {"kind": "call", "method": self.method.name, "seq": self.seq, "ack": ack}
        if self.extra is not None:
            header.update(self.extra)
        return header

    def is_plain(self, more: bool) -> bool:
        """Whether its answer is taken in so that a signal may cut that off, and it is done again.

        Args:
            more: the answer is one value of a generator, and not the last one.
        """
        entries = self.entries
        return self.callbacks is None and (
            entries is None or all(entry.callbacks is None for entry in entries)
        )

    def all_entries(self) -> Sequence[Entry]:
        """The places of its values."""
        return (self,) if self.entries is None else self.entries

    def fail_all(self, error: BaseException) -> None:
        """All its values are ``error``. The lock is held."""
        self.arguments = b""
        for entry in self.all_entries():
            entry.fail(error)
        if self.entries is not None:
            self.fail(error)

    def fill_all(self, ok: bool, values: Sequence[Parts]) -> None:
        """Its values, or its one pickled exception. The lock is held."""
        self.arguments = b""
        if not ok:
            for entry in self.all_entries():
                entry.fill(False, values[0])
        else:
            for entry, parts in zip(self.all_entries(), values):
                entry.fill(True, parts)
        if self.entries is not None:
            self.fill(True, b"")

    def fill_partly(self, values: Sequence[Parts], failed: int) -> None:
        """The same where the last ``failed`` values are pickled exceptions. The lock is held."""
        self.arguments = b""
        entries = self.all_entries()
        for index, (entry, parts) in enumerate(zip(entries, values)):
            entry.fill(index < len(values) - failed, parts)
        if self.entries is not None:
            self.fill(True, b"")

    def take_item(self, index: int, ok: bool, values: Sequence[Parts]) -> None:
        """One value of a generator has arrived: not for this kind of call."""
        raise ProtocolError(f"Cannot take value {index} of {self.method.name}: it is no stream")


def make_entries(call: Call, count: int, pump: Pump) -> None:
    """Gives ``call`` places for ``count`` values instead of one."""
    call.extra = {**(call.extra or {}), "returns": count}
    call.entries = [Entry(pump) for _ in range(count)]
    for entry in call.entries:
        entry.call = call

"""The framing of every link: ``u32 header length, u64 body length``, a MessagePack map, raw bytes.

The decoder can be interrupted between any two of its steps (a signal's handler may raise) and goes
on where it was: what it knows is one tuple, replaced by a single store after a frame was handed
over. A frame whose handing over was interrupted is handed over again, so handlers must bear a
repetition. A handler may also run the decoder again from within; the outer run then finds its
tuple replaced and goes on from the newer one.
"""

from __future__ import annotations

import mmap
import struct
from typing import Any, Callable, NamedTuple, Optional, Union

from .header_bounds import MAX_DEPTH, check_bounds, suspicious
from .message_pack import pack, unpack

Header = dict[str, Any]
Body = Union[bytes, memoryview]
Handler = Callable[[Header, Body], None]

#: Takes a frame by the bytes of its header where it knows them: data, where the header begins,
#: where the body begins, where it ends. Returns whether it took it.
Fast = Callable[[bytes, int, int, int], bool]

PREFIX = struct.Struct(">IQ")
PREFIX_LENGTH = PREFIX.size

_unpack_prefix = PREFIX.unpack_from


class Limits(NamedTuple):
    """Upper bounds on what a peer may send, in bytes."""

    header: int
    body: int


#: On a link whose peer is known.
PEER_LIMITS = Limits(16 * 2**20, 64 * 2**30)

#: What a daemon takes of a header: it goes on inside of messages between machines. The daemon's own
#: bounds, `CLIENT_LIMITS`, are in ``lib/wire/frames.ts``.
_MOST_HEADER = PEER_LIMITS.header - 2**20
_DEEPEST_HEADER = MAX_DEPTH - 16

#: Bodies from here on are received where they stay instead of being gathered from reads.
LARGE = 64 * 1024
#: From here on in pages that cost nothing until they are filled: a length that lies is cheap.
_PAGED = 1024 * 1024


class ProtocolError(Exception):
    """The peer sent bytes that no beam sends."""


def pack_header(header: Header) -> bytes:
    """A header in MessagePack; fields that are None are left out."""
    if None in header.values():
        header = {name: value for name, value in header.items() if value is not None}
    return pack(header)


def encode_head(header: Header, body_length: int = 0) -> bytes:
    """A frame's first part: prefix and header. The body follows as it is."""
    packed = pack_header(header)
    return PREFIX.pack(len(packed), body_length) + packed


def encode_request(header: Header, body_length: int) -> bytes:
    """The same for a request to the daemon, which has values of users in it.

    Raises:
        ValueError: the daemon takes no such header, and why.
        OverflowError: a whole number has more than 64 bits.
    """
    packed = pack_header(header)
    if len(packed) > _MOST_HEADER:
        raise ValueError(f"it has {len(packed)} bytes, at most {_MOST_HEADER} can be sent")
    if suspicious(packed):
        check_bounds(packed, _DEEPEST_HEADER)
    return PREFIX.pack(len(packed), body_length) + packed


def decode_header(packed: bytes) -> Header:
    """The map in ``packed``.

    Raises:
        ProtocolError: where it is no MessagePack map with a text ``kind``, or breaks a rule of
            `header_bounds`.
    """
    try:
        if suspicious(packed):
            check_bounds(packed)
        header = unpack(packed)
    except Exception as error:  # the decoder's errors have no common class
        # Why exactly is told in the words of the other side, where it has some.
        raise ProtocolError(f"Cannot read a header: {_fault(packed, error)}") from None
    if type(header) is not dict or type(header.get("kind")) is not str:
        raise ProtocolError("Cannot read a header: it must be a map with a text field `kind`")
    return header


def _fault(packed: bytes, error: Exception) -> str:
    try:
        check_bounds(packed)
    except ValueError as fault:
        return str(fault)
    return f"it is not MessagePack ({error})"


class LargeBody:
    """A body under way; C code appends to ``counts`` together with the read that it counts."""

    __slots__ = ("_memory", "counts", "header", "length")

    def __init__(self, header: Header, length: int, start: bytes) -> None:
        self.header = header
        self.length = length
        self._memory: bytearray | mmap.mmap
        if length < _PAGED:
            self._memory = bytearray(length)
        else:
            try:
                flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                self._memory = mmap.mmap(-1, length, flags=flags)
            except (OSError, ValueError, OverflowError) as error:
                raise ProtocolError(f"Cannot take a body of {length} bytes: {error}") from None
        self._memory[: len(start)] = start
        self.counts = [len(start)]

    @property
    def filled(self) -> int:
        """Bytes received."""
        if len(self.counts) > 64:
            self.counts = [sum(self.counts)]
        return sum(self.counts)

    def room(self) -> memoryview:
        """Where the next bytes go."""
        return memoryview(self._memory)[self.filled :]

    def body(self) -> memoryview:
        """The whole, read-only: its readers share it."""
        return memoryview(self._memory).toreadonly()


# Data and how far it is consumed; the chunk that the data ends with while `inbox` still holds it,
# too; the large body under way. A plain tuple: it is made for every frame.
_State = tuple[bytes, int, Optional[bytes], Optional[LargeBody]]

_EMPTY: _State = (b"", 0, None, None)


class FrameDecoder:
    """Turns a stream of bytes into frames. After a :class:`ProtocolError` it is of no further use.

    Who reads from a socket puts bytes into ``inbox`` (only while it is empty), or into ``room()``
    where that is given, and calls :meth:`run`.
    """

    __slots__ = ("_fast", "_handler", "inbox", "limits", "state")

    def __init__(
        self, handler: Handler, limits: Limits = PEER_LIMITS, fast: Fast | None = None
    ) -> None:
        self.inbox: list[bytes] = []
        self.limits = limits
        self._handler = handler
        self._fast = fast
        self.state: _State = _EMPTY

    @property
    def idle(self) -> bool:
        """True between two frames: an end of the stream here cuts nothing off."""
        data, at, _, large = self.state
        return large is None and at == len(data) and not self.inbox

    @property
    def large(self) -> LargeBody | None:
        """The large body under way, if any."""
        return self.state[3]

    def feed(self, data: bytes) -> None:
        """Takes bytes that were read elsewhere."""
        while data:
            large = self.state[3]
            if large is None:
                self.inbox.append(data)
                self.run()
                return
            room = large.room()
            count = min(len(room), len(data))
            room[:count] = data[:count]
            large.counts.append(count)
            data = data[count:]
            self.run()

    def run(self) -> None:
        """Hands over every frame that is complete.

        Raises:
            ProtocolError: for lengths past the limits or a header that is none.
        """
        while True:
            state = self.state
            data, at, taken, large = state
            if taken is not None:
                del self.inbox[:]
                if self.state is state:
                    self.state = (data, at, None, large)
                continue
            if self.inbox and large is None:
                chunk = self.inbox[0]
                rest = data[at:]
                if self.state is state:
                    self.state = (rest + chunk if rest else chunk, 0, chunk, None)
                continue
            if large is not None:
                if large.filled < large.length:
                    return
                self._handler(large.header, large.body())
                if self.state is state:
                    self.state = _EMPTY
                continue
            end = self._small(data, at)
            if end == 0:
                return
            if end > 0 and self.state is state:
                self.state = (data, end, None, None)

    def _small(self, data: bytes, at: int) -> int:
        """Hands over the frame at ``at``.

        Returns:
            Where it ends; 0: it is not complete; -1: its body is received apart from here on.
        """
        available = len(data)
        start = at + PREFIX_LENGTH
        if available < start:
            return 0
        header_length, body_length = _unpack_prefix(data, at)
        limits = self.limits
        if header_length > limits[0]:
            raise ProtocolError(
                f"Cannot take a header of {header_length} bytes: at most {limits[0]} are allowed"
            )
        if body_length > limits[1]:
            raise ProtocolError(
                f"Cannot take a body of {body_length} bytes: at most {limits[1]} are allowed"
            )
        body_at = start + header_length
        end: int = body_at + body_length
        if end <= available:
            fast = self._fast
            if fast is None or not fast(data, start, body_at, end):
                self._handler(decode_header(data[start:body_at]), data[body_at:end])
            return end
        if body_length >= LARGE and body_at <= available:
            state = self.state
            if state[0] is data and state[1] == at:
                header = decode_header(data[start:body_at])
                large = LargeBody(header, body_length, data[body_at:])
                if self.state is state:
                    self.state = (b"", 0, None, large)
            return -1
        return 0

"""Runs inputs of the fuzzer through the Python package, and tells which branches were new.

A child of the fuzzer: reads `u32 length, u32 header limit, u8 how, stream` from stdin, answers with
one line of JSON: what came of the stream whole, what came of it in pieces, whether a line followed
another for the first time, how many lines were run and the most memory that was taken. `how` 0: one
piece.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, BinaryIO, NamedTuple

from ray._core import frames, header_bounds
from ray._core.frames import Body, FrameDecoder, Header, Limits, ProtocolError
from ray._core.message_pack import of_msgspec
from ray._core.packages import installed

_REQUEST = struct.Struct(">IIB")
_COUNTED = {module.__file__ for module in (frames, header_bounds)}


class Trace:
    """Which line of the counted files followed which, with the order of magnitude of how often."""

    def __init__(self) -> None:
        self.known: set[tuple[CodeType, int, int, int]] = set()
        self.counts: dict[tuple[CodeType, int, int], int] = {}
        self._last: dict[FrameType, int] = {}

    def start(self) -> None:
        self.counts.clear()
        self._last.clear()
        sys.settrace(self._enter)

    def stop(self) -> tuple[bool, int]:
        """Whether the run did something new, and how many lines it ran."""
        sys.settrace(None)
        seen = {(*edge, count.bit_length()) for edge, count in self.counts.items()}
        fresh = not seen <= self.known
        self.known |= seen
        return fresh, sum(self.counts.values())

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in _COUNTED else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            edge = (frame.f_code, self._last.get(frame, 0), frame.f_lineno)
            self.counts[edge] = self.counts.get(edge, 0) + 1
            self._last[frame] = frame.f_lineno
        elif event == "return":
            self._last.pop(frame, None)
        return self._line


def canonical(value: Any) -> str:
    """A value of a header, as `canonical.ts` writes it."""
    if value is None:
        return "N"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, (int, float)):
        number = math.nan if math.isnan(value) else float(value) + 0.0
        return "#" + struct.pack(">d", number).hex()
    if isinstance(value, str):
        return "s" + _text_hex(value)
    if isinstance(value, bytes):
        return "b" + value.hex()
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        fields = [f"{_text_hex(name)}={canonical(field)}" for name, field in value.items()]
        return "{" + ",".join(sorted(fields)) + "}"
    raise TypeError(f"a header holds a {type(value)}")


def _text_hex(text: str) -> str:
    # The decoder of long texts in JavaScript drops a leading byte order mark.
    return text.removeprefix("\ufeff").encode().hex()


class Outcome(NamedTuple):
    """What a decoder made of a stream."""

    frames: list[tuple[Header, Body]]
    refusal: str
    idle: bool

    def told(self) -> dict[str, Any]:
        """As text, with digests in place of long frames."""
        texts = [f"{canonical(header)} {bytes(body).hex()}" for header, body in self.frames]
        return {
            "frames": [
                text if len(text) < 4096 else hashlib.sha256(text.encode()).hexdigest()
                for text in texts
            ],
            "refusal": self.refusal,
            "idle": self.idle,
        }


def decode(pieces: list[bytes], limits: Limits) -> Outcome:
    """Feeds the pieces."""
    found: list[tuple[Header, Body]] = []

    def take(header: Header, body: Body) -> None:
        found.append((header, body))

    decoder = FrameDecoder(take, limits)
    refusal = ""
    try:
        for piece in pieces:
            decoder.feed(piece)
    except ProtocolError as error:
        refusal = str(error)
    return Outcome(found, refusal, not refusal and decoder.idle)


@contextmanager
def other_package() -> Iterator[None]:
    """Has headers read by msgspec, where it is there: it must not matter either."""
    msgspec, before = installed("msgspec.msgpack"), frames.unpack
    if msgspec:
        frames.unpack = of_msgspec(msgspec).unpack  # type: ignore[attr-defined]
    try:
        yield
    finally:
        frames.unpack = before  # type: ignore[attr-defined]


def pieces_of(how: int, stream: bytes) -> list[bytes]:
    """Cuts, other ones than the fuzzer's: they must not matter."""
    if how == 0:
        return [stream]
    size = 1 if how == 1 else 1 + how % 40
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def main(requests: BinaryIO) -> None:
    """Serves until the fuzzer ends."""
    trace = Trace()
    while len(head := requests.read(_REQUEST.size)) == _REQUEST.size:
        length, header_limit, how = _REQUEST.unpack(head)
        stream = requests.read(length)
        limits = Limits(header_limit, 0 if header_limit <= 4096 else 2**36)
        pieces = pieces_of(how, stream)
        answer: dict[str, Any] = {"error": "", "room": 0}
        try:
            trace.start()
            try:
                whole = decode([stream], limits)
            finally:
                answer["fresh"], answer["steps"] = trace.stop()
            # The packed forms are read by C code that is not traced: its memory is measured.
            if answer["fresh"]:
                tracemalloc.start()
                decode([stream], limits)
                answer["room"] = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
            answer["whole"] = whole.told()
            with other_package():
                answer["pieces"] = decode(pieces, limits).told()
        except Exception as found:
            answer["error"] = f"{type(found).__name__}: {found}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.stdin.buffer)

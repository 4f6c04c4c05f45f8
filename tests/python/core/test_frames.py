"""The frame decoder: any bytes, split anywhere, interrupted anywhere."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ray._core.frames import (
    LARGE,
    PREFIX,
    FrameDecoder,
    Limits,
    ProtocolError,
    encode_head,
)

Frames = list[tuple[dict[str, Any], bytes]]


def some_frames(random_: random.Random) -> Frames:
    """Frames with headers and bodies of all sizes around the bounds."""
    sizes = [0, 0, 1, 7, 100, 5000, LARGE - 1, LARGE, LARGE + 1, 300_000, 2**20 + 3]
    frames = []
    for number in range(random_.randint(1, 8)):
        header = {"kind": random_.choice(["call", "result", "x" * 300]), "n": number}
        frames.append((header, random_.randbytes(random_.choice(sizes))))
    return frames


def split(random_: random.Random, data: bytes) -> list[bytes]:
    """The data in pieces of all sizes."""
    pieces = []
    while data:
        size = random_.choice([1, 2, 11, 13, 100, 4096, 65536, len(data)])
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def encode(frames: Frames) -> bytes:
    return b"".join(encode_head(header, len(body)) + body for header, body in frames)


@pytest.mark.parametrize("seed", range(60))
def test_frames_come_out_as_they_went_in(seed: int) -> None:
    random_ = random.Random(seed)
    frames = some_frames(random_)
    got: Frames = []
    decoder = FrameDecoder(lambda header, body: got.append((header, bytes(body))))
    for piece in split(random_, encode(frames)):
        decoder.feed(piece)
    assert got == frames
    assert decoder.idle


@pytest.mark.parametrize("seed", range(60))
def test_an_interrupted_handler_gets_its_frame_again_and_no_other(seed: int) -> None:
    random_ = random.Random(seed)
    frames = some_frames(random_)
    got: Frames = []

    def handle(header: dict[str, Any], body: Any) -> None:
        if random_.random() < 0.5:
            raise KeyboardInterrupt
        got.append((header, bytes(body)))
        if random_.random() < 0.3:
            raise KeyboardInterrupt

    decoder = FrameDecoder(handle)
    for piece in split(random_, encode(frames)):
        left = piece
        while left:
            left = _put(decoder, left)
            while True:
                try:
                    decoder.run()
                    break
                except KeyboardInterrupt:
                    continue
    unique = [frame for at, frame in enumerate(got) if at == 0 or frame != got[at - 1]]
    assert unique == frames


def _put(decoder: FrameDecoder, data: bytes) -> bytes:
    """What a channel's read does with `data`, at most; the rest comes back."""
    if decoder.large is None:
        decoder.inbox.append(data)
        return b""
    room = decoder.large.room()
    count = min(len(room), len(data))
    room[:count] = data[:count]
    decoder.large.counts.append(count)
    return data[count:]


@pytest.mark.parametrize("seed", range(200))
def test_any_bytes_give_frames_or_a_protocol_error(seed: int) -> None:
    random_ = random.Random(seed)
    data = bytearray(encode(some_frames(random_)[:3]))
    for _ in range(random_.randint(1, 20)):
        at = random_.randrange(min(len(data), random_.choice([12, 64, len(data)])))
        data[at] = random_.randrange(256)
    decoder = FrameDecoder(lambda header, body: None, Limits(1 << 20, 1 << 22))
    try:
        for piece in split(random_, bytes(data)):
            decoder.feed(piece)
    except ProtocolError:
        pass


@pytest.mark.parametrize(("header", "body"), [(4097, 0), (10, 1), (2**32 - 1, 0), (1, 2**64 - 1)])
def test_lengths_are_checked_before_anything_is_allocated(header: int, body: int) -> None:
    decoder = FrameDecoder(lambda *_: None, Limits(4096, 0))
    with pytest.raises(ProtocolError, match="at most"):
        decoder.feed(PREFIX.pack(header, body))


def test_a_length_that_lies_costs_nothing() -> None:
    decoder = FrameDecoder(lambda *_: None)
    head = encode_head({"kind": "call"}, 8 * 2**30)
    decoder.feed(head + b"only this")
    assert decoder.large is not None
    assert decoder.large.filled == 9


@pytest.mark.parametrize(
    "packed", [b"\xc1", b"\x93\x01\x02\x03", b"\x81\xa4kind\x05", b"", b"\x80"]
)
def test_headers_must_be_maps_with_a_kind(packed: bytes) -> None:
    decoder = FrameDecoder(lambda *_: None)
    with pytest.raises(ProtocolError, match="Cannot read a header"):
        decoder.feed(PREFIX.pack(len(packed), 0) + packed)


def test_the_decoder_can_be_run_from_within_a_handler() -> None:
    got: list[int] = []
    decoder: FrameDecoder

    def handle(header: dict[str, Any], _body: Any) -> None:
        first = header["n"] not in got
        got.append(header["n"])
        if first and header["n"] == 0:
            decoder.run()

    decoder = FrameDecoder(handle)
    decoder.feed(encode([({"kind": "x", "n": n}, b"") for n in range(3)]))
    assert [n for at, n in enumerate(got) if n not in got[:at]] == [0, 1, 2]
    assert got.count(1) == 1
    assert got.count(2) == 1

"""MessagePack by each of the packages that may be there: the same bytes, the same values."""

from __future__ import annotations

import collections
import enum
import math
from typing import Any

import pytest
from ray._core.message_pack import MessagePack, of_msgpack, of_msgspec

MSGPACK = of_msgpack(pytest.importorskip("msgpack"))
MSGSPEC = of_msgspec(pytest.importorskip("msgspec.msgpack"))

each = pytest.mark.parametrize(
    "package", [pytest.param(MSGPACK, id="msgpack"), pytest.param(MSGSPEC, id="msgspec")]
)

Pair = collections.namedtuple("Pair", "a b")


class Text(str):
    """A text of a type of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Number(int):
    """A whole number of a type of its own."""


class Real(float):
    """A number of a type of its own, as numpy's are."""


class Raw(bytes):
    """Bytes of a type of their own."""


class Level(enum.IntEnum):
    """A number with a name."""

    HIGH = 3


BORDERS = [2**bits + off for bits in (0, 5, 7, 8, 15, 16, 31, 32, 53) for off in (-1, 0)]
#: Each with what it is after the way.
VALUES: list[tuple[Any, Any]] = [
    *((value, value) for value in (None, True, False, 0.1, -math.inf, -(2**63), 2**64 - 1)),
    *((sign * border, sign * border) for border in BORDERS for sign in (1, -1)),
    *(("x" * size, "x" * size) for size in (0, 31, 32, 255, 256, 70_000)),
    ("é€😀\x00", "é€😀\x00"),
    *((b"x" * size, b"x" * size) for size in (0, 255, 256, 70_000)),
    *(([0] * size, [0] * size) for size in (0, 15, 16, 70_000)),
    *(2 * ({str(at): at for at in range(size)},) for size in (0, 15, 16, 70_000)),
    (bytearray(b"x"), b"x"),
    (memoryview(b"abc")[1:], b"bc"),
    ((1, (2,), [3]), [1, [2], [3]]),
    (Pair(1, "b"), [1, "b"]),
    (Text("text"), "text"),
    (Number(5), 5),
    (Real(1.5), 1.5),
    (Raw(b"raw"), b"raw"),
    (Level.HIGH, 3),
    (collections.OrderedDict(z=1, a={"in": [{"it": b"x"}]}), {"z": 1, "a": {"in": [{"it": b"x"}]}}),
]


@each
def test_what_is_packed_is_the_same_bytes_and_comes_back(package: MessagePack) -> None:
    for value, after in VALUES:
        packed = package.pack(value)
        assert packed == MSGPACK.pack(value), repr(value)[:80]
        assert package.unpack(packed) == after
        assert package.unpack(memoryview(packed)) == after


@each
def test_values_that_have_no_form_raise_or_are_stood_in_for(package: MessagePack) -> None:
    for value in (object(), 1j, range(3)):
        with pytest.raises(TypeError):
            package.pack({"key": value})
        assert package.unpack(package.pack([value], default=repr)) == [repr(value)]
    with pytest.raises(OverflowError):
        package.pack(2**64)
    with pytest.raises(UnicodeEncodeError):
        package.pack("\ud800")


@each
@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xc1",
        b"\x81\xa1k",
        b"\x81\xa1k\x01\x01",
        b"\x81\xa1k\xa1\xff",
        b"\x81\xa1k\xdd\xff\xff\xff\xff",
        b"\x81\x01\x02",
        b"\x81\xa1k\x81\x01\x02",
        b"\x81\xa1k\x91\x81\x91\xc0\x02",
    ],
    ids=repr,
)
def test_bytes_that_are_no_value_with_text_keys_raise(package: MessagePack, packed: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - the decoders' errors have no common class
        package.unpack(packed)

"""Looks over packed bytes before they are decoded, by the rules of `lib/wire/header_bounds.ts`.

A walk over every byte in Python would cost more than the decoding. Most headers cannot break a
rule: they have none of the bytes that a large number, an extension, a long list or deep nesting
needs. Only those that have them, anywhere, are walked.
"""

from __future__ import annotations

#: How deep maps and lists may be nested.
MAX_DEPTH = 64
#: Shorter ones are not walked for their lists and maps: what they announce costs little.
_FEW = 16

_PROTO = b"__proto__"
_CONTAINERS = bytes([*range(0x80, 0xA0), 0xDC, 0xDE])
#: Types that are refused, or whose value must be looked at: bytes may stand where a key should.
_TELLING = bytes([*range(0xC1, 0xC2), *range(0xC4, 0xCA), 0xCF, *range(0xD3, 0xD9), 0xDD, 0xDF])
_ALL = bytes(range(256))
_NOT_CONTAINERS = _ALL.translate(None, _CONTAINERS)
_NOT_TELLING = _ALL.translate(None, _TELLING)

_MOST = 2**53 - 1
#: Bytes behind a type byte; negative: of a number that gives the length of what follows.
_SKIPS = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xC4: -1,
    0xC5: -2,
    0xC6: -4,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_ITEMS = {0xDC: (2, False), 0xDD: (4, False), 0xDE: (2, True), 0xDF: (4, True)}


def suspicious(packed: bytes) -> bool:
    """True where `check_bounds` could find something that the decoder takes."""
    return (
        len(packed.translate(None, _NOT_CONTAINERS)) > _FEW
        or bool(packed.translate(None, _NOT_TELLING))
        or _PROTO in packed
    )


def check_bounds(packed: bytes, depth: int = MAX_DEPTH) -> None:
    """Checks that `packed` is one MessagePack value within the rules.

    Args:
        depth: how deep its maps and lists may be nested.

    Raises:
        ValueError: where it is not, with the words of the TypeScript side.
    """
    length = len(packed)
    # Items still to come, per open list or map, and which are maps; the value itself comes first.
    items = [1]
    maps = [False]
    pending = 1
    at = 0
    while pending:
        while not items[-1]:
            items.pop()
            maps.pop()
        is_key = maps[-1] and items[-1] % 2 == 0
        items[-1] -= 1
        pending -= 1
        if at >= length:
            raise ValueError("it is cut off")
        kind = packed[at]
        at += 1
        is_text = 0xA0 <= kind < 0xC0 or 0xD9 <= kind < 0xDC
        if is_key and not is_text:
            raise ValueError("it has a key that is no text")
        if kind < 0x80 or kind >= 0xE0:
            continue
        if is_text:
            size = kind & 0x1F
            if kind >= 0xC0:
                size, at = _number(packed, at, _TEXTS[kind])
            end = _end(packed, at, size)
            _check_text(packed[at:end], is_key)
            at = end
        elif kind < 0xA0 or kind in _ITEMS:
            if kind < 0xA0:
                count, is_map = kind & 0x0F, kind < 0x90
            else:
                width, is_map = _ITEMS[kind]
                count, at = _number(packed, at, width)
            count *= 1 + is_map
            pending += count
            if pending > length - at:
                raise ValueError("it announces more items than it has bytes")
            if count:
                items.append(count)
                maps.append(is_map)
                if len(items) > depth:
                    raise ValueError(f"it is nested deeper than {depth}")
        elif kind in (0xCF, 0xD3):
            end = _end(packed, at, 8)
            if abs(int.from_bytes(packed[at:end], "big", signed=kind == 0xD3)) > _MOST:
                raise ValueError("it has a whole number beyond 2^53")
            at = end
        else:
            skip = _SKIPS.get(kind)
            if skip is None:
                raise ValueError("it is not MessagePack" if kind == 0xC1 else "it has an extension")
            if skip < 0:
                skip, at = _number(packed, at, -skip)
            at = _end(packed, at, skip)
    if at != length:
        raise ValueError("bytes follow its end")


def _end(packed: bytes, at: int, size: int) -> int:
    if size > len(packed) - at:
        raise ValueError("it is cut off")
    return at + size


def _number(packed: bytes, at: int, width: int) -> tuple[int, int]:
    end = _end(packed, at, width)
    return int.from_bytes(packed[at:end], "big"), end


def _check_text(text: bytes, is_key: bool) -> None:
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            raise ValueError("it has a text that is not UTF-8") from None
    if is_key and text == _PROTO:
        raise ValueError("it has a key __proto__")

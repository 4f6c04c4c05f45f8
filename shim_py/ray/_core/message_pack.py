"""MessagePack, by what this interpreter has of it.

A compiled package comes first: msgpack's own extension, or msgspec, which vLLM installs. The plain
Python that beam carries is for interpreters that have neither. For the values that beam packs all
three write the same bytes, and take the same bytes.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from .packages import first_of, installed

#: Stands in for a value that MessagePack has no form for.
Default = Callable[[Any], Any]


class MessagePack(NamedTuple):
    """One package's two functions.

    ``pack`` takes a value, and what stands in for values of types that MessagePack has not; without
    the latter it raises TypeError for such. It raises UnicodeEncodeError for texts that are no
    UTF-8, and OverflowError for whole numbers of more than 64 bits. ``unpack`` takes the bytes of
    one value, and raises what it likes where they are none, or have a key that is no text.
    """

    pack: Callable[..., bytes]
    unpack: Callable[[Any], Any]


def of_msgpack(msgpack: Any) -> MessagePack:
    """By msgpack, compiled or not."""
    packb, unpackb = msgpack.packb, msgpack.unpackb

    def pack(value: Any, default: Optional[Default] = None) -> bytes:
        packed: bytes = packb(value, default=default, use_bin_type=True)
        return packed

    def unpack(packed: Any) -> Any:
        return unpackb(packed, raw=False, strict_map_key=True)

    return MessagePack(pack, unpack)


def of_msgspec(msgspec: Any) -> MessagePack:
    """By the module of msgspec that is for MessagePack."""
    encode, encode_with = msgspec.Encoder(enc_hook=_plain).encode, msgspec.encode
    decode = msgspec.Decoder().decode

    def pack(value: Any, default: Optional[Default] = None) -> bytes:
        packed: bytes = encode(value) if default is None else encode_with(value, enc_hook=default)
        return packed

    def unpack(packed: Any) -> Any:
        value = decode(packed)
        _check_keys(value)
        return value

    return MessagePack(pack, unpack)


def _plain(value: Any) -> Any:
    """Of a subclass, as numpy's floats are: msgspec takes the types themselves only."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, bytes):
        return bytes.__getitem__(value, slice(None))
    raise TypeError(f"Cannot pack a value of type {type(value).__name__}")


def _check_keys(value: Any) -> None:
    kind = type(value)
    if kind is dict:
        for key, one in value.items():
            if type(key) is not str:
                raise ValueError("it has a key that is no text")
            if type(one) is dict or type(one) is list:
                _check_keys(one)
    elif kind is list:
        for one in value:
            if type(one) is dict or type(one) is list:
                _check_keys(one)


def _best() -> MessagePack:
    if installed("msgpack._cmsgpack"):
        return of_msgpack(installed("msgpack"))
    msgspec = installed("msgspec.msgpack")
    if msgspec:
        return of_msgspec(msgspec)
    return of_msgpack(first_of("ray._vendor.msgpack", "msgpack"))


pack, unpack = _best()
